// Goal: the address of a page is all of what is looked at: reloaded, copied or gone back to, it shows the same.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import { browserTest, shot } from './support/browser.mjs';
import { small } from './support/graphs.mjs';
import { untilDash, untilPage } from './support/page.mjs';
import { startServer } from './support/server.mjs';

const server = await startServer({ guests: ['numbers'] });
after(() => server.stop());
const id = await server.submit(small);
await server.ended(id);

const params = (page) => Object.fromEntries(new URL(page.url()).searchParams);

browserTest('selection, lanes, range and zoom of the timeline are as they were after a reload', async (page) => {
  await page.goto(`${server.origin}/runs/${id}`);
  await untilDash(page, 'all spans', (it) => it.spans === 42);
  await page.getByRole('button', { name: 'By function' }).click();
  const canvas = page.getByRole('application', { name: 'Timeline of the run' });
  const box = await canvas.boundingBox();
  await page.mouse.move(box.x + 400, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + 700, box.y + 60, { steps: 4 });
  await page.mouse.up();
  await canvas.focus();
  for (const key of ['w', 'w', 'w', '.']) await page.keyboard.press(key);
  await page.getByRole('dialog', { name: /^Task / }).waitFor();
  await untilPage(page, 'an address with all of it', () => ['key', 'from', 'to', 'lanes'].every((name) => new URL(location.href).searchParams.has(name)));
  const before = await untilDash(page, 'a selection', (it) => it.selected >= 0);
  const address = params(page);
  assert.equal(address.lanes, 'function');
  const range = Number(address.to) - Number(address.from);
  assert.ok(range > 0);
  await shot(page, 'run-selected');
  await page.reload();
  await page.getByRole('dialog', { name: `Task ${address.key}` }).waitFor();
  await page.getByRole('button', { name: 'By function', pressed: true }).waitFor();
  const later = await untilDash(page, 'the same selection', (it) => it.spans === 42 && it.selected === before.selected);
  assert.equal(later.lanes, before.lanes);
  assert.deepEqual(params(page), address);
});

browserTest('tab, filters and the chosen function of a run are as they were after a reload', async (page) => {
  await page.goto(`${server.origin}/runs/${id}`);
  await page.getByRole('tab', { name: /^Tasks/ }).click();
  await page.getByLabel('State').selectOption('succeeded');
  await page.getByLabel('Function').selectOption('numbers/square');
  await page.getByText('40 of 43 tasks').waitFor();
  await page.getByRole('searchbox', { name: 'Key' }).fill('sq[7]');
  await page.getByText('1 of 43 tasks').waitFor();
  const address = params(page);
  assert.deepEqual(address, { tab: 'tasks', state: 'succeeded', fn: 'numbers/square', tasks: 'sq[7]' });
  await page.reload();
  await page.getByRole('tab', { name: /^Tasks/, selected: true }).waitFor();
  await page.getByText('1 of 43 tasks').waitFor();
  assert.equal(await page.getByRole('searchbox', { name: 'Key' }).inputValue(), 'sq[7]');
  assert.equal(await page.getByLabel('Function').inputValue(), 'numbers/square');
});

browserTest('back and forward walk through the pages that were seen', async (page) => {
  await page.goto(server.origin);
  await page.getByRole('link', { name: /^squares ?, failed/ }).click();
  await page.getByRole('heading', { name: 'squares' }).waitFor();
  await page.getByRole('link', { name: 'Workers' }).click();
  await page.getByRole('heading', { name: 'Workers' }).waitFor();
  await page.goBack();
  await page.getByRole('heading', { name: 'squares' }).waitFor();
  await page.goBack();
  await page.getByText('Task stream').waitFor();
  await page.goForward();
  await page.getByRole('heading', { name: 'squares' }).waitFor();
});

browserTest('a beginning of an id and `last` name a run, and the address is that of the run', async (page) => {
  for (const name of ['last', id.slice(0, 6)]) {
    await page.goto(`${server.origin}/runs/${name}?tab=tasks`);
    await page.getByRole('heading', { name: 'squares' }).waitFor();
    await untilPage(page, 'the full id', (full) => location.pathname === `/runs/${full}`, id);
    assert.equal(params(page).tab, 'tasks');
  }
});

browserTest('an address of nothing says so and leads back', async (page) => {
  await page.goto(server.origin);
  await page.evaluate(() => history.pushState(null, '', '/runs/a/b'));
  await page.reload();
  await page.getByText('There is no such page').waitFor();
  await page.getByRole('link', { name: 'Back to the overview' }).click();
  await page.getByText('Task stream').waitFor();
});
