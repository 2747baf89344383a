// Goal: a server where nothing ever ran says how to begin, and one click shows what it can do.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import { browserTest, shot } from './support/browser.mjs';
import { untilDash, untilState } from './support/page.mjs';
import { startServer } from './support/server.mjs';

const server = await startServer();
after(() => server.stop());

browserTest('every page of an empty server says that nothing is there, without a fault', async (page) => {
  const pages = [
    ['/', 'Nothing has run here yet'], ['/runs', 'No runs yet'], ['/modules', 'No modules yet'], ['/sync', 'No queues'],
    ['/sync?tab=locks', 'No lock is held'], ['/sync?tab=actors', 'No actors'], ['/workers', '1 worker, 2 slots'],
  ];
  for (const [where, words] of pages) {
    await page.goto(server.origin + where);
    await page.getByText(words, { exact: true }).waitFor();
  }
  await page.goto(`${server.origin}/runs?state=failed`);
  await page.getByText('No run fits').waitFor();
  await page.getByRole('button', { name: 'Show all' }).click();
  await page.getByText('No runs yet').waitFor();
});

browserTest('"Run demo graph" begins the demo and shows it to its end, with everything in it', async (page) => {
  await page.goto(server.origin);
  await shot(page, 'overview-empty');
  await page.getByRole('button', { name: 'Run demo graph' }).click();
  await page.getByRole('heading', { name: 'demo' }).waitFor();
  await untilDash(page, 'spans while it runs', (it) => it.spans > 0);
  const id = new URL(page.url()).pathname.split('/').at(-1);
  await server.ended(id);
  await untilState(page, 'failed');
  // 409 attempts: the task that was aborted never had one.
  await untilDash(page, 'all attempts', (it) => it.spans === 409 && it.open === 0 && it.failures > 0);
  await shot(page, 'run-timeline');
  await page.getByRole('tab', { name: 'Graph' }).click();
  await page.getByText('6 functions').waitFor();
  await shot(page, 'run-graph');
  await page.getByRole('button', { name: 'Every task' }).click();
  await untilDash(page, 'a node for each task', (it) => it.tasks === 410 && it.visible === 410, 'graph');
  await shot(page, 'run-graph-tasks');
  await page.getByRole('tab', { name: 'Logs' }).click();
  await page.getByText('page 4, attempt 1').waitFor();
  assert.equal(await page.getByRole('log', { name: 'Lines' }).locator('.log-line').count(), 9, 'a line for each page');
  await shot(page, 'run-logs');
  await page.getByRole('link', { name: 'Overview' }).first().click();
  await page.getByText('Task stream').waitFor();
  await shot(page, 'overview');
});
