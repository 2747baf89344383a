// A run: its header, the tabs over one shared selection, and the drawer of the selected task.

import type { ComponentChildren } from 'preact';
import { useEffect, useMemo } from '../../state/hooks';
import { bindKeys } from '../../app/keys';
import { navigate, runPath, search, setQuery } from '../../app/router';
import { badge, title } from '../../app/title';
import { announce } from '../../app/toasts';
import { useFeed } from '../../app/useFeed';
import { FlameView } from '../../flame/FlameView';
import { GraphView } from '../../graph/GraphView';
import { queryParam } from '../../state/query';
import { selectedKey } from '../../state/task';
import { selection } from '../../state/selection';
import { count } from '../../ui/format';
import { Loading, Problem } from '../../ui/Notice';
import { type Tab, Tabs } from '../../ui/Tabs';
import { Timeline } from '../../timeline/Timeline';
import { TaskDrawer } from '../task/TaskDrawer';
import { FailuresTab } from './FailuresTab';
import { LogsTab } from './LogsTab';
import { RunHeader } from './RunHeader';
import { Summary } from './Summary';
import { TasksTab } from './TasksTab';
import { useRun } from './useRun';

const tab = queryParam('tab');

export function RunPage({ id }: { id: string }) {
  const feed = useFeed(id);
  const { run, error, reload } = useRun(id, feed);
  const state = run?.state ?? null;
  const failed = run?.counts.failed ?? 0;
  const name = run?.name ?? id;

  useEffect(() => {
    title.value = state === null ? `run ${id}` : `${state}${failed > 0 ? ` ${failed}` : ''} - ${name}`;
    badge.value = state ?? 'none';
  }, [state, failed, name]);
  useEffect(() => {
    if (state !== null && state !== 'running') announce(`${name}: ${state}`);
  }, [state]);

  const full = run?.id ?? id;
  useEffect(() => {
    // `last` and prefixes mean another run tomorrow; the address that is kept and copied does not.
    if (full !== id) navigate(runPath(full) + search.peek(), { replace: true });
  }, [full]);

  const tabs: Tab[] = [
    { id: 'timeline', label: 'Timeline' },
    { id: 'graph', label: 'Graph' },
    { id: 'tasks', label: <>Tasks <small>{count(run?.counts.total ?? 0)}</small></> },
    { id: 'failures', label: <>Failures {failed > 0 ? <small class="bad">{count(failed)}</small> : <small>0</small>}</> },
    { id: 'logs', label: 'Logs' },
  ];
  if (run?.profile) tabs.push({ id: 'profile', label: 'Profile' });
  const current = tabs.find((one) => one.id === tab.value)?.id ?? 'timeline';
  const show = (next: string) => setQuery({ tab: next === 'timeline' ? null : next });
  useEffect(() => bindKeys(Object.fromEntries(tabs.map((one, index) => [String(index + 1), () => show(one.id)]))), [tabs.length]);

  if (!run) return error ? <div class="page"><Problem error={error} retry={reload} /></div> : <Loading what="Run" />;
  const isOpen = selectedKey.value !== null || selection.task.value !== null;
  return (
    <div class={`page run-page ${isOpen ? 'with-drawer' : ''}`}>
      <RunHeader run={run} onChange={reload} />
      <Tabs tabs={tabs} current={current} onSelect={show} label="Views of the run">
        {current === 'timeline' && (
          <>
            {feed && <div class="card canvas-card"><Timeline feed={feed} scope="run" /></div>}
            <Summary run={run} feed={feed} />
          </>
        )}
        {current === 'graph' && feed && <div class="card canvas-card"><GraphView feed={feed} /></div>}
        <Steady of={[current, run.id, run.state, run.counts.total ?? 0, failed, run.functions.length]}>
          {() => current === 'tasks' ? <TasksTab run={run} />
            : current === 'failures' ? <FailuresTab run={run} onChange={reload} />
            : current === 'logs' ? <LogsTab run={run} /> : null}
        </Steady>
        {current === 'profile' && <div class="card canvas-card"><FlameView run={run.id} /></div>}
      </Tabs>
      <Steady of={[isOpen, run.id, run.state]}>{() => isOpen && <TaskDrawer run={run} onChange={reload} />}</Steady>
    </div>
  );
}

/** Drawn anew only when one of these changed, not with every tick of the feed. */
function Steady({ of, children }: { of: unknown[]; children: () => ComponentChildren }) {
  return useMemo(() => <>{children()}</>, of);
}
