// Sums by function over the spans that are kept: how many ended how, and where their time went. Spans are added and, in a ring,
// taken away again by the chunk.

import { Flag, type Columns } from './block';

export interface FunctionTotals {
  count: number;
  /** By state, as in `State`. */
  readonly states: Float64Array;
  /** Sums of microseconds. */
  dur: number;
  queue: number;
  fetch: number;
  startup: number;
  parked: number;
  store: number;
  /** Executors that had to load the module. */
  cold: number;
  outputBytes: number;
  /** Largest of all that were ever added. */
  outputMax: number;
  durMax: number;
  /** Span with the largest `dur`, by number. */
  slowest: number;
}

export const newTotals = (): FunctionTotals => ({
  count: 0, states: new Float64Array(5), dur: 0, queue: 0, fetch: 0, startup: 0, parked: 0, store: 0, cold: 0,
  outputBytes: 0, outputMax: 0, durMax: 0, slowest: -1,
});

/** Adds (`sign` 1) or takes away (-1) rows `from..to`; `first` is the number of row 0. */
export function tally(totals: FunctionTotals[], columns: Columns, from: number, to: number, first: number, sign: 1 | -1): void {
  for (let i = from; i < to; i++) {
    const f = columns.function[i]!;
    let sum = totals[f];
    if (!sum) {
      while (totals.length <= f) totals.push(newTotals());
      sum = totals[f]!;
    }
    sum.count += sign;
    sum.states[columns.state[i]!]! += sign;
    sum.dur += sign * columns.dur[i]!;
    sum.queue += sign * columns.queue[i]!;
    sum.fetch += sign * columns.fetch[i]!;
    sum.startup += sign * columns.startup[i]!;
    sum.parked += sign * columns.parked[i]!;
    sum.store += sign * columns.store[i]!;
    sum.outputBytes += sign * columns.output[i]!;
    if (columns.flags[i]! & Flag.cold) sum.cold += sign;
    if (sign < 0) continue;
    if (columns.output[i]! > sum.outputMax) sum.outputMax = columns.output[i]!;
    if (columns.dur[i]! > sum.durMax) {
      sum.durMax = columns.dur[i]!;
      sum.slowest = first + i;
    }
  }
}
