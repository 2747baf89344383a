// What programs coordinate by: queues, variables, events, locks, semaphores, topics; and actors.

import { path } from '../../api/client';
import { useResource } from '../../api/resource';
import type { Actor, Coordination, Leases, Page } from '../../api/types';
import { setQuery } from '../../app/router';
import { queryParam } from '../../state/query';
import { bytes, count, duration } from '../../ui/format';
import { Empty, Loading, Problem } from '../../ui/Notice';
import { type Column, DataTable } from '../../ui/Table';
import { Tabs } from '../../ui/Tabs';
import { line } from '../../ui/text';
import { Actors } from './Actors';
import { Peek } from './Peek';
import { Sure } from './Sure';

const tab = queryParam('tab');
const POLL_MS = 2000;

export function Sync() {
  const known = useResource<Coordination>('/sync', { every: POLL_MS });
  const actors = useResource<Page<Actor>>('/actors', { query: { limit: 500 }, every: POLL_MS });
  const error = known.error ?? actors.error;
  if (!known.data || !actors.data) return error ? <Problem error={error} retry={known.reload} /> : <Loading what="Coordination" />;
  const all = known.data;
  const kinds: [id: string, name: string, size: number][] = [
    ['queues', 'Queues', all.totals.queues ?? 0], ['variables', 'Variables', all.totals.variables ?? 0], ['events', 'Events', all.totals.events ?? 0],
    ['locks', 'Locks', all.totals.locks ?? 0], ['semaphores', 'Semaphores', all.totals.semaphores ?? 0], ['topics', 'Topics', all.totals.topics ?? 0],
    ['actors', 'Actors', actors.data.total],
  ];
  const current = kinds.find(([id]) => id === tab.value)?.[0] ?? kinds.find(([, , size]) => size > 0)?.[0] ?? 'queues';
  const reload = () => { known.reload(); actors.reload(); };
  return (
    <div class="page">
      <header class="page-head">
        <h1>Sync & actors</h1>
        <span class="quiet">{count(all.totals.waiters ?? 0)} calls wait, {bytes(all.totals.bytes ?? 0)} kept</span>
      </header>
      <Tabs tabs={kinds.map(([id, name, size]) => ({ id, label: <>{name} <small>{count(size)}</small></> }))} current={current} onSelect={(id) => setQuery({ tab: id })} label="Kinds">
        <Kind kind={current} all={all} actors={actors.data} reload={reload} />
      </Tabs>
    </div>
  );
}

function Kind({ kind, all, actors, reload }: { kind: string; all: Coordination; actors: Page<Actor>; reload: () => void }) {
  const del = (what: string, text: string) => deletion(what, text, reload);
  const name = { id: 'name', head: 'Name', grow: true, cell: (row: { name: string }) => <code>{line(row.name, 120)}</code>, sort: (row: { name: string }) => row.name };
  const figure = <K extends string>(id: K, head: string, words: (value: number) => string = count): Column<Record<K, number>> => ({ id, head, end: true, cell: (row) => words(row[id]), sort: (row) => row[id] });
  switch (kind) {
    case 'queues':
      return <List rows={all.queues} empty="No queues" columns={[name, figure('size', 'Items'), figure('maxsize', 'Room for', (value) => (value === 0 ? 'any number' : count(value))), figure('getters', 'Wait for an item'), figure('putters', 'Wait for room'), del('queues', 'Its items go, too. Who waits for it is answered that it is gone.')]} />;
    case 'variables':
      return <List rows={all.variables} empty="No variables" columns={[name, { id: 'value', head: 'Value', cell: (row) => <Peek where={path('/sync/variables', row.name)} /> }, figure('bytes', 'Size', bytes), del('variables', 'Its value goes; who reads it waits for the next one.')]} />;
    case 'events':
      return (
        <List
          rows={all.events} empty="No event has come" columns={[name, { id: 'set', head: 'Has come', cell: (row) => (row.set ? 'yes' : 'no') }, {
            id: 'act', head: '', end: true,
            cell: (row) => <Sure act="Clear" to={row.name} title={`Clear ${line(row.name, 60)}?`} text="It will be as if it had never come." method="POST" where={`${path('/sync/events', row.name)}/clear`} done={reload} />,
          }]}
        />
      );
    case 'locks':
      return <LeaseList rows={all.locks} what="locks" reload={reload} />;
    case 'semaphores':
      return <LeaseList rows={all.semaphores} what="semaphores" reload={reload} />;
    case 'topics':
      return <List rows={all.topics} empty="No topics" columns={[name, { id: 'last', head: 'Last item', cell: (row) => <Peek where={path('/sync/topics', row.name)} query={row.next >= 2 ? { after: row.next - 2 } : {}} /> }, figure('size', 'Items'), figure('retain', 'Keeps'), figure('next', 'Next offset'), figure('readers', 'Wait'), del('topics', 'Its items go, too.')]} />;
    default:
      return <Actors actors={actors} reload={reload} />;
  }
}

/** The column with the button that deletes. */
const deletion = (what: string, text: string, reload: () => void): Column<{ name: string }> => ({
  id: 'act', head: '', end: true,
  cell: (row) => <Sure act="Delete" to={row.name} title={`Delete ${line(row.name, 60)}?`} text={text} method="DELETE" where={path('/sync', what, row.name)} done={reload} />,
});

function List<T extends { name: string }>({ rows, columns, empty }: { rows: T[]; columns: Column<T>[]; empty: string }) {
  if (rows.length === 0) return <Empty title={empty} />;
  return (
    <section class="card flush">
      <DataTable label={empty.replace(/^No /, '')} rows={rows} columns={columns} rowKey={(row) => row.name} />
      {rows.length >= 1000 && <p class="table-note">The first thousand by name.</p>}
    </section>
  );
}

/** Locks and semaphores with who holds them: tokens and how long. */
function LeaseList({ rows, what, reload }: { rows: Leases[]; what: 'locks' | 'semaphores'; reload: () => void }) {
  const columns: Column<Leases>[] = [
    { id: 'name', head: 'Name', grow: true, cell: (row) => <code>{line(row.name, 120)}</code>, sort: (row) => row.name },
    { id: 'free', head: 'Free', end: true, cell: (row) => `${count(row.free)} of ${count(row.leases)}`, sort: (row) => row.free },
    {
      id: 'holders', head: 'Held by', cell: (row) => (
        <ul class="holders">
          {row.holders.slice(0, 20).map((one) => (
            <li key={one.token}>token {one.token}, for {duration(1000 * (Date.parse(one.expires_at) - Date.now()))} more <Sure act="Release" answer="End the lease" to={`token ${one.token} of ${row.name}`} title="End this lease?" text={`Whoever holds ${line(row.name, 60)} with token ${one.token} goes on believing so until it is refused.`} method="POST" where={`${path('/sync', what, row.name)}/release`} body={{ token: one.token }} done={reload} /></li>
          ))}
          {row.holders.length === 0 && <li class="quiet">nobody</li>}
          {row.holders.length > 20 && <li class="quiet">and {count(row.holders.length - 20)} more</li>}
        </ul>
      ),
    },
    { id: 'waiters', head: 'Wait', end: true, cell: (row) => count(row.waiters), sort: (row) => row.waiters },
    ...(what === 'semaphores' ? [deletion(what, 'Its leases end; who waits is answered that it is gone.', reload)] : []),
  ];
  return <List rows={rows} columns={columns} empty={what === 'locks' ? 'No lock is held' : 'No semaphores'} />;
}
