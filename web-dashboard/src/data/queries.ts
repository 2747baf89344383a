// Questions to the store: what lies at a point, what happened in a window, where the next failure is. Nothing here changes the store.

import { Flag, State, type Columns } from './block';
import { isFailure, type Chunk } from './chunk';
import { lowerBound, type LaneIndex } from './laneindex';
import { quantile } from './quantile';
import type { SpanStore } from './store';

/** Which index of a chunk is asked. */
export type IndexOf = (chunk: Chunk) => LaneIndex;

/** Number of the span of `lane` at `time`, the latest begun of several, or -1. Spans as far as `slack` away count too. */
export function spanAt(store: SpanStore, indexOf: IndexOf, lane: number, time: number, slack: number, parked = false): number {
  let found = -1;
  let best = Infinity;
  for (const chunk of store.chunks) {
    const local = time - store.shiftOf(chunk);
    if (local < chunk.tMin - slack || local > chunk.tMax + slack) continue;
    const index = indexOf(chunk);
    if (lane >= index.lanes) continue;
    const { start, dur } = chunk.columns;
    const order = parked ? index.parkedOrder : index.order;
    const offsets = parked ? index.parkedOffsets : index.offsets;
    const longest = (parked ? index.parkedLongest : index.laneLongest)[lane]!;
    const from = offsets[lane]!;
    for (let at = lowerBound(chunk.columns, order, from, offsets[lane + 1]!, local + slack, true) - 1; at >= from; at--) {
      const i = order[at]!;
      if (start[i]! < local - slack - longest) break;
      const away = Math.max(0, start[i]! - local, local - start[i]! - dur[i]!);
      if (away > slack || away >= best) continue;
      best = away;
      found = chunk.first + i;
      if (away === 0) break;
    }
    if (best === 0) break;
  }
  return found;
}

/** Number of the span of `lane` that begins next after (`step` 1) or before (-1) span `number`, or -1. */
export function neighbour(store: SpanStore, indexOf: IndexOf, lane: number, number: number, step: 1 | -1): number {
  const here = store.row(number);
  if (!here) return -1;
  return nearest(store, here.start, number, step, (chunk) => {
    const index = indexOf(chunk);
    if (lane >= index.lanes) return null;
    return { order: index.order, from: index.offsets[lane]!, to: index.offsets[lane + 1]! };
  });
}

/** Number of the failure that begins next after or before (`time`, `number`), or -1. */
export function nextFailure(store: SpanStore, time: number, number: number, step: 1 | -1): number {
  return nearest(store, time, number, step, (chunk) => {
    const order = chunk.failures();
    return { order, from: 0, to: order.length };
  });
}

/** The latest span of each of these tasks, as far as they are kept. */
export function spansOfTasks(store: SpanStore, tasks: ReadonlySet<number>, run = -1): Map<number, number> {
  const found = new Map<number, number>();
  for (let n = store.chunks.length - 1; n >= 0 && found.size < tasks.size; n--) {
    const chunk = store.chunks[n]!;
    const { task, run: runs } = chunk.columns;
    for (let i = chunk.count - 1; i >= 0; i--) {
      const place = task[i]!;
      if (tasks.has(place) && !found.has(place) && (run < 0 || !runs || runs[i] === run)) found.set(place, chunk.first + i);
    }
  }
  return found;
}

interface Stretch {
  readonly order: Uint16Array;
  readonly from: number;
  readonly to: number;
}

/** The one next to (`time`, `number`) in the order of start and number, among the stretches of all chunks. */
function nearest(store: SpanStore, time: number, number: number, step: 1 | -1, stretchOf: (chunk: Chunk) => Stretch | null): number {
  let found = -1;
  let foundStart = step * Infinity;
  for (const chunk of store.chunks) {
    const stretch = stretchOf(chunk);
    if (!stretch) continue;
    const shift = store.shiftOf(chunk);
    const { start } = chunk.columns;
    const begin = lowerBound(chunk.columns, stretch.order, stretch.from, stretch.to, time - shift);
    const after = (i: number): number => start[i]! + shift - time || chunk.first + i - number;
    let at = step > 0 ? begin : Math.min(stretch.to - 1, begin);
    // Those that begin at the same instant are told apart by number.
    if (step < 0) while (at + 1 < stretch.to && after(stretch.order[at + 1]!) < 0) at++;
    for (; at >= stretch.from && at < stretch.to; at += step) {
      const i = stretch.order[at]!;
      if (after(i) * step <= 0) continue;
      const begun = start[i]! + shift;
      const other = chunk.first + i;
      if ((begun - foundStart || other - found) * step < 0 || found < 0) {
        found = other;
        foundStart = begun;
      }
      if (at + step < stretch.from || at + step >= stretch.to || start[stretch.order[at + step]!]! !== start[i]!) break;
    }
  }
  return found;
}

export interface FunctionInWindow {
  readonly function: number;
  readonly count: number;
  readonly failed: number;
  readonly busyUs: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

export interface Window {
  readonly count: number;
  /** Attempts that failed, those that were tried again among them. */
  readonly failed: number;
  readonly retried: number;
  /** Microseconds of slots in use inside the window. */
  readonly busyUs: number;
  /** Most time first. */
  readonly functions: readonly FunctionInWindow[];
}

/** Time inside the guest. */
export const runTime = (columns: Columns, i: number): number => Math.max(0, columns.dur[i]! - columns.startup[i]! - columns.parked[i]!);

/** Sums over the spans that overlap `from..to`; quantiles are of the time inside the guest, exact. */
export function windowSums(store: SpanStore, from: number, to: number, only = -1): Window {
  let retried = 0;
  const by = new Map<number, { count: number; failed: number; busy: number; runs: Float32Array }>();
  for (const chunk of store.chunks) {
    const begin = from - store.shiftOf(chunk);
    const end = to - store.shiftOf(chunk);
    if (chunk.tMax < begin || chunk.tMin > end) continue;
    const { start, dur, parked, flags, state, function: functions } = chunk.columns;
    for (let i = 0; i < chunk.count; i++) {
      const a = start[i]!;
      const b = a + dur[i]!;
      if (a > end || b < begin) continue;
      const f = functions[i]!;
      if (only >= 0 && f !== only) continue;
      let sum = by.get(f);
      if (!sum) by.set(f, (sum = { count: 0, failed: 0, busy: 0, runs: new Float32Array(64) }));
      if (sum.count === sum.runs.length) {
        const larger = new Float32Array(2 * sum.count);
        larger.set(sum.runs);
        sum.runs = larger;
      }
      sum.runs[sum.count++] = runTime(chunk.columns, i);
      if (isFailure(state[i]!)) sum.failed++;
      if (state[i] === State.retried) retried++;
      const share = flags[i]! & Flag.parked && dur[i]! > 0 ? Math.max(0, 1 - parked[i]! / dur[i]!) : 1;
      sum.busy += (Math.min(b, end) - Math.max(a, begin)) * share;
    }
  }
  const functions = [...by].map(([f, sum]): FunctionInWindow => {
    const runs = sum.runs.subarray(0, sum.count);
    return {
      function: f, count: sum.count, failed: sum.failed, busyUs: sum.busy,
      p50: quantile(runs, 0.5), p95: quantile(runs, 0.95), max: quantile(runs, 1),
    };
  });
  functions.sort((a, b) => b.busyUs - a.busyUs || a.function - b.function);
  const add = (of: (f: FunctionInWindow) => number): number => functions.reduce((sum, f) => sum + of(f), 0);
  return { count: add((f) => f.count), failed: add((f) => f.failed), retried, busyUs: add((f) => f.busyUs), functions };
}
