// Goal: no page, tab, drawer or dialog has a fault that axe-core can find, in either theme.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after } from 'node:test';
import { browserTest, shot } from './support/browser.mjs';
import { fill, PLACES } from './support/places.mjs';
import { startServer } from './support/server.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const server = await startServer({ guests: ['numbers', 'counter'] });
after(() => server.stop());
const run = await fill(server);

/** What axe finds, one line for each element. The source is evaluated by the browser's protocol: the page's policy lets no script in. */
async function faults(page) {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const found = await window.axe.run(document, { resultTypes: ['violations'] });
    return found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id} (${rule.impact}): ${node.target.join(' ')}: ${node.any[0]?.message ?? rule.help}`));
  });
}

for (const colorScheme of ['light', 'dark']) {
  browserTest(`every page and tab is without a fault, ${colorScheme}`, async (page) => {
    const all = [];
    for (const { name, where, ready } of PLACES(run)) {
      await page.goto(server.origin + where);
      await ready(page).first().waitFor();
      all.push(...(await faults(page)).map((one) => `${where}: ${one}`));
      await shot(page, `${colorScheme}-${name}`);
    }
    assert.deepEqual(all, []);
  }, { colorScheme });

  browserTest(`palette, key sheet, menu and question are without a fault, ${colorScheme}`, async (page) => {
    const all = [];
    const look = async (what) => {
      all.push(...(await faults(page)).map((one) => `${what}: ${one}`));
      await shot(page, `${colorScheme}-${what}`);
    };
    await page.goto(`${server.origin}/runs/${run}`);
    await page.getByText('42 attempts').waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog', { name: 'Search and commands' }).getByRole('combobox').fill('sq');
    await page.getByRole('option', { name: /squares/ }).waitFor();
    await look('palette');
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard and pointer' }).waitFor();
    await look('keys');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Table' }).click();
    await page.getByRole('button', { name: 'Export' }).click();
    await page.getByRole('menuitem').first().waitFor();
    await look('menu-and-table');
    await page.getByRole('menuitem', { name: /^Delete the run/ }).click();
    await page.getByRole('dialog', { name: 'Delete this run?' }).waitFor();
    await look('question');
    assert.deepEqual(all, []);
  }, { colorScheme });
}

browserTest('axe finds a fault where one is put', async (page) => {
  await page.goto(`${server.origin}/workers`);
  await page.getByText('Attempts finished').waitFor();
  await page.evaluate(() => document.querySelector('main').append(document.createElement('button')));
  assert.match((await faults(page)).join('\n'), /button-name/);
});
