// Goal: what happens on the server is seen while it happens, on the Overview, on the page of the run and on that of the workers.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import { browserTest, shot } from './support/browser.mjs';
import { endless, work } from './support/graphs.mjs';
import { dash, untilDash, untilState } from './support/page.mjs';
import { startServer } from './support/server.mjs';
import { eventually } from './support/wait.mjs';

const server = await startServer({ guests: ['lab', 'hostile'] });
after(() => server.stop());

browserTest('the stream of the Overview grows while a run goes on, and shows what runs', async (page) => {
  const id = await server.submit(work(90, 30, 'many'));
  await page.goto(server.origin);
  const early = await untilDash(page, 'first spans, and running tasks', (it) => it.spans > 0 && it.open > 0);
  const later = await untilDash(page, 'more spans', (it) => it.spans >= early.spans + 10 && it.visible > 0);
  assert.equal((await server.run(id)).state, 'running', 'the spans came while the run went on');
  assert.ok(later.lanes >= 2, 'a row for each slot');
  await shot(page, 'overview-live');
  const shown = page.locator('.figures');
  await shown.getByText('2 / 2').waitFor();
  await server.ended(id);
  await untilDash(page, 'every attempt, and nothing open', (it) => it.spans === 90 && it.open === 0);
  await shown.getByText('0 / 2').waitFor();
});

browserTest('the page of a run follows it to its end: spans, counts, words and legend', async (page) => {
  const id = await server.submit(work(150, 30, 'followed'));
  await page.goto(`${server.origin}/runs/${id}`);
  const early = await untilDash(page, 'first spans, and running tasks', (it) => it.spans > 0 && it.open > 0 && it.follow);
  await untilDash(page, 'more spans', (it) => it.spans > early.spans + 10);
  assert.equal((await server.run(id)).state, 'running', 'the spans came while the run went on');
  await page.getByRole('button', { name: /running/ }).waitFor();
  await shot(page, 'run-live');
  await server.ended(id);
  await untilState(page, 'succeeded');
  await untilDash(page, 'every attempt, and nothing open', (it) => it.spans === 150 && it.open === 0);
  await page.getByRole('button', { name: '150 succeeded' }).waitFor();
  await page.getByText('lab/work').first().waitFor();
  await page.locator('.tl-words', { hasText: '150 attempts' }).waitFor();
  await eventually('a legend with all', async () => /lab\/work\s*150/.test(await page.locator('.tl').innerText()));
  assert.match(await page.title(), /succeeded.*followed/);
});

browserTest('a picture that is paused stands still while tasks end', async (page) => {
  const id = await server.submit(work(60, 30, 'paused'));
  await page.goto(`${server.origin}/runs/${id}`);
  await untilDash(page, 'first spans', (it) => it.spans > 0);
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Resume' }).waitFor();
  // The picture that was due already is still drawn.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  const before = await dash(page);
  await untilDash(page, 'more spans', (it) => it.spans > before.spans + 10);
  assert.deepEqual((await dash(page)).view, before.view, 'the window did not move');
  await page.getByRole('button', { name: 'Resume' }).click();
  await untilDash(page, 'a window that moved', (it) => it.view[1] !== before.view[1]);
  await server.ended(id);
});

browserTest('the page of the workers shows what each slot does, and from there leads to the task', async (page) => {
  const id = await server.submit(endless(2));
  await page.goto(`${server.origin}/workers`);
  const slots = page.getByRole('list', { name: 'Slots' }).getByRole('listitem');
  await slots.getByRole('link', { name: 'hostile/spin' }).nth(1).waitFor();
  assert.equal(await slots.count(), 2);
  await shot(page, 'workers-busy');
  await slots.getByRole('link').first().click();
  await page.getByRole('dialog', { name: /^Task spin/ }).getByText('running').first().waitFor();
  await server.api('POST', `/runs/${id}/cancel`, {});
  await page.getByRole('link', { name: 'Workers' }).click();
  await slots.getByText('idle').nth(1).waitFor();
});
