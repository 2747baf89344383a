// All tasks of a run: filtered and paged by the server, sorted among what is loaded.

import { usePages } from '../../api/pages';
import { path } from '../../api/client';
import { TASK_STATES, type RunDetail, type Task } from '../../api/types';
import { setQuery } from '../../app/router';
import { queryParam } from '../../state/query';
import { selection } from '../../state/selection';
import { openTask, selectedKey } from '../../state/task';
import { bothTimes, bytes, clock, count, duration } from '../../ui/format';
import { Empty, Loading, Problem } from '../../ui/Notice';
import { Choice, Search } from '../../ui/Search';
import { StateChip } from '../../ui/State';
import { type Column, DataTable } from '../../ui/Table';
import { line } from '../../ui/text';

const state = queryParam('state');
const key = queryParam('tasks');

const COLUMNS: Column<Task>[] = [
  {
    id: 'key', head: 'Key', grow: true, sort: (task) => task.key,
    cell: (task) => <button type="button" class="link" onClick={() => openTask(task.key, task.index)}>{line(task.key, 120)}</button>,
  },
  { id: 'state', head: 'State', cell: (task) => <StateChip state={task.state} label={task.cached ? `${task.state}, known` : task.state} />, sort: (task) => task.state },
  { id: 'call', head: 'Function', cell: (task) => line(task.call, 60), sort: (task) => task.call },
  { id: 'attempt', head: 'Attempt', end: true, cell: (task) => count(task.attempt), sort: (task) => task.attempt },
  { id: 'slot', head: 'Slot', end: true, cell: (task) => (task.worker === null ? '–' : `${task.worker}/${task.slot ?? '?'}`), sort: (task) => (task.worker === null ? null : task.worker * 10_000 + (task.slot ?? 0)) },
  { id: 'started', head: 'Began', end: true, cell: (task) => <span title={task.started_at ? bothTimes(task.started_at) : ''}>{clock(task.started_at)}</span>, sort: (task) => task.started_at },
  { id: 'queue', head: 'Queued', end: true, cell: (task) => duration(task.queue_us), sort: (task) => task.queue_us },
  { id: 'run', head: 'Ran', end: true, cell: (task) => duration(task.run_us), sort: (task) => task.run_us },
  { id: 'memory', head: 'Memory', end: true, cell: (task) => bytes(task.peak_memory), sort: (task) => task.peak_memory },
];

export function TasksTab({ run }: { run: RunDetail }) {
  const call = selection.function.value;
  const pages = usePages<Task>(`${path('/runs', run.id)}/tasks`, { state: state.value, call, search: key.value }, { size: 200, every: run.state === 'running' ? 1500 : null, anew: `${run.state} ${run.counts.failed}` });
  const filtered = state.value !== null || key.value !== null || call !== null;
  const functions = run.functions.map((one) => [one.call, line(one.call, 60)] as const);
  return (
    <section class="card flush" aria-label="Tasks">
      <div class="filters in-card">
        <Search label="Key" placeholder="Part of a key" value={key.value ?? ''} onChange={(text) => setQuery({ tasks: text })} />
        <Choice label="State" value={state.value ?? ''} onChange={(text) => setQuery({ state: text })} options={[['', 'all'], ...TASK_STATES.map((one) => [one, one] as const)]} />
        <Choice label="Function" value={call ?? ''} onChange={(text) => (selection.function.value = text || null)} options={[['', 'all'], ...functions]} />
        <span class="quiet" aria-live="polite">{pages.total === null ? '' : `${count(pages.total)} ${filtered ? `of ${count(run.counts.total ?? 0)} tasks` : 'tasks'}`}</span>
      </div>
      {pages.error && <Problem error={pages.error} retry={pages.reload} />}
      {pages.loading && pages.items.length === 0 ? <Loading what="Tasks" /> : pages.items.length === 0 ? !pages.error && (
        <Empty title={filtered ? 'No task fits' : 'No tasks'}>
          {filtered && <button type="button" class="button" onClick={() => { selection.function.value = null; setQuery({ state: null, tasks: null, fn: null }); }}>Show all</button>}
        </Empty>
      ) : (
        <>
          <DataTable
            label="Tasks of the run" rows={pages.items} columns={COLUMNS} rowKey={(task) => task.key} selected={selectedKey.value}
            {...(pages.total !== null ? { total: pages.total } : {})} onEnd={pages.more ?? undefined}
          />
          {pages.total !== null && pages.items.length < pages.total && (
            <p class="table-note">{count(pages.items.length)} of {count(pages.total)} loaded, more when scrolled; sorting is among these.</p>
          )}
        </>
      )}
    </section>
  );
}
