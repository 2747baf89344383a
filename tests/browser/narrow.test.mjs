// Goal: everything can be used on a screen of 360 pixels, and at 200 % zoom: nothing has to be scrolled sideways to be read.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import { browserTest, shot } from './support/browser.mjs';
import { untilDash } from './support/page.mjs';
import { fill, PLACES } from './support/places.mjs';
import { startServer } from './support/server.mjs';

const server = await startServer({ guests: ['numbers', 'hostile', 'counter', 'lab'] });
after(() => server.stop());
const run = await fill(server);

/** What makes the page wider than its window, innermost first. */
const tooWide = (page) => page.evaluate(() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const wide = [...document.body.querySelectorAll('*')].filter((one) => one.getBoundingClientRect().right > width + 1);
  return wide.slice(-3).map((one) => `${one.tagName.toLowerCase()}.${one.className} ${Math.round(one.getBoundingClientRect().right)}`);
});

for (const width of [360, 640]) {
  browserTest(`no page scrolls sideways at ${width} pixels`, async (page) => {
    for (const { name, where, ready } of PLACES(run)) {
      await page.goto(server.origin + where);
      await ready(page).first().waitFor();
      assert.deepEqual(await tooWide(page), [], where);
      if (width === 360) await shot(page, `narrow-${name}`);
    }
  }, { viewport: { width, height: 740 } });
}

browserTest('by touch: a run is opened, its timeline pinched, a task read in a drawer that covers the page, and closed', async (page, context) => {
  await page.goto(server.origin);
  await page.getByRole('link', { name: /^squares ?, failed/ }).first().tap();
  await page.getByRole('heading', { name: 'squares' }).waitFor();
  const before = await untilDash(page, 'its spans', (it) => it.spans === 42 && it.visible > 0);
  const box = await page.getByRole('application', { name: 'Timeline of the run' }).boundingBox();
  const client = await context.newCDPSession(page);
  const touch = (type, ...xs) => client.send('Input.dispatchTouchEvent', { type, touchPoints: xs.map((x, id) => ({ x: box.x + x, y: box.y + 60, id })) });
  await touch('touchStart', 150, 200);
  await touch('touchMove', 130, 220);
  await touch('touchMove', 100, 260);
  await touch('touchEnd');
  await untilDash(page, 'a closer look', (it) => it.view[1] - it.view[0] < 0.8 * (before.view[1] - before.view[0]));
  await page.getByRole('tab', { name: /^Tasks/ }).tap();
  await page.getByRole('button', { name: 'sum', exact: true }).tap();
  const drawer = page.getByRole('dialog', { name: 'Task sum' });
  await drawer.getByText('20540', { exact: true }).waitFor();
  await shot(page, 'narrow-drawer');
  const covers = await drawer.boundingBox();
  assert.ok(covers.width >= 340 && covers.x >= 0, 'as wide as the screen');
  await drawer.getByRole('button', { name: /^Close/ }).tap();
  await drawer.waitFor({ state: 'detached' });
}, { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
