// Goal: what programs coordinate by is seen, and can be taken away by hand: after a question, never by accident.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import { browserTest, shot } from './support/browser.mjs';
import { startServer } from './support/server.mjs';
import { eventually } from './support/wait.mjs';

const server = await startServer({ guests: ['counter'] });
after(() => server.stop());

const open = async (page, tab) => {
  await page.goto(`${server.origin}/sync?tab=${tab}`);
  return page.getByRole('tabpanel');
};
const answer = (page, title, act) => page.getByRole('dialog', { name: title }).getByRole('button', { name: act, exact: true }).click();

browserTest('a queue is seen with its items and those who wait, kept when the question is declined, and deleted when not', async (page) => {
  await server.api('POST', '/sync/queues/jobs/put', { value: 1 });
  await server.api('POST', '/sync/queues/jobs/put', { value: 2 });
  const panel = await open(page, 'queues');
  const row = panel.getByRole('row', { name: /jobs/ });
  await row.getByRole('cell', { name: '2', exact: true }).waitFor();
  await row.getByRole('button', { name: 'Delete jobs' }).click();
  await answer(page, 'Delete jobs?', 'Keep it');
  await row.waitFor();
  await page.keyboard.press('Tab');
  await row.getByRole('button', { name: 'Delete jobs' }).click();
  await shot(page, 'sync-question');
  await answer(page, 'Delete jobs?', 'Delete');
  await panel.getByText('No queues').waitFor();
  assert.equal((await server.get('/sync')).totals.queues, 0);
});

browserTest('a lock that somebody holds can be released, and the next in line gets it', async (page) => {
  const first = await server.api('POST', '/sync/locks/leader/acquire', { lease: '10m' });
  const second = server.api('POST', '/sync/locks/leader/acquire?wait=30s', { lease: '10m' });
  const panel = await open(page, 'locks');
  await panel.getByText(`token ${first.token}, for`).waitFor();
  await panel.getByRole('button', { name: `Release token ${first.token} of leader` }).click();
  await answer(page, 'End this lease?', 'End the lease');
  const next = await second;
  assert.ok(next.token > first.token);
  await panel.getByText(`token ${next.token}, for`).waitFor();
});

browserTest('semaphores, variables, events and topics are seen with what is in them', async (page) => {
  await server.api('PUT', '/sync/semaphores/seats', { leases: 2 });
  await server.api('POST', '/sync/semaphores/seats/acquire', { lease: '10m' });
  await server.api('PUT', '/sync/variables/best', { value: { score: 97 } });
  await server.api('POST', '/sync/events/go/set', {});
  await server.api('POST', '/sync/topics/news', { value: 'hello readers' });
  const panel = await open(page, 'semaphores');
  await panel.getByRole('row', { name: /seats/ }).waitFor();
  await page.getByRole('tab', { name: /^Variables/ }).click();
  await panel.getByText('97').waitFor();
  await page.getByRole('tab', { name: /^Events/ }).click();
  await panel.getByRole('row', { name: /go yes/ }).waitFor();
  await panel.getByRole('button', { name: 'Clear go' }).click();
  await answer(page, 'Clear go?', 'Clear');
  await eventually('an event that has not come', async () => !(await server.get('/sync')).events.some((one) => one.name === 'go' && one.set));
  await page.getByRole('tab', { name: /^Topics/ }).click();
  await panel.getByText('hello readers').waitFor();
});

browserTest('an actor is made by the form of its class, seen with its calls, and deleted', async (page) => {
  await page.goto(`${server.origin}/modules/counter?fn=Counter`);
  await page.getByRole('button', { name: /^Make/ }).last().click();
  const actor = await eventually('an actor', async () => (await server.get('/actors')).items[0]);
  await server.api('POST', `/actors/${actor.id}/increment`, []);
  await server.api('POST', `/actors/${actor.id}/increment`, []);
  const panel = await open(page, 'actors');
  const row = panel.getByRole('row', { name: /counter\/Counter/ });
  await row.getByRole('cell', { name: '2', exact: true }).waitFor();
  await shot(page, 'sync-actors');
  await row.getByRole('button', { name: /^Delete/ }).click();
  await answer(page, 'Delete this actor?', 'Delete the actor');
  await panel.getByText('No actors').waitFor();
  assert.equal((await server.get('/actors')).total, 0);
});
