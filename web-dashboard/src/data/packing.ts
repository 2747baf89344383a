// Sub-lanes of functions: attempts of one function that run at once lie beside each other. Greedy by start, each into the sub-lane
// that became free last; beyond `SUB_LANES` at once a function is a crowd and is shown by its density.

import { type Chunk } from './chunk';
import { orderBy } from './sort';
import type { SpanStore } from './store';

export const SUB_LANES = 8;
/** Index lanes of one function: its sub-lanes, and what found none free. */
export const LANES_PER_FUNCTION = SUB_LANES + 1;

export class Packing {
  /** Until when each sub-lane is taken: `[function * SUB_LANES + sub]`. */
  private ends = new Float64Array(0);
  /** Sub-lanes in use by function; `LANES_PER_FUNCTION` for a crowd. */
  used = new Uint8Array(0);
  private first = -1;
  private next = -1;
  private chunks = 0;

  constructor(private readonly store: SpanStore) {}

  /** Places what is new. True when places changed that were given before. */
  update(): boolean {
    const { store } = this;
    const first = store.chunks[0]?.first ?? 0;
    // Blocks that came before those that are placed, or went: all anew.
    const anew = first !== this.first || store.chunks.length < this.chunks || this.gapFilled();
    if (anew) {
      this.ends.fill(-Infinity);
      this.used.fill(0);
      this.next = first;
      this.first = first;
    }
    this.chunks = store.chunks.length;
    const functions = store.functions.length;
    if (this.used.length < functions) this.grow(functions);
    for (const chunk of store.chunks) {
      if (chunk.end > this.next) this.place(chunk, Math.max(0, this.next - chunk.first));
      this.next = Math.max(this.next, chunk.end);
    }
    if (anew) for (const chunk of store.chunks) chunk.forgetFunctionLanes();
    return anew;
  }

  private gapFilled(): boolean {
    return this.store.chunks.some((chunk) => chunk.end <= this.next && chunk.sub === null);
  }

  private grow(functions: number): void {
    const ends = new Float64Array(functions * SUB_LANES).fill(-Infinity);
    ends.set(this.ends);
    this.ends = ends;
    const used = new Uint8Array(functions);
    used.set(this.used);
    this.used = used;
  }

  private place(chunk: Chunk, from: number): void {
    chunk.sub = subsOf(chunk);
    const { start, dur, function: functionOf } = chunk.columns;
    const shift = this.store.shiftOf(chunk);
    const count = chunk.count - from;
    let least = Infinity;
    let most = -Infinity;
    for (let i = from; i < chunk.count; i++) {
      least = Math.min(least, start[i]!);
      most = Math.max(most, start[i]!);
    }
    const order = orderBy((n) => start[from + n]!, count, least, most);
    for (let n = 0; n < count; n++) {
      const i = from + order[n]!;
      const begin = start[i]! + shift;
      const f = functionOf[i]!;
      if (f >= this.used.length) this.grow(f + 1);
      let best = SUB_LANES;
      let freed = -Infinity;
      for (let sub = 0; sub < SUB_LANES; sub++) {
        const end = this.ends[f * SUB_LANES + sub]!;
        if (end > begin) continue;
        if (best < SUB_LANES && end <= freed) continue;
        best = sub;
        freed = end;
      }
      if (best < SUB_LANES) this.ends[f * SUB_LANES + best] = begin + dur[i]!;
      chunk.sub[i] = best;
      if (best >= this.used[f]!) this.used[f] = best + 1;
    }
  }
}

/** Room for as many places as the chunk's columns have. */
function subsOf(chunk: Chunk): Uint8Array {
  const capacity = chunk.columns.start.length;
  if (chunk.sub && chunk.sub.length >= capacity) return chunk.sub;
  const sub = new Uint8Array(capacity);
  if (chunk.sub) sub.set(chunk.sub);
  return sub;
}
