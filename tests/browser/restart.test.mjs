// Goal: a page that is open while its server is killed says that it is stale, comes back with it, and has each span once.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import { browserTest, shot } from './support/browser.mjs';
import { work } from './support/graphs.mjs';
import { dash, untilDash, untilState } from './support/page.mjs';
import { startServer } from './support/server.mjs';
import { eventually } from './support/wait.mjs';

const server = await startServer({ guests: ['lab'] });
after(() => server.stop());

/** What a browser says of a server that is away. */
const AWAY = /^console: (.*ERR_CONNECTION_REFUSED|WebSocket connection to|.*net::ERR_)/;
const STALE = /last update .* ago, reconnecting/;

browserTest('a server is killed in the middle of a run: the page is stale, comes back, and shows every span exactly once', async (page, _, watch) => {
  watch.expect(AWAY);
  const tasks = 60;
  const id = await server.submit(work(tasks, 30, 'survivor'));
  await page.goto(`${server.origin}/runs/${id}`);
  await untilDash(page, 'some spans', (it) => it.spans >= 10 && it.spans < tasks);
  await server.kill();
  await page.getByText(STALE).waitFor();
  const had = (await dash(page)).spans;
  assert.ok(had >= 10, 'what was there is still there');
  await shot(page, 'stale');
  await server.start();
  await page.getByText(STALE).waitFor({ state: 'detached' });
  const run = await server.ended(id);
  assert.equal(run.counts.succeeded, tasks);
  await untilState(page, 'succeeded');
  const total = (await server.get(`/runs/${id}/spans`)).total;
  await untilDash(page, 'all spans', (it) => it.spans === total && it.open === 0);
  // The table has a row for each attempt that ended; each task ended well exactly once.
  await page.getByRole('button', { name: 'Fit' }).click();
  await page.getByRole('button', { name: 'Table' }).click();
  await page.getByRole('region', { name: /attempts/i }).waitFor();
  const csv = await page.evaluate(async (where) => (await fetch(where)).text(), `/api/v1/runs/${id}/tasks.csv`);
  assert.equal(csv.trim().split('\n').length, tasks + 1);
  await page.reload();
  await untilDash(page, 'the same spans in a new page', (it) => it.spans === total);
});

browserTest('the history of a run is the same after a restart, and the Overview begins anew with it', async (page, context, watch) => {
  watch.expect(AWAY);
  const id = await server.submit(work(40, 1, 'before'));
  await server.ended(id);
  await page.goto(`${server.origin}/runs/${id}?tab=tasks`);
  await page.getByText('40 tasks', { exact: true }).waitFor();
  const trace = JSON.stringify(await server.get(`/runs/${id}/trace`));
  await server.kill();
  await server.start();
  assert.equal(JSON.stringify(await server.get(`/runs/${id}/trace`)), trace, 'not a microsecond differs');
  await page.goto(server.origin);
  await page.getByRole('link', { name: /^before ?, succeeded/ }).first().waitFor();
  await server.ended(await server.submit(work(20, 1, 'after')));
  await untilDash(page, 'the new spans', (it) => it.spans >= 20);
  await server.kill();
  await page.getByText(STALE).waitFor();
  await server.start();
  await page.getByText(STALE).waitFor({ state: 'detached' });
  await server.ended(await server.submit(work(20, 1, 'later')));
  await page.getByRole('link', { name: /^later ?, succeeded/ }).first().waitFor();
  // A page that was not there before shows what is right; this one has nothing twice, and nothing less.
  const other = await context.newPage();
  await other.goto(server.origin);
  await eventually('the same stream in both pages', async () => {
    const [old, fresh] = [await dash(page), await dash(other)];
    return old?.spans >= 20 && old.open === 0 && old.spans === fresh?.spans;
  });
});
