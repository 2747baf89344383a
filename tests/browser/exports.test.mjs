// Goal: what is exported can be used without the server: the trace in Chrome's viewer, the tasks in a sheet, the report in a browser.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after } from 'node:test';
import { pathToFileURL } from 'node:url';
import { browserTest, shot } from './support/browser.mjs';
import { small } from './support/graphs.mjs';
import { ARTIFACTS } from './support/launch.mjs';
import { untilDash } from './support/page.mjs';
import { startServer } from './support/server.mjs';

const server = await startServer({ guests: ['numbers'] });
after(() => server.stop());
const id = await server.submit(small);
await server.ended(id);

/** What the menu gives under this name. */
async function exported(page, name) {
  await page.goto(`${server.origin}/runs/${id}`);
  await page.getByText('42 attempts').waitFor();
  await page.getByRole('button', { name: 'Export' }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name }).click()]);
  const file = path.join(ARTIFACTS, download.suggestedFilename());
  await download.saveAs(file);
  return { file, name: download.suggestedFilename(), text: await readFile(file, 'utf8') };
}

browserTest('the trace has a track for each slot, an event for each attempt, and arrows between tasks', async (page) => {
  const { name, text } = await exported(page, /^Perfetto trace/);
  assert.equal(name, `run-${id}.trace.json`);
  const trace = JSON.parse(text);
  const events = Array.isArray(trace) ? trace : trace.traceEvents;
  const tracks = events.filter((event) => event.ph === 'M' && event.name === 'thread_name');
  const spans = events.filter((event) => event.ph === 'X');
  const used = new Set(spans.map((event) => `${event.pid}/${event.tid}`));
  assert.equal(new Set(tracks.map((event) => `${event.pid}/${event.tid}`)).size, tracks.length, 'no track is named twice');
  assert.ok(tracks.length >= 1 && tracks.length <= 2, `a track for each slot: ${JSON.stringify(tracks)}`);
  for (const track of used) assert.ok(tracks.some((event) => `${event.pid}/${event.tid}` === track), `${track} has a name`);
  for (const key of ['sq[0]', 'sq[39]', 'sum', 'bad']) assert.ok(spans.some((event) => JSON.stringify(event).includes(`"${key}"`)), `${key} is there`);
  for (const event of spans) assert.ok(event.dur >= 0 && Number.isFinite(event.ts), JSON.stringify(event));
  const begins = new Map(events.filter((event) => event.ph === 's').map((event) => [event.id, event]));
  const ends = events.filter((event) => event.ph === 'f');
  assert.equal(ends.length, 40, 'an arrow from each square to the sum');
  for (const end of ends) assert.ok(begins.get(end.id)?.ts <= end.ts, 'an arrow goes forward in time');
});

browserTest('the CSV has a line for each task under a head', async (page) => {
  const { name, text } = await exported(page, /^Tasks as CSV/);
  assert.equal(name, `run-${id}.csv`);
  const lines = text.trim().split('\n');
  assert.equal(lines.length, 1 + 43);
  assert.match(lines[0], /^key,|,key,/);
  assert.equal(lines.filter((line) => line.includes('numbers/square')).length, 40);
  assert.equal(lines.filter((line) => /\bfailed\b/.test(line)).length, 1);
});

browserTest('the graph is drawn as an SVG that is well-formed', async (page) => {
  const { text } = await exported(page, /^Graph as SVG/);
  const fault = await page.evaluate((svg) => new DOMParser().parseFromString(svg, 'image/svg+xml').querySelector('parsererror')?.textContent ?? null, text);
  assert.equal(fault, null);
  assert.match(text, /square/);
});

browserTest('the report opens from disk, asks nobody, and shows what the run was', async (page, _, watch) => {
  const { file } = await exported(page, /^Report/);
  const before = watch.requests.length;
  await page.goto(pathToFileURL(file).href);
  await page.getByRole('heading', { name: 'squares' }).waitFor();
  const figures = page.locator('.report-figures');
  assert.match(await figures.innerText(), /Run\s*failed\s*Tasks\s*43\s*/i);
  assert.match(await figures.innerText(), /succeeded\s*41/i);
  assert.match(await figures.innerText(), /failed\s*1\s*aborted\s*1/i);
  await untilDash(page, 'its spans', (it) => it.spans === 42 && it.visible > 0 && it.failures > 0);
  await page.getByText('cannot divide 7 by 0').first().waitFor();
  await page.getByRole('button', { name: 'sq[7]', exact: true }).first().click();
  await page.getByRole('heading', { name: /^sq\[7\]/ }).waitFor();
  await shot(page, 'report', { fullPage: true });
  const asked = watch.requests.slice(before).filter((url) => !url.startsWith('file:') && !url.startsWith('data:'));
  assert.deepEqual(asked, []);
}, { acceptDownloads: true });
