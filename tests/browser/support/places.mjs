// All pages and tabs, with something of everything on them, for tests that walk through them all.

import { small } from './graphs.mjs';

/** Fills a server that has numbers and counter; answers the id of a run that failed. */
export async function fill(server) {
  const run = await server.submit(small);
  await server.ended(run);
  await server.api('POST', '/sync/queues/jobs/put', { value: { photo: 7 } });
  await server.api('PUT', '/sync/variables/best', { value: [1, 2, 3] });
  await server.api('POST', '/sync/events/go/set', {});
  await server.api('POST', '/sync/locks/leader/acquire', { lease: '10m' });
  await server.api('PUT', '/sync/semaphores/seats', { leases: 3 });
  await server.api('POST', '/sync/semaphores/seats/acquire', { lease: '10m' });
  await server.api('POST', '/sync/topics/news', { value: 'first' });
  await server.api('POST', '/actors', { call: 'counter/Counter', args: [] });
  return run;
}

const heading = (name) => (page) => page.getByRole('heading', { name, level: 1 });

/** @returns {{ name: string, where: string, ready: (page: import('playwright-core').Page) => import('playwright-core').Locator }[]} */
export const PLACES = (run) => [
  { name: 'overview', where: '/', ready: (page) => page.getByText('Task stream') },
  { name: 'runs', where: '/runs', ready: (page) => page.getByRole('link', { name: 'squares' }) },
  { name: 'run-timeline', where: `/runs/${run}`, ready: (page) => page.getByText('42 attempts') },
  { name: 'run-graph', where: `/runs/${run}?tab=graph`, ready: (page) => page.getByText(/^\d functions, /) },
  { name: 'run-tasks', where: `/runs/${run}?tab=tasks`, ready: (page) => page.getByRole('button', { name: 'sq[0]' }) },
  { name: 'run-failures', where: `/runs/${run}?tab=failures`, ready: (page) => page.getByRole('heading', { name: 'cannot divide 7 by 0' }) },
  { name: 'run-logs', where: `/runs/${run}?tab=logs`, ready: (page) => page.getByText('Nothing was logged') },
  { name: 'task-failed', where: `/runs/${run}?tab=tasks&key=bad`, ready: (page) => page.getByRole('dialog', { name: 'Task bad' }).getByText('the function returned an error') },
  { name: 'task-result', where: `/runs/${run}?key=sum`, ready: (page) => page.getByRole('dialog', { name: 'Task sum' }).getByText('20540', { exact: true }) },
  { name: 'workers', where: '/workers', ready: (page) => page.getByText('Attempts finished') },
  { name: 'modules', where: '/modules', ready: (page) => page.getByRole('link', { name: 'numbers' }) },
  { name: 'module', where: '/modules/numbers?fn=sum', ready: (page) => page.getByRole('button', { name: 'Run', exact: true }) },
  { name: 'module-actor', where: '/modules/counter?fn=Counter', ready: heading('counter') },
  ...['queues', 'variables', 'events', 'locks', 'semaphores', 'topics', 'actors'].map((tab) => (
    { name: `sync-${tab}`, where: `/sync?tab=${tab}`, ready: (page) => page.getByRole('tabpanel').getByRole('row').nth(1) }
  )),
  { name: 'api', where: '/api?op=post%20/runs', ready: heading('API') },
];
