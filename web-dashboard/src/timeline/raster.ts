// Strips: for each column of pixels of a lane, how much of it was busy, with which function mostly, and whether something failed in it.
// Exact over the spans it is given; it draws nothing.

import { State, type Columns } from '../data/block';
import type { Chunk } from '../data/chunk';
import { lowerBound } from '../data/laneindex';
import type { IndexOf } from '../data/queries';
import type { SpanStore } from '../data/store';

export const Mark = { any: 1, failed: 2, retried: 4 } as const;

/** Columns of one lane. */
export class Strip {
  /** Share of the column that was busy; above 1 where spans overlap. */
  cover = new Float32Array(0);
  /** The function with the largest share, and that share. */
  fn = new Uint16Array(0);
  top = new Float32Array(0);
  marks = new Uint8Array(0);
  columns = 0;

  reset(columns: number): void {
    if (this.cover.length < columns) {
      this.cover = new Float32Array(columns);
      this.fn = new Uint16Array(columns);
      this.top = new Float32Array(columns);
      this.marks = new Uint8Array(columns);
    } else {
      this.cover.fill(0, 0, columns);
      this.top.fill(0, 0, columns);
      this.marks.fill(0, 0, columns);
    }
    this.columns = columns;
  }

  /** Adds to column `c` that `fn` covers `share` of it. */
  add(c: number, fn: number, share: number, marks: number): void {
    this.marks[c]! |= marks;
    if (this.fn[c] === fn) this.top[c]! += share;
    else if (share > this.top[c]! || this.cover[c] === 0) {
      this.fn[c] = fn;
      this.top[c] = share;
    }
    this.cover[c]! += share;
  }
}

/** A window of time cut into columns. */
export interface Grid {
  readonly from: number;
  readonly usPerColumn: number;
  readonly columns: number;
}

/** A stretch of one chunk's lane, sorted by start. */
interface Cursor {
  readonly data: Columns;
  readonly order: Uint16Array;
  readonly shift: number;
  at: number;
  readonly to: number;
  /** Start of the span at `at`. */
  head: number;
}

/** The parts of `lane` that may show between `from` and `to`, earliest first. */
export function cursorsOf(store: SpanStore, chunks: readonly Chunk[], indexOf: IndexOf, lane: number, from: number, to: number): Cursor[] {
  const cursors: Cursor[] = [];
  for (const chunk of chunks) {
    const shift = store.shiftOf(chunk);
    if (chunk.count === 0 || chunk.tMax + shift < from || chunk.tMin + shift > to) continue;
    const index = indexOf(chunk);
    if (lane >= index.lanes) continue;
    const begin = index.offsets[lane]!;
    const end = index.offsets[lane + 1]!;
    const first = lowerBound(chunk.columns, index.order, begin, end, from - shift - index.laneLongest[lane]!);
    const after = lowerBound(chunk.columns, index.order, first, end, to - shift, true);
    if (first < after) {
      cursors.push({ data: chunk.columns, order: index.order, shift, at: first, to: after, head: chunk.columns.start[index.order[first]!]! + shift });
    }
  }
  return cursors.sort((a, b) => a.head - b.head);
}

export const countOf = (cursors: readonly Cursor[]): number => cursors.reduce((sum, cursor) => sum + cursor.to - cursor.at, 0);

const marksOf = (state: number): number => (state === State.failed ? Mark.any | Mark.failed : state === State.retried ? Mark.any | Mark.retried : Mark.any);

let shares = new Float32Array(64);
let touched = new Uint16Array(64);

/** Adds the spans of the cursors to `strip`, in the order of their starts; spans of a lane do not overlap. `only`: that function alone. */
export function rasterLane(strip: Strip, cursors: Cursor[], grid: Grid, functions: number, only = -1): void {
  if (shares.length < functions + 1) {
    shares = new Float32Array(functions + 64);
    touched = new Uint16Array(functions + 64);
  }
  const inverse = 1 / grid.usPerColumn;
  const last = grid.columns;
  let open = -1;
  let used = 0;
  let marks = 0;
  const flush = (): void => {
    for (let n = 0; n < used; n++) {
      const fn = touched[n]!;
      strip.add(open, fn, shares[fn]!, marks);
      shares[fn] = 0;
    }
    used = marks = 0;
  };
  while (cursors.length > 0) {
    const cursor = cursors[0]!;
    const limit = cursors[1]?.head ?? Infinity;
    const { order, shift, to } = cursor;
    const { start, dur, function: functionOf, state } = cursor.data;
    let { at } = cursor;
    for (; at < to; at++) {
      const i = order[at]!;
      const begin = start[i]! + shift;
      if (begin > limit) break;
      const fn = functionOf[i]!;
      if (only >= 0 && fn !== only) continue;
      let a = (begin - grid.from) * inverse;
      let b = a + dur[i]! * inverse;
      if (b < 0 || a >= last) continue;
      if (a < 0) a = 0;
      if (b > last) b = last;
      const mark = marksOf(state[i]!);
      const c0 = a | 0;
      const c1 = b | 0;
      if (c0 !== open) {
        flush();
        open = c0;
      }
      const share = c1 === c0 ? b - a : c0 + 1 - a;
      if (shares[fn] === 0) touched[used++] = fn;
      // Even what took no time is remembered.
      shares[fn]! += share > 0 ? share : 1e-9;
      marks |= mark;
      if (c1 === c0) continue;
      flush();
      for (let c = c0 + 1; c < c1; c++) strip.add(c, fn, 1, mark);
      open = c1;
      if (c1 >= last || b === c1) {
        open = -1;
        continue;
      }
      touched[used++] = fn;
      shares[fn] = b - c1;
      marks = mark;
    }
    cursor.at = at;
    if (at >= to) cursors.shift();
    else {
      cursor.head = start[order[at]!]! + shift;
      let n = 0;
      while (n + 1 < cursors.length && cursors[n + 1]!.head < cursor.head) {
        cursors[n] = cursors[n + 1]!;
        n++;
      }
      cursors[n] = cursor;
    }
  }
  flush();
}

/** Adds spans that may overlap: `cover` then is how many ran at once. */
export function rasterCrowd(strip: Strip, cursors: readonly Cursor[], grid: Grid, only = -1): void {
  const inverse = 1 / grid.usPerColumn;
  const last = grid.columns;
  for (const { data, order, shift, at: from, to } of cursors) {
    const { start, dur, function: functionOf, state } = data;
    for (let at = from; at < to; at++) {
      const i = order[at]!;
      const fn = functionOf[i]!;
      if (only >= 0 && fn !== only) continue;
      const a = (start[i]! + shift - grid.from) * inverse;
      const b = a + dur[i]! * inverse;
      if (b < 0 || a >= last) continue;
      const mark = marksOf(state[i]!);
      const c0 = Math.max(0, Math.floor(a));
      const c1 = Math.min(last - 1, Math.floor(b));
      for (let c = c0; c <= c1; c++) strip.add(c, fn, Math.max(1e-9, Math.min(b, c + 1) - Math.max(a, c)), mark);
    }
  }
}
