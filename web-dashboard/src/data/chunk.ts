// Up to 65 536 consecutive spans: a sealed block, or the tail that still grows. It owns the indexes over its spans and makes them
// when they are asked for.

import { NO_LANE, State, type Columns, type SpanBlock } from './block';
import { copyColumns, emptyColumns, grownColumns } from './columns';
import { buildLaneIndex, byStart, type LaneIndex } from './laneindex';

export const CHUNK_SPANS = 65536;
const FIRST_CAPACITY = 1024;

export const isFailure = (state: number): boolean => state === State.failed || state === State.retried;

/** Lane 0 holds what had no slot; slot lane `n` is lane `n + 1`. */
export const slotLane = (columns: Columns, i: number): number => {
  const lane = columns.lane[i]!;
  return lane === NO_LANE ? 0 : lane + 1;
};

export class Chunk {
  columns: Columns;
  count: number;
  /** Earliest start and latest end, after this chunk's base. */
  tMin = Infinity;
  tMax = -Infinity;
  /** Place of each span among the sub-lanes of its function; made by `Packing`. */
  sub: Uint8Array | null = null;
  /** Goes up with every change. */
  version = 0;
  private slots: { version: number; index: LaneIndex } | null = null;
  private byFunction: { version: number; index: LaneIndex } | null = null;
  private failed: { version: number; order: Uint16Array } | null = null;

  private constructor(
    readonly first: number,
    readonly baseUs: number,
    columns: Columns,
    count: number,
    private readonly room: number,
  ) {
    this.columns = columns;
    this.count = count;
  }

  /** Views of a block, which never changes. */
  static sealed(block: SpanBlock): Chunk {
    const chunk = new Chunk(block.first, block.baseUs, block, block.count, block.count);
    chunk.widen(0, block.count);
    return chunk;
  }

  /** An empty tail beginning with span `first`. */
  static tail(first: number, baseUs: number, withRun: boolean): Chunk {
    const room = CHUNK_SPANS - (first % CHUNK_SPANS);
    return new Chunk(first, baseUs, emptyColumns(Math.min(FIRST_CAPACITY, room), withRun), 0, room);
  }

  get end(): number {
    return this.first + this.count;
  }

  get full(): boolean {
    return this.count >= this.room;
  }

  /** Adds rows of `block` from row `from` on; answers how many there was room for. */
  append(block: SpanBlock, from: number): number {
    const added = Math.min(block.count - from, this.room - this.count);
    const needed = this.count + added;
    if (needed > this.columns.start.length) {
      const capacity = Math.min(this.room, Math.max(needed, 2 * this.columns.start.length));
      this.columns = grownColumns(this.columns, this.count, capacity);
    }
    copyColumns(block, from, added, this.columns, this.count, block.baseUs - this.baseUs);
    this.count = needed;
    this.widen(needed - added, needed);
    this.version++;
    return added;
  }

  /** Spans by slot, each slot sorted by start. */
  bySlot(lanes: number): LaneIndex {
    if (this.slots?.version !== this.version || this.slots.index.lanes !== lanes) {
      this.slots = { version: this.version, index: buildLaneIndex(this.columns, this.count, lanes, slotLane) };
    }
    return this.slots.index;
  }

  /** Spans by function and sub-lane (`function * width + sub`). */
  byFunctionLane(lanes: number, width: number): LaneIndex {
    if (this.byFunction?.version !== this.version || this.byFunction.index.lanes !== lanes) {
      const sub = this.sub;
      const laneOf = (columns: Columns, i: number): number => columns.function[i]! * width + (sub ? sub[i]! : 0);
      this.byFunction = { version: this.version, index: buildLaneIndex(this.columns, this.count, lanes, laneOf) };
    }
    return this.byFunction.index;
  }

  /** What a change of sub-lanes makes wrong. */
  forgetFunctionLanes(): void {
    this.byFunction = null;
  }

  /** Positions of failures, sorted by start. */
  failures(): Uint16Array {
    if (this.failed?.version !== this.version) {
      const { state } = this.columns;
      let count = 0;
      for (let i = 0; i < this.count; i++) if (isFailure(state[i]!)) count++;
      const order = new Uint16Array(count);
      if (count > 0) {
        const sorted = byStart(this.columns, this.count);
        let at = 0;
        for (let n = 0; n < this.count; n++) if (isFailure(state[sorted[n]!]!)) order[at++] = sorted[n]!;
      }
      this.failed = { version: this.version, order };
    }
    return this.failed.order;
  }

  private widen(from: number, to: number): void {
    const { start, dur } = this.columns;
    for (let i = from; i < to; i++) {
      const begin = start[i]!;
      const end = begin + dur[i]!;
      if (begin < this.tMin) this.tMin = begin;
      if (end > this.tMax) this.tMax = end;
    }
  }
}
