// Busy time over the whole history, in at most 2048 buckets whose width doubles when time runs out: the minimap's area, and its
// failure ticks.

import { Flag, State, type Columns } from './block';
import { isFailure } from './chunk';

export const BUCKETS = 2048;
const FIRST_WIDTH_US = 64;

export class Density {
  /** Microseconds of one bucket, a power of two times 64. */
  width = FIRST_WIDTH_US;
  /** Microseconds that slots were busy, by bucket. */
  readonly busy = new Float64Array(BUCKETS);
  /** 2 where something failed, 1 where something was tried again. */
  readonly failed = new Uint8Array(BUCKETS);

  /** Bucket 0 begins at `from`. What lies before it counts for bucket 0. */
  constructor(readonly from: number) {}

  /** Adds rows `begin..end`, whose `start` counts from `shift`. */
  add(columns: Columns, begin: number, end: number, shift: number): void {
    const { start, dur, parked, flags, state } = columns;
    for (let i = begin; i < end; i++) {
      const length = dur[i]!;
      const from = Math.max(0, start[i]! + shift - this.from);
      const to = Math.max(from, start[i]! + shift - this.from + length);
      while (to >= this.width * BUCKETS) this.double();
      if (isFailure(state[i]!)) this.mark((to / this.width) | 0, state[i] === State.failed ? 2 : 1);
      const share = flags[i]! & Flag.parked && length > 0 ? Math.max(0, 1 - parked[i]! / length) : 1;
      this.spread(from, to, share);
    }
  }

  private mark(bucket: number, value: number): void {
    if (this.failed[bucket]! < value) this.failed[bucket] = value;
  }

  private spread(from: number, to: number, share: number): void {
    const { busy, width } = this;
    const first = (from / width) | 0;
    const last = (to / width) | 0;
    if (first === last) {
      busy[first]! += (to - from) * share;
      return;
    }
    busy[first]! += ((first + 1) * width - from) * share;
    for (let bucket = first + 1; bucket < last; bucket++) busy[bucket]! += width * share;
    busy[last]! += (to - last * width) * share;
  }

  private double(): void {
    for (let i = 0; i < BUCKETS / 2; i++) {
      this.busy[i] = this.busy[2 * i]! + this.busy[2 * i + 1]!;
      this.failed[i] = Math.max(this.failed[2 * i]!, this.failed[2 * i + 1]!);
    }
    this.busy.fill(0, BUCKETS / 2);
    this.failed.fill(0, BUCKETS / 2);
    this.width *= 2;
  }
}
