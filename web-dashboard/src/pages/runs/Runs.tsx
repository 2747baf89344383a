// All runs, newest first, by state and name; the filters are in the address.

import { usePages } from '../../api/pages';
import { RUN_STATES, type Run } from '../../api/types';
import { runPath, setQuery } from '../../app/router';
import { queryParam } from '../../state/query';
import { ago, between, bothTimes, count, duration } from '../../ui/format';
import { Empty, Loading, Problem } from '../../ui/Notice';
import { Progress } from '../../ui/Progress';
import { Choice, Search } from '../../ui/Search';
import { StateChip } from '../../ui/State';
import { type Column, DataTable } from '../../ui/Table';
import { line } from '../../ui/text';
import { useNow } from '../../ui/useNow';

const state = queryParam('state');
const name = queryParam('name');

export function Runs() {
  const pages = usePages<Run>('/runs', { state: state.value, name: name.value }, { size: 50, every: 2000 });
  const now = useNow(1000);
  const took = (run: Run) => (run.finished_at ? between(run.created_at, run.finished_at) : (now - Date.parse(run.created_at)) * 1000);
  const columns: Column<Run>[] = [
    { id: 'name', head: 'Name', grow: true, cell: (run) => <a href={runPath(run.id)}>{line(run.name ?? run.id, 120)}</a>, sort: (run) => run.name ?? '' },
    { id: 'state', head: 'State', cell: (run) => <StateChip state={run.state} />, sort: (run) => run.state },
    { id: 'progress', head: 'Progress', cell: (run) => <Progress counts={run.counts} /> },
    { id: 'tasks', head: 'Tasks', end: true, cell: (run) => count(run.counts.total ?? 0), sort: (run) => run.counts.total ?? 0 },
    { id: 'failed', head: 'Failed', end: true, cell: (run) => <Some value={run.counts.failed ?? 0} />, sort: (run) => run.counts.failed ?? 0 },
    { id: 'took', head: 'Duration', end: true, cell: (run) => duration(took(run)), sort: took },
    { id: 'created', head: 'Submitted', end: true, cell: (run) => <time dateTime={run.created_at} title={bothTimes(run.created_at)}>{ago(run.created_at, now)}</time>, sort: (run) => Date.parse(run.created_at) },
    { id: 'id', head: 'Id', cell: (run) => <code>{run.id}</code> },
  ];
  const filtered = state.value !== null || name.value !== null;
  return (
    <div class="page">
      <header class="page-head">
        <h1>Runs</h1>
        <span class="quiet">{pages.total === null ? '' : `${count(pages.total)}${filtered ? ' that fit' : ''}`}</span>
        <div class="filters">
          <Search label="Name" placeholder="Name contains…" value={name.value ?? ''} onChange={(text) => setQuery({ name: text })} />
          <Choice label="State" value={state.value ?? ''} onChange={(text) => setQuery({ state: text })} options={[['', 'all'], ...RUN_STATES.map((one) => [one, one] as const)]} />
        </div>
      </header>
      {pages.error && <Problem error={pages.error} retry={pages.reload} />}
      {pages.loading && pages.items.length === 0 ? <Loading what="Runs" /> : pages.items.length === 0 && !pages.error ? (
        <Empty title={filtered ? 'No run fits' : 'No runs yet'}>
          {filtered ? <button type="button" class="button" onClick={() => setQuery({ state: null, name: null })}>Show all</button> : <p><a href="/">First steps</a></p>}
        </Empty>
      ) : (
        <>
          <DataTable label="Runs" rows={pages.items} columns={columns} rowKey={(run) => run.id} {...(pages.total !== null ? { total: pages.total } : {})} onEnd={pages.more ?? undefined} />
          <p class="table-note">
            {pages.total !== null && pages.items.length < pages.total ? `${count(pages.items.length)} of ${count(pages.total)} loaded; sorting is among these. ` : ''}
            {pages.more && <button type="button" class="button small" onClick={pages.more}>Load more</button>}
          </p>
        </>
      )}
    </div>
  );
}

function Some({ value }: { value: number }) {
  return value > 0 ? <b class="bad">{count(value)}</b> : <span class="quiet">0</span>;
}
