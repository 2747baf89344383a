// Goal: a run that was submitted with a profile shows where its guests spent their time, as boxes and as a table; others have no such tab.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import { browserTest, shot } from './support/browser.mjs';
import { work } from './support/graphs.mjs';
import { startServer } from './support/server.mjs';

const server = await startServer({ guests: ['lab'] });
after(() => server.stop());

browserTest('a flame graph of where the guests were, walked and zoomed by keys, and as a table', async (page) => {
  const id = await server.submit({ ...work(4, 60, 'profiled'), profile: true });
  await server.ended(id);
  await page.goto(`${server.origin}/runs/${id}?tab=profile`);
  const graph = page.getByRole('application', { name: 'Flame graph' });
  await graph.waitFor();
  const boxes = graph.locator('i');
  assert.ok(await boxes.count() >= 2, 'a caller and what it called');
  const { samples } = (await server.get(`/runs/${id}/profile`)).functions[0];
  assert.ok(samples > 0);
  await page.getByText(new RegExp(`lab/work: ${samples} samples`)).waitFor();
  await graph.focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await graph.locator('.faint').first().waitFor();
  await page.keyboard.press('Escape');
  await graph.locator('.faint').first().waitFor({ state: 'detached' });
  await shot(page, 'run-profile');
  await page.getByRole('button', { name: 'Table' }).click();
  assert.ok(await page.getByRole('region', { name: 'Samples by name' }).getByRole('row').count() >= 3);
});

browserTest('a run without a profile has no tab for it', async (page) => {
  const id = await server.submit(work(1, 1, 'plain'));
  await server.ended(id);
  await page.goto(`${server.origin}/runs/${id}?tab=profile`);
  await page.getByText('1 attempt').waitFor();
  assert.equal(await page.getByRole('tab', { name: 'Profile' }).count(), 0);
});
