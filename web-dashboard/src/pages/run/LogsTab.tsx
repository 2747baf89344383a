// What the tasks of a run logged, in the order of time, by level and words.

import { useMemo } from '../../state/hooks';
import { path } from '../../api/client';
import { useResource } from '../../api/resource';
import type { Logs, RunDetail } from '../../api/types';
import { setQuery } from '../../app/router';
import { queryParam } from '../../state/query';
import { openTask } from '../../state/task';
import { bothTimes, clock, count } from '../../ui/format';
import { Empty, Loading, Problem } from '../../ui/Notice';
import { Choice, Search } from '../../ui/Search';
import { line, plain } from '../../ui/text';
import { filterLines, flatten } from './logs';

const LIMIT = 2000;
const words = queryParam('q');
const level = queryParam('level');

export function LogsTab({ run }: { run: RunDetail }) {
  const known = useResource<Logs>(`${path('/runs', run.id)}/logs`, { query: { limit: LIMIT }, every: run.state === 'running' ? 2000 : null, anew: `${run.state} ${run.counts.failed}` });
  const lines = useMemo(() => (known.data ? flatten(known.data) : []), [known.data]);
  const shown = useMemo(() => filterLines(lines, level.value ?? 'debug', words.value ?? ''), [lines, level.value, words.value]);
  if (!known.data) return known.error ? <Problem error={known.error} retry={known.reload} /> : <Loading what="Logs" />;
  return (
    <section class="card flush" aria-label="Logs">
      <div class="filters in-card">
        <Search label="Text" placeholder="Text or task…" value={words.value ?? ''} onChange={(text) => setQuery({ q: text })} />
        <Choice label="Level" value={level.value ?? 'debug'} onChange={(text) => setQuery({ level: text === 'debug' ? null : text })} options={[['debug', 'all'], ['info', 'info and worse'], ['warn', 'warnings and errors'], ['error', 'errors']]} />
        <span class="quiet" aria-live="polite">
          {count(shown.length)}{shown.length < lines.length ? ` of ${count(lines.length)}` : ''} lines{known.data.truncated ? `; only the first ${count(lines.length)} are shown here, open a task for its own` : ''}
        </span>
      </div>
      {shown.length === 0 ? <Empty title={lines.length === 0 ? 'Nothing was logged' : 'No line fits'} /> : (
        <div class="log" tabIndex={0} role="log" aria-live="off" aria-label="Lines">
          {shown.map((one) => (
            <div key={one.id} class={`log-line ${one.level}`}>
              <time dateTime={one.at} title={bothTimes(one.at)}>{clock(one.at)}</time>
              <span class="level">{line(one.level, 6)}</span>
              <button type="button" class="link" onClick={() => openTask(one.key)} title={line(`${one.key}, attempt ${one.attempt}`, 300)}>{line(one.key, 32)}</button>
              <span class="message" title={plain(one.message)}>{line(one.message, 1000)}</span>
            </div>
          ))}
        </div>
      )}
    </section>
  );
}
