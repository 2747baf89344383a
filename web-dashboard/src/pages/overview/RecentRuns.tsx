// The newest runs, each with its bar.

import type { Run } from '../../api/types';
import { runPath } from '../../app/router';
import { ago, between, bothTimes, count, duration } from '../../ui/format';
import { Progress } from '../../ui/Progress';
import { StateGlyph } from '../../ui/State';
import { line } from '../../ui/text';
import { useNow } from '../../ui/useNow';

export function RecentRuns({ runs }: { runs: readonly Run[] }) {
  const now = useNow(1000);
  return (
    <ul class="run-list">
      {runs.map((run) => {
        const took = run.finished_at ? between(run.created_at, run.finished_at) : (now - Date.parse(run.created_at)) * 1000;
        return (
          <li key={run.id}>
            <a href={runPath(run.id)} class="run-line">
              <StateGlyph state={run.state} />
              <span class="run-name">{line(run.name ?? run.id, 80)}<span class="unseen">, {run.state}</span></span>
              <span class="run-took">{duration(took)}</span>
              <Progress counts={run.counts} label={run.name ?? run.id} />
              <span class="run-note">
                {count(run.counts.total ?? 0)} tasks{(run.counts.failed ?? 0) > 0 && <b class="bad"> · {count(run.counts.failed)} failed</b>}
              </span>
              <span class="run-note" title={bothTimes(run.created_at)}>{ago(run.created_at, now)}</span>
            </a>
          </li>
        );
      })}
    </ul>
  );
}
