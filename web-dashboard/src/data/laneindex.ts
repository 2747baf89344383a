// Which spans of a chunk lie in which lane, each lane sorted by start: a counting sort. Parked spans overlap others of their slot,
// so they have lists of their own and never disturb a search.

import { Flag, type Columns } from './block';
import { orderBy } from './sort';

/** Spans in `order` that share one entry of `longest`. */
export const GROUP = 64;

export interface LaneIndex {
  /** Lanes that are counted; spans of other lanes are not in it. */
  readonly lanes: number;
  /** Spans of lane `n`: `order[offsets[n] .. offsets[n + 1]]`. */
  readonly offsets: Uint32Array;
  readonly order: Uint16Array;
  /** Longest `dur` per lane: how far back a search has to look. */
  readonly laneLongest: Float32Array;
  /** Longest `dur` of each `GROUP` positions in `order`. */
  readonly longest: Float32Array;
  readonly parkedOffsets: Uint32Array;
  readonly parkedOrder: Uint16Array;
  readonly parkedLongest: Float32Array;
}

export type LaneOf = (columns: Columns, i: number) => number;

/** Positions by start, for whoever needs them in that order: valid until the next sort. */
export function byStart(columns: Columns, count: number): Uint32Array {
  let least = Infinity;
  let most = -Infinity;
  for (let i = 0; i < count; i++) {
    const start = columns.start[i]!;
    if (start < least) least = start;
    if (start > most) most = start;
  }
  const { start } = columns;
  return orderBy((i) => start[i]!, count, least, most);
}

export function buildLaneIndex(columns: Columns, count: number, lanes: number, laneOf: LaneOf): LaneIndex {
  const offsets = new Uint32Array(lanes + 1);
  const parkedOffsets = new Uint32Array(lanes + 1);
  const laneLongest = new Float32Array(lanes);
  const parkedLongest = new Float32Array(lanes);
  for (let i = 0; i < count; i++) {
    const lane = laneOf(columns, i);
    if (lane >= lanes) continue;
    const parked = (columns.flags[i]! & Flag.parked) !== 0;
    (parked ? parkedOffsets : offsets)[lane + 1]!++;
    const longest = parked ? parkedLongest : laneLongest;
    if (columns.dur[i]! > longest[lane]!) longest[lane] = columns.dur[i]!;
  }
  for (let lane = 0; lane < lanes; lane++) {
    offsets[lane + 1]! += offsets[lane]!;
    parkedOffsets[lane + 1]! += parkedOffsets[lane]!;
  }
  const order = new Uint16Array(offsets[lanes]!);
  const parkedOrder = new Uint16Array(parkedOffsets[lanes]!);
  const next = offsets.slice();
  const parkedNext = parkedOffsets.slice();
  const sorted = byStart(columns, count);
  for (let at = 0; at < count; at++) {
    const i = sorted[at]!;
    const lane = laneOf(columns, i);
    if (lane >= lanes) continue;
    if (columns.flags[i]! & Flag.parked) parkedOrder[parkedNext[lane]!++] = i;
    else order[next[lane]!++] = i;
  }
  const longest = new Float32Array(Math.ceil(order.length / GROUP));
  for (let at = 0; at < order.length; at++) {
    const dur = columns.dur[order[at]!]!;
    const group = (at / GROUP) | 0;
    if (dur > longest[group]!) longest[group] = dur;
  }
  return { lanes, offsets, order, laneLongest, longest, parkedOffsets, parkedOrder, parkedLongest };
}

/** First position in `order[from..to]` whose span begins at `time` or later; with `after`, later than `time`. */
export function lowerBound(columns: Columns, order: Uint16Array, from: number, to: number, time: number, after = false): number {
  const { start } = columns;
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const begun = start[order[middle]!]!;
    if (begun < time || (after && begun === time)) low = middle + 1;
    else high = middle;
  }
  return low;
}
