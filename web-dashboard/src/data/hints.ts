// What somebody should know about a run without searching for it: each hint has its numbers and says what to do. From the sums of the
// store and the last tick alone; it draws nothing.

import { bytes, count, duration, percent } from '../ui/format';
import type { Tick } from './feed';
import { windowSums } from './queries';
import type { SpanStore } from './store';

export interface Hint {
  /** The same for the same matter, so that it can be dismissed. */
  readonly id: string;
  readonly title: string;
  readonly text: string;
  /** Number of a span to show. */
  readonly span?: number;
}

const TINY_US = 1000;
const MANY = 100;
/** Overhead that is less in all is not worth a word. */
const WORTH_US = 20_000;
const STRAGGLER = 10;
/** A straggler shorter than this hurts nobody. */
const STRAGGLER_US = 50_000;
const ENOUGH = 20;
const COLD_SHARE = 0.2;
const COLD_COUNT = 20;
const LARGE_BYTES = 16 * 1024 * 1024;
const MOST = 5;

export function hintsOf(store: SpanStore, tick: Tick | null): Hint[] {
  const hints = [...idle(tick)];
  const quantiles = new Map(windowSums(store, -Infinity, Infinity).functions.map((f) => [f.function, f]));
  store.totals.forEach((total, fn) => {
    const name = store.functions[fn];
    const executed = total.count - total.states[4]!;
    if (name === undefined || executed === 0) return;
    const run = total.dur - total.startup - total.parked;
    const overhead = total.startup + total.fetch + total.store;
    if (executed >= MANY && run / executed < TINY_US && overhead > run && overhead > WORTH_US) {
      hints.push({
        id: `tiny/${name}`, title: `${name} is tiny:`,
        text: `its ${count(executed)} calls run for ${duration(run / executed)} each, beside ${duration(overhead / executed)} of fetching, starting and storing. Let one call do the work of ${count(Math.min(1000, Math.max(2, Math.ceil((10 * overhead) / Math.max(run, 1)))))}.`,
      });
    }
    const times = quantiles.get(fn);
    if (times && executed >= ENOUGH && times.max > STRAGGLER * times.p95 && times.max > STRAGGLER_US) {
      hints.push({
        id: `straggler/${name}`, title: `${name} has a straggler:`, span: total.slowest,
        text: `the longest call took ${duration(times.max)}, ${count(times.max / Math.max(1, times.p95))} times its 95th percentile (${duration(times.p95)}). Split its input, or give it a timeout and a retry.`,
      });
    }
    if (total.cold >= COLD_COUNT && total.cold > COLD_SHARE * executed) {
      hints.push({
        id: `cold/${name}`, title: `${name} starts cold:`,
        text: `${count(total.cold)} of ${count(executed)} calls (${percent(total.cold, executed)}) had to load the module first. Fewer modules in turn, or more memory for executors, keep it warm.`,
      });
    }
    if (total.outputMax > LARGE_BYTES) {
      hints.push({
        id: `large/${name}`, title: `${name} makes large results:`,
        text: `up to ${bytes(total.outputMax)}, ${bytes(total.outputBytes)} in all. Let the next task run on the same worker, or return less.`,
      });
    }
  });
  return hints.slice(0, MOST);
}

function* idle(tick: Tick | null): Iterable<Hint> {
  if (!tick) return;
  const { slots, busy, queued } = tick.server;
  if (queued > slots && busy < slots / 2) {
    yield {
      id: 'idle', title: 'Slots are idle while tasks are queued:',
      text: `${count(busy)} of ${count(slots)} slots are busy, ${count(queued)} tasks wait. Perhaps they need resources that no free worker has: a task's “why?” tells it.`,
    };
  }
}
