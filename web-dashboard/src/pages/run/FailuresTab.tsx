// Failures of a run in groups: what failed how, how often, one example, and what can be done about it.

import { get, path, send } from '../../api/client';
import { useResource } from '../../api/resource';
import type { FailureGroup, Page, RunDetail, Task } from '../../api/types';
import { tellError, toast } from '../../app/toasts';
import { selection } from '../../state/selection';
import { setQuery } from '../../app/router';
import { openTask } from '../../state/task';
import { bothTimes, clock, count, plural } from '../../ui/format';
import { Icon } from '../../ui/Icon';
import { Empty, Loading, Problem } from '../../ui/Notice';
import { StateGlyph } from '../../ui/State';
import { line } from '../../ui/text';
import { FailureBox } from '../task/FailureBox';

export function FailuresTab({ run, onChange }: { run: RunDetail; onChange: () => void }) {
  const known = useResource<{ groups: FailureGroup[]; total: number }>(`${path('/runs', run.id)}/failures`, { every: run.state === 'running' ? 2000 : null, anew: `${run.state} ${run.counts.failed}` });
  if (!known.data) return known.error ? <Problem error={known.error} retry={known.reload} /> : <Loading what="Failures" />;
  const { groups, total } = known.data;
  if (groups.length === 0) return <Empty title="Nothing failed" />;
  const shown = groups.reduce((sum, group) => sum + group.count, 0);
  const done = () => { known.reload(); onChange(); };
  return (
    <div class="groups">
      <p class="quiet">{plural(total, 'task')} failed, in {plural(groups.length, 'group')}{shown < total ? ` (${count(shown)} in these)` : ''}. Messages that differ only in numbers are one group.</p>
      {groups.map((group) => <Group key={`${group.call} ${group.kind} ${group.message}`} run={run} group={group} groups={groups} onChange={done} />)}
    </div>
  );
}

/** The keys of all tasks of a group, which itself has the first hundred: all that failed of its function, but those of other groups. */
async function keysOf(run: string, group: FailureGroup, others: FailureGroup[]): Promise<string[]> {
  const keys: string[] = [];
  const not = new Set(others.flatMap((one) => one.keys));
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page: Page<Task> = await get(`${path('/runs', run)}/tasks`, { state: 'failed', call: group.call, cursor, limit: 10_000 });
    for (const { key } of page.items) if (!not.has(key)) keys.push(key);
    cursor = page.next;
  }
  return keys;
}

function Group({ run, group, groups, onChange }: { run: RunDetail; group: FailureGroup; groups: FailureGroup[]; onChange: () => void }) {
  const others = groups.filter((one) => one.call === group.call && one !== group);
  // Of two groups of a function with more than a hundred tasks each nobody here knows which task is whose.
  const all = others.every((one) => one.count <= one.keys.length);
  const retry = async () => {
    try {
      const keys = all ? await keysOf(run.id, group, others) : group.keys;
      const { retried: again } = await send<{ retried: number }>('POST', `${path('/runs', run.id)}/retry`, { keys });
      toast({ text: `${plural(again, 'task')} again`, tone: 'good' });
      onChange();
    } catch (error) {
      tellError(error);
    }
  };
  const show = () => {
    selection.function.value = group.call;
    setQuery({ tab: 'tasks', state: 'failed', tasks: null }, { push: true });
  };
  return (
    <article class="card group">
      <header class="group-head">
        <StateGlyph state="failed" />
        <div class="group-what">
          <h2>{line(group.message, 300)}</h2>
          <p class="quiet">
            <code>{line(group.call, 80)}</code> · {line(group.kind)} · {group.count === 1
              ? <span title={bothTimes(group.first_at)}>at {clock(group.first_at)}</span>
              : <><span title={bothTimes(group.first_at)}>first {clock(group.first_at)}</span>, <span title={bothTimes(group.last_at)}>last {clock(group.last_at)}</span></>}
          </p>
        </div>
        <b class="group-count" title={plural(group.count, 'task')}>{count(group.count)}×</b>
      </header>
      <details>
        <summary>Example: {line(group.example.key, 80)}</summary>
        <FailureBox failure={group.example} />
      </details>
      <footer class="group-keys">
        <span class="keys">
          {group.keys.slice(0, 8).map((key) => <button key={key} type="button" class="tag" onClick={() => openTask(key)}>{line(key, 40)}</button>)}
          {group.count > 8 && <span class="quiet">and {count(group.count - 8)} more</span>}
        </span>
        <span class="actions">
          <button type="button" class="button small" onClick={show}>Show tasks</button>
          <button type="button" class="button small" onClick={() => void retry()}>
            <Icon name="retry" />Retry {all ? 'these' : 'the first'} {count(all ? group.count : group.keys.length)}
          </button>
        </span>
      </footer>
    </article>
  );
}
