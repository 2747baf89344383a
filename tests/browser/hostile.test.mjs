// Goal: what others wrote - keys, names, messages, results, logs - is text wherever it is shown, also in what is exported.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { browserTest, shot } from './support/browser.mjs';
import { ARTIFACTS } from './support/launch.mjs';
import { untilDash } from './support/page.mjs';
import { startServer } from './support/server.mjs';

const server = await startServer({ guests: ['lab', 'hostile'] });
after(() => server.stop());

const IMAGE = '<img src=x onerror=alert(1)>';
const TURNED = '\u202egnp.exe\u202c';
const SCRIPT = `</script><script>alert(2)</script><!--\u001b[31m${TURNED} & "quoted" '${IMAGE}`;
/** How it ends, whatever is made of its middle by the server or the page. */
const END = `& "quoted" '${IMAGE}`;
const RUN = `${IMAGE}${TURNED}`;
const shown = (text) => text.replaceAll('\u202e', '⟨U+202E⟩').replaceAll('\u202c', '⟨U+202C⟩').replaceAll('\u001b', '␛');

const id = await server.submit({
  name: RUN,
  tasks: {
    [IMAGE]: { call: 'hostile/fails', args: [SCRIPT], cache: false },
    [`turned${TURNED}`]: { call: 'lab/same_text', args: [SCRIPT], keep: true },
    logs: { call: 'hostile/log_line', args: [SCRIPT] },
    '${alert(3)}': { call: 'lab/panic_with', args: [SCRIPT] },
  },
});
await server.ended(id);
await server.api('POST', `/sync/queues/${encodeURIComponent(RUN)}/put`, { value: SCRIPT });
await server.api('PUT', `/sync/variables/${encodeURIComponent(RUN)}`, { value: SCRIPT });
await server.api('POST', `/sync/topics/${encodeURIComponent(RUN)}`, { value: SCRIPT });

/** What became an element, or has a character that turns its neighbours around: in texts, in the title, in what is only heard or hovered. */
async function faults(page, where) {
  const found = await page.evaluate(() => {
    const turns = /[\u202a-\u202e\u2066-\u2069\u001b]/;
    const elements = [...document.querySelectorAll('img[src=x], [onerror]')].map((one) => one.outerHTML);
    const scripts = [...document.scripts].filter((one) => one.textContent.includes('alert') && one.type !== 'application/json').map((one) => `script ${one.textContent.slice(0, 80)}`);
    const texts = document.body.innerText.split('\n').filter((one) => turns.test(one)).map((one) => `text ${one}`);
    const attributes = ['title', 'aria-label', 'aria-valuetext'].flatMap((name) => [...document.querySelectorAll(`[${name}]`)]
      .filter((one) => turns.test(one.getAttribute(name))).map((one) => `${one.tagName.toLowerCase()}.${one.getAttribute('class')} ${name}`));
    return [...elements, ...scripts, ...texts, ...attributes, ...(turns.test(document.title) ? ['document.title'] : [])];
  });
  return [...new Set(found)].map((one) => `${where}: ${one}`);
}

const verify = async (page, where) => assert.deepEqual(await faults(page, where), []);

browserTest('markup and control characters of guests are text on every page', async (page, _context, watch) => {
  // Two of these addresses name what is not there.
  watch.expect(/console: .*404/);
  const places = [
    ['/', shown(RUN)], ['/runs', shown(RUN)], [`/runs/${id}`, shown(RUN)], [`/runs/${id}?tab=graph`, '4 functions'], [`/runs/${id}?tab=tasks`, IMAGE],
    [`/runs/${id}?tab=tasks&tasks=${encodeURIComponent(IMAGE)}`, IMAGE], [`/runs/${id}?tab=failures`, END], [`/runs/${id}?tab=logs`, END],
    [`/runs/${id}?key=${encodeURIComponent(IMAGE)}`, END], [`/runs/${id}?key=${encodeURIComponent(`turned${TURNED}`)}`, `turned${shown(TURNED)}`],
    [`/runs/${id}?key=logs`, END], [`/runs/${id}?key=${encodeURIComponent('${alert(3)}')}`, END],
    ['/sync?tab=queues', shown(RUN)], ['/sync?tab=variables', shown(RUN)], ['/sync?tab=topics', shown(RUN)],
    [`/modules/${encodeURIComponent(RUN)}`, shown(RUN)], [`/runs/${encodeURIComponent(RUN)}`, ''],
    [`/runs?name=${encodeURIComponent(IMAGE)}`, shown(RUN)], [`/api?q=${encodeURIComponent(IMAGE)}`, 'No operation fits'],
  ];
  const all = [];
  for (const [where, words] of places) {
    await page.goto(server.origin + where);
    if (words) await page.getByText(words).first().waitFor();
    else await page.getByRole('alert').first().waitFor();
    all.push(...(await faults(page, where)));
  }
  await page.goto(`${server.origin}/runs/${id}?tab=failures`);
  await page.locator('summary').first().click();
  await shot(page, 'hostile-failures');
  all.push(...(await faults(page, 'an opened failure')));
  assert.deepEqual(all, []);
});

browserTest('palette, tooltip, questions and messages show such names as text', async (page) => {
  await page.goto(`${server.origin}/runs/${id}`);
  await untilDash(page, 'its spans', (it) => it.spans >= 4);
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog', { name: 'Search and commands' }).waitFor();
  await page.keyboard.type('<img');
  await page.getByRole('option', { name: /onerror/ }).first().waitFor();
  await verify(page, 'the palette');
  await page.keyboard.press('Escape');
  const canvas = page.getByRole('application', { name: 'Timeline of the run' });
  await canvas.focus();
  await page.keyboard.press('e');
  await page.keyboard.press('f');
  await page.getByRole('dialog', { name: /^Task/ }).getByText('alert(2)').first().waitFor();
  await page.getByRole('button', { name: 'Table' }).click();
  await page.getByRole('button', { name: IMAGE }).first().waitFor();
  await verify(page, 'the table of the window');
  await page.goto(`${server.origin}/sync?tab=queues`);
  await page.getByRole('tabpanel').getByRole('button', { name: /^Delete/ }).click();
  const question = page.getByRole('dialog');
  await question.getByText('Its items go').waitFor();
  await verify(page, 'a question');
  await question.getByRole('button', { name: 'Keep it' }).click();
});

browserTest('an exported report with such texts runs no script of them', async (page) => {
  const report = await server.get(`/runs/${id}/report`);
  const file = path.join(ARTIFACTS, 'hostile-report.html');
  await writeFile(file, report);
  await page.goto(pathToFileURL(file).href);
  await page.getByRole('heading', { name: shown(RUN) }).waitFor();
  await page.locator('details', { hasText: 'alert' }).first().locator('summary').click();
  await page.locator('details[open] pre').getByText('alert(2)').first().waitFor();
  await verify(page, 'the report');
  await shot(page, 'hostile-report', { fullPage: true });
});

browserTest('an exported graph with such texts, opened as a page, runs no script of them', async (page) => {
  const svg = await server.get(`/runs/${id}/graph?format=svg&by=node`);
  const file = path.join(ARTIFACTS, 'hostile-graph.svg');
  await writeFile(file, svg);
  await page.goto(pathToFileURL(file).href);
  assert.equal(await page.evaluate(() => document.querySelectorAll('script, img, foreignObject, [onerror], [onload]').length), 0);
  assert.match(await page.evaluate(() => document.documentElement.textContent), /onerror=alert\(1\)/);
});

test('bytes that call themselves HTML are never a page of the server', async () => {
  const object = await server.api('POST', '/objects', '<script>alert(4)</script>', { 'content-type': 'text/html' });
  const { headers } = await fetch(`${server.origin}/api/v1/objects/${object.id}`);
  const isInert = /sandbox|default-src 'none'/.test(headers.get('content-security-policy') ?? '') || /attachment/.test(headers.get('content-disposition') ?? '');
  assert.ok(isInert, JSON.stringify([...headers]));
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
});
