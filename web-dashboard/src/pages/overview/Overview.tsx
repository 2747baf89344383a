// What goes on: figures of the moment, the live stream of all runs, progress by function, the newest runs, and when runs were how long.

import { useResource } from '../../api/resource';
import type { Page, Run } from '../../api/types';
import { shownTick } from '../../app/live';
import { useFeed } from '../../app/useFeed';
import { count, rate } from '../../ui/format';
import { huesOf } from '../../ui/Hue';
import { Loading, Problem, Section } from '../../ui/Notice';
import { Timeline } from '../../timeline/Timeline';
import { FunctionProgress } from './FunctionProgress';
import { FirstSteps } from './FirstSteps';
import { RecentRuns } from './RecentRuns';
import { RunScatter } from './RunScatter';

const POLL_MS = 2000;

export function Overview() {
  const feed = useFeed(null);
  const tick = shownTick(feed);
  const runs = useResource<Page<Run>>('/runs', { query: { limit: 200 }, every: tick ? 10_000 : POLL_MS });

  if (!runs.data) return runs.error ? <Problem error={runs.error} retry={runs.reload} /> : <Loading what="Runs" />;
  const newest = tick?.runs ?? runs.data.items.slice(0, 20);
  const nothingYet = newest.length === 0 && runs.data.total === 0;

  const server = tick?.server;
  const failed = tick?.counts['failed'] ?? 0;

  return (
    <div class="page">
      <h1 class="unseen">Overview</h1>
      <div class="figures">
        <Figure name="running" value={count(tick?.counts['running'])} tone="busy" />
        <Figure name="queued" value={count(server?.queued)} />
        <Figure name="failed" value={count(tick?.counts['failed'])} tone={failed > 0 ? 'bad' : ''} />
        <Figure name="slots busy" value={server ? `${count(server.busy)} / ${count(server.slots)}` : '–'} />
        <Figure name="tasks per s" value={rate(server?.tasks_per_s)} />
      </div>
      {nothingYet ? <FirstSteps /> : (
        <>
          {feed && <Section title="Task stream" class="stream"><Timeline feed={feed} scope="all" /></Section>}
          <div class="columns">
            <Section title="Runs" actions={<a href="/runs">all {count(runs.data.total)}</a>}><RecentRuns runs={newest.slice(0, 8)} /></Section>
            {tick && tick.functions.length > 0 && <Section title="Functions"><FunctionProgress functions={tick.functions} most={12} hues={huesOf(feed)} /></Section>}
          </div>
          <Section title="When runs began, and how long they were"><RunScatter runs={runs.data.items} total={runs.data.total} /></Section>
        </>
      )}
    </div>
  );
}

function Figure({ name, value, tone = '' }: { name: string; value: string; tone?: string }) {
  return <div class={`figure ${tone}`}><span class="figure-value">{value}</span><span class="figure-name">{name}</span></div>;
}
