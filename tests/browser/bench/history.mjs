// A long run that has ended: how soon it is seen, how it moves, what it costs. With as many slots as cores, and with 64 lanes.

import { availableParallelism } from 'node:os';
import { dash, untilDash } from '../support/page.mjs';
import { startServer } from '../support/server.mjs';
import { eventually } from '../support/wait.mjs';
import { count, Counted, inc, mib, ms, TASKS } from './measure.mjs';

const STEPS = 240;

export async function history(browser) {
  const rows = [];
  for (const slots of [...new Set([availableParallelism(), 64])]) rows.push(...(await look(browser, slots)));
  return rows;
}

async function look(browser, slots) {
  const server = await startServer({ guests: ['numbers'], slots });
  try {
    const id = await server.submit(inc(TASKS, 'long'));
    await eventually('the end of the long run', async () => (await server.run(id)).state !== 'running', 600_000);
    const context = await browser.newContext({ viewport: { width: 1600, height: 1000 } });
    const page = await context.newPage();
    const counted = await Counted.of(page);
    const began = performance.now();
    await page.goto(`${server.origin}/runs/${id}`);
    const first = await eventually('a first picture', async () => {
      const it = await dash(page);
      return it && it.visible > 0 ? it : null;
    }, 60_000);
    const opened = performance.now() - began;
    await eventually('the whole history', async () => (await dash(page))?.spans >= TASKS, 120_000);
    const complete = performance.now() - began;
    const frames = await move(page);
    const heap = await counted.heap();
    await context.close();
    const title = `${count(TASKS)} tasks, ${slots} slots`;
    return [
      { what: `${title}: something is drawn`, value: `${ms(first.firstPaintMs ?? opened)} after its beginning, ${ms(opened)} after the address` },
      { what: `${title}: all of it is there`, value: ms(complete) },
      { what: `${title}: drawing a frame while zooming and panning, p50 / p95 / longest`, value: `${ms(frames.frame.p50)} / ${ms(frames.frame.p95)} / ${ms(frames.frame.max)}` },
      { what: `${title}: from frame to frame meanwhile, p50 / p95 / longest`, value: `${ms(frames.gaps.p50)} / ${ms(frames.gaps.p95)} / ${ms(frames.gaps.max)}` },
      { what: `${title}: heap after a collection, without the columns of spans`, value: mib(heap) },
    ];
  } finally {
    await server.stop();
  }
}

/** Zooms in and out and pans, by an event of the wheel for each frame; the page sends them to itself, so that nothing else is waited for. */
async function move(page) {
  await untilDash(page, 'the canvas', (it) => it.visible > 0);
  return page.getByRole('application', { name: 'Timeline of the run' }).evaluate(async (canvas, steps) => {
    const [costs, gaps] = [[], []];
    let before = null;
    const box = canvas.getBoundingClientRect();
    const at = { clientX: box.left + box.width * 0.6, clientY: box.top + Math.min(60, box.height / 2), bubbles: true, cancelable: true };
    for (let step = 0; step < steps; step++) {
      const turn = step % 60;
      const wheel = turn < 25 ? { deltaY: -60, ctrlKey: true } : turn < 35 ? { deltaX: turn % 2 ? 80 : -60 } : { deltaY: 60, ctrlKey: true };
      canvas.dispatchEvent(new WheelEvent('wheel', { ...at, ...wheel }));
      const now = await new Promise((done) => requestAnimationFrame(done));
      costs.push(window.__dash.timeline().frameMs);
      if (before !== null) gaps.push(now - before);
      before = now;
    }
    const summary = (times) => {
      const sorted = times.toSorted((a, b) => a - b);
      return { p50: sorted[sorted.length >> 1], p95: sorted[Math.floor(sorted.length * 0.95)], max: sorted.at(-1) };
    };
    return { frame: summary(costs), gaps: summary(gaps) };
  }, STEPS);
}
