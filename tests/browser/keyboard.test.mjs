// Goal: everything can be reached and used without a pointer, and the focus is never lost.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import { browserTest, shot } from './support/browser.mjs';
import { small } from './support/graphs.mjs';
import { dash, focused, untilDash, untilPage } from './support/page.mjs';
import { startServer } from './support/server.mjs';

const server = await startServer({ guests: ['numbers', 'lab'] });
after(() => server.stop());
const id = await server.submit(small);
await server.ended(id);

browserTest('`g` and a letter goes to each page, and the focus begins at its content', async (page) => {
  await page.goto(server.origin);
  await page.getByText('Task stream').waitFor();
  for (const [key, path, title] of [['r', '/runs', 'Runs'], ['w', '/workers', 'Workers'], ['m', '/modules', 'Modules'], ['s', '/sync', 'Sync & actors'], ['a', '/api', 'API'], ['o', '/', 'Overview']]) {
    await page.keyboard.press('g');
    await page.keyboard.press(key);
    await page.getByRole('heading', { name: title, level: 1 }).waitFor();
    assert.equal(new URL(page.url()).pathname, path);
    assert.match(await focused(page), /^main main/);
  }
});

browserTest('Tab reaches the skip link first, then all pages and tools, each with a ring that is seen', async (page) => {
  await page.goto(`${server.origin}/workers`);
  await page.getByText('Attempts finished').waitFor();
  const names = [];
  for (let step = 0; step < 11; step++) {
    await page.keyboard.press('Tab');
    names.push(await focused(page));
    const ring = await page.evaluate(() => {
      const style = getComputedStyle(document.activeElement);
      return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1 || style.boxShadow !== 'none';
    });
    assert.ok(ring, `a ring around ${names.at(-1)}`);
  }
  const expected = [/Skip to the content/, /Wask/, /Overview/, /Runs/, /Workers/, /Modules/, /Sync/, /API/, /Search/, /Keyboard/, /Theme/];
  expected.forEach((name, index) => assert.match(names[index], name));
  for (let step = 0; step < 10; step++) await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  assert.match(await focused(page), /^main/, 'the skip link skips');
});

browserTest('the palette finds a page, a run and a task, and gives the focus back when it is closed', async (page) => {
  await page.goto(`${server.origin}/runs`);
  const link = page.getByRole('link', { name: 'squares' });
  await link.focus();
  await page.keyboard.press('Control+k');
  const palette = page.getByRole('dialog', { name: 'Search and commands' });
  await palette.getByRole('combobox').waitFor();
  await page.keyboard.press('Escape');
  await palette.waitFor({ state: 'detached' });
  await untilPage(page, 'the focus back where it was', () => document.activeElement?.textContent === 'squares');
  // Who knows what they want does not wait for the field.
  await page.keyboard.press('Control+k');
  await page.keyboard.type('workers');
  await page.getByRole('option', { name: /^Workers/, selected: true }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Workers' }).waitFor();
  await page.keyboard.press('Control+k');
  await palette.getByRole('combobox').waitFor();
  await page.keyboard.type('squares');
  await page.getByRole('option', { name: /squares/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'squares' }).waitFor();
  await page.keyboard.press('Control+k');
  await palette.getByRole('combobox').waitFor();
  await page.keyboard.type('sq[5]');
  await page.getByRole('option', { name: /Open task sq\[5\]/ }).waitFor();
  for (let step = 0; step < 20 && !(await page.getByRole('option', { name: /Open task/, selected: true }).count()); step++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Task sq[5]' }).waitFor();
});

browserTest('`?` shows the keys, and they can be switched off', async (page) => {
  await page.goto(`${server.origin}/runs`);
  await page.getByRole('link', { name: 'squares' }).focus();
  await page.keyboard.press('?');
  const sheet = page.getByRole('dialog', { name: 'Keyboard and pointer' });
  await sheet.getByText('command palette').waitFor();
  await page.keyboard.press('Escape');
  await sheet.waitFor({ state: 'detached' });
  await untilPage(page, 'the focus back where it was', () => document.activeElement?.textContent === 'squares');
  await page.keyboard.press('?');
  await sheet.getByRole('checkbox').focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog', { name: 'Search and commands' }).waitFor();
  assert.equal(await sheet.count(), 0, 'single keys are off, Ctrl K is not');
});

browserTest('a task is opened from the table by Enter, read, and Escape gives the focus back to its row', async (page) => {
  await page.goto(`${server.origin}/runs/${id}?tab=tasks`);
  const row = page.getByRole('button', { name: 'sum', exact: true });
  await row.focus();
  await page.keyboard.press('Enter');
  const drawer = page.getByRole('dialog', { name: 'Task sum' });
  await drawer.getByText('20540', { exact: true }).waitFor();
  await untilPage(page, 'the focus in the drawer', () => document.querySelector('[role=dialog]').contains(document.activeElement));
  await page.keyboard.press('Tab');
  assert.ok(await page.evaluate(() => document.querySelector('[role=dialog]').contains(document.activeElement)));
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'detached' });
  await untilPage(page, 'the focus back on its row', () => document.activeElement?.tagName === 'BUTTON' && document.activeElement.textContent === 'sum');
});

browserTest('tabs are one stop with arrows between them, numbers choose them, and `/` goes to the search', async (page) => {
  await page.goto(`${server.origin}/runs/${id}`);
  await page.getByRole('tab', { name: 'Timeline' }).focus();
  await page.keyboard.press('ArrowRight');
  await page.getByRole('tab', { name: 'Graph', selected: true }).waitFor();
  assert.match(await focused(page), /Graph/);
  await page.keyboard.press('End');
  await page.getByRole('tab', { name: 'Logs', selected: true }).waitFor();
  await page.keyboard.press('3');
  await page.getByRole('tab', { name: /^Tasks/, selected: true }).waitFor();
  await page.getByRole('button', { name: 'sq[0]', exact: true }).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('3');
  assert.equal(await page.getByRole('searchbox').inputValue(), '3');
  await page.getByRole('tab', { name: /^Tasks/, selected: true }).waitFor();
});

browserTest('the timeline zooms, pans, walks and fits by keys', async (page) => {
  await page.goto(`${server.origin}/runs/${id}`);
  await untilDash(page, 'its spans', (it) => it.spans === 42);
  await page.getByRole('application', { name: 'Timeline of the run' }).focus();
  await page.keyboard.press('0');
  const whole = await untilDash(page, 'the whole', (it) => it.visible === 42);
  const wide = (it) => it.view[1] - it.view[0];
  await page.keyboard.press('w');
  await page.keyboard.press('+');
  const near = await untilDash(page, 'a closer look', (it) => wide(it) < 0.8 * wide(whole));
  await page.keyboard.press('d');
  const right = await untilDash(page, 'a later window', (it) => it.view[0] > near.view[0]);
  await page.keyboard.press('ArrowLeft');
  await untilDash(page, 'an earlier window', (it) => it.view[0] < right.view[0]);
  await page.keyboard.press('.');
  const first = await untilDash(page, 'a task', (it) => it.selected >= 0);
  await page.getByRole('dialog', { name: /^Task / }).waitFor();
  assert.match(await focused(page), /^canvas/, 'the canvas keeps the focus while one walks');
  await untilPage(page, 'the key of the task', () => new URL(location.href).searchParams.has('key'));
  await page.keyboard.press('.');
  await untilDash(page, 'the next task', (it) => it.selected !== first.selected);
  await page.keyboard.press('Enter');
  await untilPage(page, 'the focus in the drawer', () => document.querySelector('[role=dialog]')?.contains(document.activeElement));
  await page.keyboard.press('Escape');
  await untilPage(page, 'the focus back on the canvas', () => document.activeElement?.getAttribute('role') === 'application');
  await page.keyboard.press('0');
  await untilDash(page, 'the whole', (it) => Math.abs(wide(it) - wide(whole)) < 0.05 * wide(whole));
  await shot(page, 'timeline-keys');
});

browserTest('the graph is walked by keys, from a function to its tasks to one of them', async (page) => {
  await page.goto(`${server.origin}/runs/${id}?tab=graph`);
  const box = page.getByRole('button', { name: /numbers\/square/ }).first();
  await box.focus();
  await page.keyboard.press('Enter');
  await untilDash(page, 'tasks', (it) => it.tasks === 43, 'graph');
  await page.getByRole('application', { name: /^Graph of/ }).focus();
  const before = await dash(page, 'graph');
  await page.keyboard.press('w');
  await untilDash(page, 'a closer look', (it) => it.scale > before.scale, 'graph');
  await page.keyboard.press('.');
  await page.getByRole('dialog', { name: /^Task / }).waitFor();
  await page.keyboard.press('f');
  await page.getByText(/tasks? around the selected one/).waitFor();
  await shot(page, 'graph-around');
});

browserTest('who walks quickly on a slow network stays where the last key went', async (page) => {
  const marks = await server.submit({ name: 'marks', tasks: { fail: { call: 'lab/fail_multiples', map: { range: [1, 61] }, args: [{ $item: 0 }, 20], cache: false } } });
  await server.ended(marks);
  await page.goto(`${server.origin}/runs/${marks}`);
  await untilDash(page, 'marks', (it) => it.spans === 60 && it.failures > 0);
  // The name of the first task comes at once, its details later, the name of the second one last.
  let release = () => undefined;
  const held = new Promise((done) => (release = done));
  let names = 0;
  let details = () => undefined;
  const detailed = new Promise((done) => (details = done));
  await page.route('**/names?*', async (route) => {
    if (names++ > 0) await held;
    await route.continue();
  });
  await page.route(/\/tasks\/fail[^/]*$/, async (route) => {
    await detailed;
    await route.continue();
  });
  await page.getByRole('application', { name: 'Timeline of the run' }).focus();
  await page.keyboard.press('e');
  await untilPage(page, 'the first key', () => new URL(location.href).searchParams.has('key'));
  const first = (await dash(page)).selected;
  await page.keyboard.press('e');
  const second = (await untilDash(page, 'the second failure', (it) => it.selected !== first)).selected;
  const answered = page.waitForResponse(/\/tasks\/fail[^/]*$/);
  details();
  await answered;
  const named = page.waitForResponse(/\/names\?/);
  release();
  await named;
  await page.getByRole('dialog', { name: /^Task fail/ }).getByText('is a multiple of').first().waitFor();
  assert.equal((await dash(page)).selected, second);
});
