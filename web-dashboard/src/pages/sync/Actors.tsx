// Actors: which class, how much state, how many calls, and how the last of them went.

import { path } from '../../api/client';
import type { Actor, Page } from '../../api/types';
import { modulePath } from '../../app/router';
import { ago, bothTimes, bytes, count } from '../../ui/format';
import { Empty } from '../../ui/Notice';
import { type Column, DataTable } from '../../ui/Table';
import { line, plain } from '../../ui/text';
import { Sure } from './Sure';

export function Actors({ actors, reload }: { actors: Page<Actor>; reload: () => void }) {
  const columns: Column<Actor>[] = [
    { id: 'name', head: 'Actor', grow: true, cell: (one) => <>{one.name ? line(one.name, 80) : <code>{one.id}</code>}</>, sort: (one) => one.name ?? one.id },
    { id: 'class', head: 'Class', cell: (one) => <a href={modulePath(one.call.split('/')[0] ?? '')}>{line(one.call, 60)}</a>, sort: (one) => one.call },
    { id: 'calls', head: 'Calls', end: true, cell: (one) => count(one.calls), sort: (one) => one.calls },
    { id: 'waiting', head: 'Waiting', end: true, cell: (one) => count(one.waiting), sort: (one) => one.waiting },
    { id: 'state', head: 'State', end: true, cell: (one) => <span title={`saved after call ${one.snapshot.call}`}>{bytes(one.state_bytes)}</span>, sort: (one) => one.state_bytes },
    { id: 'worker', head: 'Worker', end: true, cell: (one) => (one.worker === null ? <span class="quiet">none now</span> : one.worker), sort: (one) => one.worker },
    { id: 'last', head: 'Last call', end: true, cell: (one) => (one.last_call_at ? <time title={bothTimes(one.last_call_at)} dateTime={one.last_call_at}>{ago(one.last_call_at)}</time> : '–'), sort: (one) => one.last_call_at },
    { id: 'failure', head: 'Last failure', cell: (one) => (one.last_failure ? <span class="bad ellipsis" title={plain(one.last_failure.message)}>{line(one.last_failure.message, 60)}</span> : <span class="quiet">none</span>) },
    {
      id: 'act', head: '', end: true,
      cell: (one) => <Sure act="Delete" answer="Delete the actor" to={one.name ?? one.id} title="Delete this actor?" text={`${one.name ?? one.id}: its state goes, and calls in its line do not take place.`} method="DELETE" where={path('/actors', one.id)} done={reload} />,
    },
  ];
  if (actors.items.length === 0) return <Empty title="No actors"><p>A module with a class has a form for it on its page.</p></Empty>;
  return (
    <section class="card flush">
      <DataTable label="Actors" rows={actors.items} columns={columns} rowKey={(one) => one.id} total={actors.total} />
      {actors.total > actors.items.length && <p class="table-note">The newest {count(actors.items.length)} of {count(actors.total)}.</p>}
    </section>
  );
}
