// The Overview while tasks end as fast as they can: what it costs the page, and whether that grows.

import { dash, untilDash } from '../support/page.mjs';
import { startServer } from '../support/server.mjs';
import { count, Counted, drawingSeconds, Load, median, mib, MINUTES, ms, percent } from './measure.mjs';

const SAMPLE_MS = 10_000;

export async function live(browser) {
  const server = await startServer({ guests: ['numbers'] });
  const load = new Load(server);
  try {
    const context = await browser.newContext({ viewport: { width: 1600, height: 1000 } });
    const page = await context.newPage();
    const counted = await Counted.of(page);
    const session = await browser.newBrowserCDPSession();
    await page.goto(server.origin);
    await untilDash(page, 'spans', (it) => it.spans > 50_000);
    const samples = [];
    const look = async () => [await ended(server), await counted.metrics(), await drawingSeconds(session), performance.now()];
    let [finished, before, drawn, at] = await look();
    const end = at + MINUTES * 60_000;
    while (performance.now() < end) {
      await page.waitForTimeout(Math.min(SAMPLE_MS, end - performance.now()));
      const [now, later, drawnLater, then] = await look();
      const wall = (then - at) / 1000;
      const heap = await counted.heap();
      const held = await dash(page);
      samples.push({
        perSecond: (now - finished) / wall, all: (drawnLater - drawn) / wall, task: (later.TaskDuration - before.TaskDuration) / wall,
        script: (later.ScriptDuration - before.ScriptDuration) / wall, heap, frame: held.frameMs, held: held.spans,
      });
      // A collection that was asked for is no cost of the page.
      [finished, before, drawn, at] = await look();
    }
    await context.close();
    const of = (name) => samples.map((one) => one[name]);
    const title = `Overview, live for ${MINUTES} min`;
    return [
      { what: `${title}: spans per second, median and least of 10 s`, value: `${count(median(of('perSecond')))}, ${count(Math.min(...of('perSecond')))}` },
      { what: `${title}: share of a core: renderer and compositor with all threads, main thread, script; median`, value: `${percent(median(of('all')))}, ${percent(median(of('task')))}, ${percent(median(of('script')))}` },
      { what: `${title}: drawing a frame, median`, value: ms(median(of('frame'))) },
      { what: `${title}: heap after a collection, first / largest / last`, value: `${mib(samples[0].heap)} / ${mib(Math.max(...of('heap')))} / ${mib(samples.at(-1).heap)}` },
      { what: `${title}: spans that the page keeps, first / largest / last`, value: `${count(samples[0].held)} / ${count(Math.max(...of('held')))} / ${count(samples.at(-1).held)}` },
    ];
  } finally {
    await load.stop().catch(() => undefined);
    await server.stop();
  }
}

const ended = async (server) => (await server.get('/workers')).items.reduce((sum, worker) => sum + worker.finished, 0);
