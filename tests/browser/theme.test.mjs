// Goal: both themes, after the system and by choice, in style sheets and canvases; the choice is kept, nothing flashes.

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

/** What Chromium says of `brightness` below. */
const READBACK = /willReadFrequently/;

/** How bright the background of the page, and of the canvas, is: 0 to 255. */
const brightness = (page) => page.evaluate(() => {
  const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number);
  const canvas = document.querySelector('.tl-plot canvas');
  const [x, y, z] = canvas.getContext('2d').getImageData(canvas.width - 4, canvas.height - 4, 1, 1).data;
  return { body: (r + g + b) / 3, canvas: (x + y + z) / 3 };
});
const isDark = async (page) => {
  const { body, canvas } = await brightness(page);
  return body < 80 && canvas < 80;
};
const isLight = async (page) => {
  const { body, canvas } = await brightness(page);
  return body > 200 && canvas > 200;
};
const until = async (page, what, check) => {
  const end = Date.now() + 5000;
  while (!(await check(page))) assert.ok(Date.now() < end, `${what}: ${JSON.stringify(await brightness(page))}`);
};

browserTest('the page follows the system, also while it is open', async (page, _, watch) => {
  watch.expect(READBACK);
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.goto(`${server.origin}/runs/${id}`);
  await untilDash(page, 'its spans', (it) => it.spans === 42);
  await until(page, 'dark', isDark);
  await shot(page, 'run-dark');
  await page.emulateMedia({ colorScheme: 'light' });
  await until(page, 'light', isLight);
});

browserTest('a theme that was chosen goes before the system, and is kept', async (page, context, watch) => {
  watch.expect(READBACK);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto(`${server.origin}/runs/${id}`);
  await untilDash(page, 'its spans', (it) => it.spans === 42);
  const button = page.getByRole('button', { name: /^Theme: / });
  await page.getByRole('button', { name: 'Theme: auto' }).click();
  await page.getByRole('button', { name: 'Theme: light' }).click();
  await page.getByRole('button', { name: 'Theme: dark' }).waitFor();
  await until(page, 'dark', isDark);
  await page.reload();
  await untilDash(page, 'its spans', (it) => it.spans === 42);
  await until(page, 'dark after a reload', isDark);
  const other = await context.newPage();
  await other.emulateMedia({ colorScheme: 'light' });
  await other.goto(`${server.origin}/runs/${id}`);
  await untilDash(other, 'its spans', (it) => it.spans === 42);
  await until(other, 'dark in another tab', isDark);
  await button.click();
  await page.getByRole('button', { name: 'Theme: auto' }).waitFor();
  await until(page, 'light as the system is', isLight);
});

browserTest('the theme is there with the first picture of a page', async (page) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto(`${server.origin}/workers`);
  await page.evaluate(() => localStorage.setItem('wask.theme', 'dark'));
  await page.addInitScript(() => {
    const seen = (window.waskSeen = []);
    const look = () => {
      if (document.body?.firstElementChild?.children.length) seen.push(document.documentElement.dataset.theme ?? 'none');
      if (seen.length < 5) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  await page.reload();
  const seen = await untilPage(page, 'five pictures', () => window.waskSeen.length >= 5 && window.waskSeen);
  assert.deepEqual([...new Set(seen)], ['dark']);
});

browserTest('with reduced motion and forced colours everything is still there', async (page) => {
  await page.emulateMedia({ reducedMotion: 'reduce', forcedColors: 'active' });
  await page.goto(`${server.origin}/runs/${id}`);
  await untilDash(page, 'its spans', (it) => it.spans === 42 && it.visible > 0);
  await page.getByRole('button', { name: 'Retry failed' }).waitFor();
  await shot(page, 'run-forced-colours');
  const moving = await page.evaluate(() => document.getAnimations().filter((one) => one.playState === 'running' && one.effect.getComputedTiming().duration > 10).length);
  assert.equal(moving, 0, 'nothing is animated');
});
