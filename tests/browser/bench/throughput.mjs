// What three open dashboards cost the server: `wask bench --shape map` with and without them, in turn.

import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import { LAUNCH } from '../support/launch.mjs';
import { untilDash } from '../support/page.mjs';
import { startServer } from '../support/server.mjs';
import { count, inc, median } from './measure.mjs';

const PAIRS = Number(process.env.PAIRS ?? 7);
/** Enough for some seconds: what a page costs when it opens is another question. */
const TASKS = 400_000;
/** How long pages are open before. */
const OPEN_MS = 6_000;
const run = promisify(execFile);

export async function throughput(browser) {
  const server = await startServer({ guests: ['numbers'] });
  try {
    // `wask bench` takes away what it ran; something stays, so that there is a stream to show.
    await server.ended(await server.submit(inc(1000, 'stays')));
    await bench(server);
    const rows = [await compare(server, browser, 'no dashboard, three open')];
    // What is lost even so: a browser on the same cores, and nothing in it.
    rows.push(await compare(server, browser, 'no browser page, three blank ones', ['about:blank', 'about:blank', 'about:blank']));
    // Pages that look at a server from elsewhere take nothing of its cores: here the nearest to that is a browser
    // which gets only what is left of them.
    const elsewhere = await chromium.launch({ ...LAUNCH, executablePath: await atLowestPriority(LAUNCH.executablePath) });
    try {
      rows.push(await compare(server, elsewhere, 'no dashboard, three open in a browser at the lowest priority'));
    } finally {
      await elsewhere.close();
    }
    return rows;
  } finally {
    await server.stop();
  }
}

async function compare(server, browser, what, pages = ['/', '/runs', '/workers']) {
  const [none, three] = [[], []];
  for (let pair = 0; pair < PAIRS; pair++) {
    none.push(await bench(server));
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    for (const where of pages) {
      const page = await context.newPage();
      await page.goto(new URL(where, server.origin).href);
      if (where === 'about:blank') continue;
      if (where === '/') await untilDash(page, 'spans', (it) => it.spans > 0);
      else await page.getByRole('heading', { level: 1 }).first().waitFor();
    }
    await new Promise((resolve) => setTimeout(resolve, OPEN_MS));
    three.push(await bench(server));
    await context.close();
  }
  const ratios = none.map((one, pair) => three[pair] / one);
  return {
    what: `\`wask bench --shape map --tasks ${TASKS}\`, ${PAIRS} pairs: ${what}, ratio (least to most)`,
    value: `${count(median(none))} tasks/s, ${count(median(three))} tasks/s, ${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
  };
}

/** A program that starts this one so that it yields to all others. */
async function atLowestPriority(program) {
  const wrapper = path.join(await mkdtemp(path.join(tmpdir(), 'wask-browser-')), 'browser');
  await writeFile(wrapper, `#!/bin/sh\necho 19 2>/dev/null >/proc/self/autogroup\nexec nice -n 19 '${program}' "$@"\n`, { mode: 0o700 });
  return wrapper;
}

/** Tasks per second of one map. */
async function bench(server) {
  const { stdout } = await run(server.binary, ['bench', '--shape', 'map', '--tasks', String(TASKS), '--repeat', '1', '--json', '--server', server.origin], { maxBuffer: 2 ** 24 });
  const found = /"(?:tasks_per_s|tasks_per_second|per_s)":\s*([\d.]+)/.exec(stdout);
  if (!found) throw new Error(`no throughput in ${stdout.slice(0, 400)}`);
  return Number(found[1]);
}
