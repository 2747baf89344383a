// The same window as rows: what the canvas shows, for reading, sorting and copying.

import { CopyButton } from '../ui/Copy';
import { bytes, count, duration } from '../ui/format';
import { DataTable, type Column } from '../ui/Table';
import { line } from '../ui/text';
import { tickWord } from './axis';
import type { Control } from './control';
import { csvOf, rowsOf, type TableRow } from './summary';

const MOST = 2000;

export function TableView({ control }: { control: Control }) {
  const { scene, engine } = control;
  void engine.seen.value;
  const [from, to] = scene.range ?? [scene.view.from, scene.view.to];
  const { rows, total } = rowsOf(scene, from, to, MOST);
  const columns: Column<TableRow>[] = [
    { id: 'task', head: 'Task', cell: (row) => <button type="button" class="link" onClick={() => { control.select(row.number); if (scene.all) control.open(); }}>{line(scene.all ? `${row.task}` : (engine.keys.get(row.task) ?? `${row.task}`), 60)}</button>, sort: (row) => row.task },
    { id: 'call', head: 'Function', cell: (row) => line(row.call, 60), sort: (row) => row.call, grow: true },
    { id: 'lane', head: 'Slot', cell: (row) => line(row.lane, 40), sort: (row) => row.lane },
    { id: 'state', head: 'Ended', cell: (row) => <span class={row.failed ? 'bad' : ''}>{row.state}{row.attempt > 1 ? ` (${row.attempt})` : ''}</span>, sort: (row) => row.state },
    { id: 'start', head: 'Began', cell: (row) => tickWord(row.start, 10), sort: (row) => row.start, end: true },
    { id: 'queue', head: 'Queued', cell: (row) => duration(row.queue), sort: (row) => row.queue, end: true },
    { id: 'startup', head: 'Start', cell: (row) => duration(row.startup), sort: (row) => row.startup, end: true },
    { id: 'run', head: 'Ran', cell: (row) => duration(row.run), sort: (row) => row.run, end: true },
    { id: 'output', head: 'Result', cell: (row) => bytes(row.output), sort: (row) => row.output, end: true },
  ];
  return (
    <div class="tl-table">
      <div class="tl-table-head">
        <span>{total > rows.length ? `The first ${count(rows.length)} of ${count(total)} attempts in view; zoom in to see the others.` : `${count(total)} attempts in view.`}</span>
        <CopyButton text={() => csvOf(rows)} label="Copy CSV" word="Copy CSV" />
      </div>
      <DataTable label="Attempts in view" rows={rows} columns={columns} rowKey={(row) => row.number} total={total} selected={scene.selected} />
    </div>
  );
}
