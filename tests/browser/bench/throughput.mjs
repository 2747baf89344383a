// What three open dashboards cost the server: `wask bench --shape map` with and without them, in turn.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
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
    const [none, three] = [[], []];
    // `wask bench` takes away what it ran; something stays, so that there is a stream to show.
    await server.ended(await server.submit(inc(1000, 'stays')));
    await bench(server);
    for (let pair = 0; pair < PAIRS; pair++) {
      none.push(await bench(server));
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
      for (const where of ['/', '/runs', '/workers']) {
        const page = await context.newPage();
        await page.goto(server.origin + where);
        if (where === '/') await untilDash(page, 'spans', (it) => it.spans > 0);
        else await page.getByRole('heading', { level: 1 }).first().waitFor();
      }
      await new Promise((resolve) => setTimeout(resolve, OPEN_MS));
      three.push(await bench(server));
      await context.close();
    }
    const ratios = none.map((one, pair) => three[pair] / one);
    return [{
      what: `\`wask bench --shape map --tasks ${TASKS}\`, ${PAIRS} pairs: no dashboard, three open, ratio (least to most)`,
      value: `${count(median(none))} tasks/s, ${count(median(three))} tasks/s, ${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
    }];
  } finally {
    await server.stop();
  }
}

/** Tasks per second of one map. */
async function bench(server) {
  const { stdout } = await run(server.binary, ['bench', '--shape', 'map', '--tasks', String(TASKS), '--repeat', '1', '--json', '--server', server.origin], { maxBuffer: 2 ** 24 });
  const found = /"(?:tasks_per_s|tasks_per_second|per_s)":\s*([\d.]+)/.exec(stdout);
  if (!found) throw new Error(`no throughput in ${stdout.slice(0, 400)}`);
  return Number(found[1]);
}
