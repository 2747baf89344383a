// The pages of a report: head, counts, timeline with hints, graph, functions, failures, tasks.

import { useMemo } from '../state/hooks';
import { setTheme, shade } from '../app/theme';
import { STATE_NAMES, type SpanRow } from '../data/block';
import { GraphView } from '../graph/GraphView';
import { selection } from '../state/selection';
import { csvOf, rowsOf, type TableRow } from '../timeline/summary';
import { tickWord } from '../timeline/axis';
import { laneName } from '../timeline/layout';
import { Timeline } from '../timeline/Timeline';
import { CopyButton } from '../ui/Copy';
import { between, bytes, count, dateTime, duration, plural } from '../ui/format';
import { DataTable } from '../ui/Table';
import { line, plain } from '../ui/text';
import { feedOf, keysOf, type ReportData } from './data';

const ROWS_MOST = 20_000;

export function Report({ data }: { data: ReportData }) {
  const { feed, faults } = useMemo(() => feedOf(data), [data]);
  const keys = useMemo(() => keysOf(data), [data]);
  const rows = useMemo(() => rowsOf({ store: feed.store, only: -1 }, -Infinity, Infinity, ROWS_MOST), [feed]);
  const { run } = data;
  const missing = data.manifest.total - feed.store.count;
  document.title = line(`${run.state} – ${run.name ?? run.id} – Wask report`);
  return (
    <main class="report">
      <header class="report-head">
        <div>
          <h1>{line(run.name ?? run.id, 120)}</h1>
          <p class="report-quiet"><code>{line(run.id, 60)}</code> · {run.started_at ? dateTime(run.started_at) : 'not started'} · {duration(between(run.started_at, run.finished_at))}</p>
        </div>
        <button type="button" class="button" onClick={() => setTheme(shade.value === 'dark' ? 'light' : 'dark')}>{shade.value === 'dark' ? 'Light' : 'Dark'}</button>
      </header>
      <Figures data={data} />
      {faults.length > 0 && <p class="report-fault" role="status">{plural(faults.length, 'block')} of the history cannot be read: {line(faults[0]!, 120)}</p>}
      {missing > 0 && <p class="report-fault" role="status">This file has the latest {count(feed.store.count)} of {count(data.manifest.total)} attempts.</p>}
      <section class="card report-card" aria-label="Timeline"><Timeline feed={feed} scope="run" keys={keys} /></section>
      <Selected data={data} feed={feed} />
      {data.graph && <section class="card report-card" aria-label="Graph"><GraphView feed={feed} given={{ graph: data.graph, critical: data.critical_path }} /></section>}
      <Functions data={data} />
      <Failures data={data} />
      <section class="card report-card">
        <div class="report-row">
          <h2>Attempts <small>{rows.total > rows.rows.length ? `the first ${count(rows.rows.length)} of ${count(rows.total)}` : count(rows.total)}</small></h2>
          <CopyButton text={() => csvOf(rows.rows)} label="Copy CSV" word="Copy CSV" />
        </div>
        <Attempts rows={rows.rows} data={data} />
      </section>
      <footer class="report-quiet">Made by Wask. This file asks nobody for anything.</footer>
    </main>
  );
}

function Figures({ data: { run, critical_path: critical } }: { data: ReportData }) {
  const counts = Object.entries(run.counts).filter(([name, value]) => name !== 'total' && value > 0);
  return (
    <dl class="report-figures card">
      <div><dt>Run</dt><dd class={run.state === 'failed' ? 'bad' : ''}>{run.state}</dd></div>
      <div><dt>Tasks</dt><dd>{count(run.counts['total'])}</dd></div>
      {counts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd class={name === 'failed' ? 'bad' : ''}>{count(value)}</dd></div>)}
      {critical && critical.total > 0 && <div><dt>Critical path</dt><dd>{duration(critical.us)}</dd></div>}
    </dl>
  );
}

/** The attempts of the selected task: a report has no drawer. */
function Selected({ data, feed }: { data: ReportData; feed: ReturnType<typeof feedOf>['feed'] }) {
  const place = selection.task.value;
  const attempts = useMemo(() => {
    const found: SpanRow[] = [];
    if (place === null) return found;
    for (const chunk of feed.store.chunks) {
      const { task } = chunk.columns;
      for (let i = 0; i < chunk.count; i++) if (task[i] === place) found.push(feed.store.row(chunk.first + i)!);
    }
    return found;
  }, [place]);
  if (place === null || attempts.length === 0) return null;
  const { store } = feed;
  return (
    <section class="card report-card report-selected" aria-live="polite">
      <h2>{line(data.names[String(place)] ?? `task ${place}`, 120)} <small>{line(store.functions[attempts[0]!.function] ?? '', 80)}</small></h2>
      {attempts.map((row) => (
        <p key={row.attempt}>
          Attempt {row.attempt}: <b class={row.state === 1 ? 'bad' : ''}>{STATE_NAMES[row.state as 0]}</b>, began {tickWord(row.start, 100)} on {line(laneName(store.lanes[row.lane]), 60)};
          queued {duration(row.queue)}, sandbox {duration(row.startup)}, ran {duration(Math.max(0, row.dur - row.startup - row.parked))}
          {row.parked > 0 ? `, parked ${duration(row.parked)}` : ''}, stored in {duration(row.store)}; {bytes(row.peak)} memory, {bytes(row.output)} result.
        </p>
      ))}
    </section>
  );
}

function Functions({ data }: { data: ReportData }) {
  return (
    <section class="card report-card">
      <h2>Functions</h2>
      <DataTable
        label="Functions" rows={[...data.run.functions]} rowKey={(row) => row.call}
        columns={[
          { id: 'call', head: 'Function', cell: (row) => line(row.call, 80), sort: (row) => row.call, grow: true },
          { id: 'total', head: 'Tasks', cell: (row) => count(row.counts['total']), sort: (row) => row.counts['total'] ?? 0, end: true },
          { id: 'ok', head: 'Succeeded', cell: (row) => count(row.counts['succeeded'] ?? 0), sort: (row) => row.counts['succeeded'] ?? 0, end: true },
          { id: 'failed', head: 'Failed', cell: (row) => <span class={row.counts['failed'] ? 'bad' : ''}>{count(row.counts['failed'] ?? 0)}</span>, sort: (row) => row.counts['failed'] ?? 0, end: true },
          { id: 'p50', head: 'p50', cell: (row) => duration(row.run_us?.p50), sort: (row) => row.run_us?.p50 ?? null, end: true },
          { id: 'p95', head: 'p95', cell: (row) => duration(row.run_us?.p95), sort: (row) => row.run_us?.p95 ?? null, end: true },
          { id: 'max', head: 'Longest', cell: (row) => duration(row.run_us?.max), sort: (row) => row.run_us?.max ?? null, end: true },
        ]}
      />
    </section>
  );
}

function Failures({ data: { failures } }: { data: ReportData }) {
  if (!failures || failures.groups.length === 0) return null;
  return (
    <section class="card report-card">
      <h2>Failures <small>{count(failures.total)}</small></h2>
      {failures.groups.map((group, n) => (
        <details key={n} class="report-failure">
          <summary><b class="bad">{count(group.count)}×</b> {line(group.call, 60)} <small>{line(group.kind, 40)}</small> {line(group.message, 160)}</summary>
          <p>First {dateTime(group.first_at)}, last {dateTime(group.last_at)}; {line(group.keys.slice(0, 12).join(', '), 300)}{group.count > 12 ? ', …' : ''}</p>
          <pre>{plain([group.example.message, group.example.cause ?? '', ...(group.example.trace ?? [])].filter((text) => text !== '').join('\n'))}</pre>
        </details>
      ))}
    </section>
  );
}

function Attempts({ rows, data }: { rows: TableRow[]; data: ReportData }) {
  const keyOf = (row: TableRow): string => data.names[String(row.task)] ?? `task ${row.task}`;
  return (
    <DataTable
      label="Attempts" rows={rows} rowKey={(row) => row.number} selected={null}
      columns={[
        { id: 'task', head: 'Task', cell: (row) => <button type="button" class="link" onClick={() => (selection.task.value = row.task)}>{line(keyOf(row), 60)}</button>, sort: keyOf, grow: true },
        { id: 'call', head: 'Function', cell: (row) => line(row.call, 60), sort: (row) => row.call },
        { id: 'lane', head: 'Slot', cell: (row) => line(row.lane, 40), sort: (row) => row.lane },
        { id: 'state', head: 'Ended', cell: (row) => <span class={row.failed ? 'bad' : ''}>{row.state}{row.attempt > 1 ? ` (${row.attempt})` : ''}</span>, sort: (row) => row.state },
        { id: 'start', head: 'Began', cell: (row) => tickWord(row.start, 10), sort: (row) => row.start, end: true },
        { id: 'queue', head: 'Queued', cell: (row) => duration(row.queue), sort: (row) => row.queue, end: true },
        { id: 'run', head: 'Ran', cell: (row) => duration(row.run), sort: (row) => row.run, end: true },
        { id: 'peak', head: 'Memory', cell: (row) => bytes(row.peak), sort: (row) => row.peak, end: true },
        { id: 'output', head: 'Result', cell: (row) => bytes(row.output), sort: (row) => row.output, end: true },
      ]}
    />
  );
}
