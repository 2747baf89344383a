// What happened in the selected range of time, by function. Quantiles are exact, of the time inside the guest.

import type { FunctionInWindow, Window } from '../data/queries';
import { count, duration, percent } from '../ui/format';
import { HueMark } from '../ui/Hue';
import { DataTable, type Column } from '../ui/Table';
import { line } from '../ui/text';
import type { Control } from './control';

export function RangePanel({ control, sums, range }: { control: Control; sums: Window; range: readonly [number, number] }) {
  const { scene } = control;
  const width = range[1] - range[0];
  const capacity = width * Math.max(1, scene.store.lanes.length);
  const columns: Column<FunctionInWindow>[] = [
    { id: 'name', head: 'Function', grow: true, cell: (row) => <><HueMark hue={scene.hues[row.function]} /> {line(scene.store.functions[row.function] ?? '?', 60)}</> },
    { id: 'count', head: 'Attempts', end: true, cell: (row) => count(row.count), sort: (row) => row.count },
    { id: 'failed', head: 'Failed', end: true, cell: (row) => <span class={row.failed ? 'bad' : ''}>{count(row.failed)}</span>, sort: (row) => row.failed },
    { id: 'share', head: 'Share of slots', end: true, cell: (row) => percent(row.busyUs, capacity), sort: (row) => row.busyUs },
    { id: 'p50', head: 'p50', end: true, cell: (row) => duration(row.p50), sort: (row) => row.p50 },
    { id: 'p95', head: 'p95', end: true, cell: (row) => duration(row.p95), sort: (row) => row.p95 },
    { id: 'max', head: 'Longest', end: true, cell: (row) => duration(row.max), sort: (row) => row.max },
  ];
  return (
    <section class="tl-range" aria-label="Selected range">
      <header>
        <b>{duration(width)}</b>
        <span>{count(sums.count)} attempts</span>
        <span>{percent(sums.busyUs, capacity)} busy</span>
        {sums.failed > sums.retried && <span class="bad">{count(sums.failed - sums.retried)} failed</span>}
        {sums.retried > 0 && <span class="tl-state warn">{count(sums.retried)} tried again</span>}
        <span class="tl-space" />
        <button type="button" class="button small" onClick={() => control.show(range[0], range[1])}>Zoom to it</button>
        <button type="button" class="button small" onClick={() => control.setRange(null)}>Clear</button>
      </header>
      <DataTable label="Functions in the range" rows={[...sums.functions]} columns={columns} rowKey={(row) => row.function} />
    </section>
  );
}
