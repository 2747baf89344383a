// All spans that are kept of a run, or the newest of all runs: sealed chunks and a growing tail, in the order of their numbers. It
// owns the names, the sums by function and the density; it never fetches and never draws. Times are microseconds after `baseUs`.

import type { SpanBlock, SpanRow } from './block';
import { rowAt } from './block';
import { CHUNK_SPANS, Chunk } from './chunk';
import { Density } from './density';
import { tally, type FunctionTotals } from './totals';

export interface Lane {
  readonly worker: number;
  readonly name: string;
  readonly slot: number;
}

export interface RunName {
  readonly id: string;
  readonly name: string | null;
}

/** A place in the store: a chunk and a row of it. */
export interface Place {
  readonly chunk: Chunk;
  readonly i: number;
}

/** Spans whose history between these instants changed in a way that is not an append to the tail. */
export type Rewritten = (from: number, to: number) => void;

export class SpanStore {
  functions: readonly string[] = [];
  lanes: readonly Lane[] = [];
  readonly runs = new Map<number, RunName>();
  /** Microseconds since 1970 that times count from; NaN until something is known. */
  baseUs = NaN;
  /** Sorted by number; only the last may grow. */
  readonly chunks: Chunk[] = [];
  readonly totals: FunctionTotals[] = [];
  density = new Density(0);
  count = 0;
  /** Spans that were dropped because of `limit`. */
  dropped = 0;
  /** Earliest start and latest end. */
  tMin = Infinity;
  tMax = -Infinity;
  /** Goes up with every change. */
  version = 0;
  private tail: Chunk | null = null;
  private readonly listeners = new Set<Rewritten>();

  /** `limit`: spans that are kept; the oldest chunks go first. */
  constructor(readonly limit = Infinity) {}

  setNames(functions: readonly string[], lanes: readonly Lane[]): void {
    this.functions = functions;
    // A slot in which nothing ended yet keeps its lane, after those that the server numbered.
    this.lanes = [...lanes, ...this.lanes.filter((own) => !lanes.some((lane) => lane.worker === own.worker && lane.slot === own.slot))];
    this.version++;
  }

  /** The lane of a slot, made when there is none yet; null of no slot. */
  laneOf(worker: number | null | undefined, slot: number | null | undefined): number | null {
    if (typeof worker !== 'number' || typeof slot !== 'number') return null;
    const known = this.lanes.findIndex((lane) => lane.worker === worker && lane.slot === slot);
    if (known >= 0) return known;
    const name = this.lanes.find((lane) => lane.worker === worker)?.name ?? '';
    this.lanes = [...this.lanes, { worker, slot, name }];
    return this.lanes.length - 1;
  }

  /** Where times count from; the first call counts. */
  setBase(baseUs: number): void {
    if (Number.isNaN(this.baseUs)) this.baseUs = baseUs;
  }

  addRuns(runs: Readonly<Record<string, RunName>>): void {
    for (const [place, name] of Object.entries(runs)) this.runs.set(Number(place), name);
  }

  /** Calls `listener` when chunks come, seal or go. Answers how to stop that. */
  onRewritten(listener: Rewritten): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Adds a sealed block that came in any order; one that is there already is ignored. */
  addSealed(block: SpanBlock): void {
    if (block.count === 0 || this.chunks.some((chunk) => chunk.first < block.first + block.count && block.first < chunk.end)) return;
    this.setBase(block.baseUs);
    this.insert(Chunk.sealed(block));
    this.account(this.chunks.find((chunk) => chunk.first === block.first)!, 0, block.count);
  }

  /** Adds the rows of a block from row `from` on to the tail. */
  append(block: SpanBlock, from = 0): void {
    this.setBase(block.baseUs);
    let next = from;
    while (next < block.count) {
      const number = block.first + next;
      if (!this.tail || this.tail.end !== number) {
        this.seal();
        this.tail = Chunk.tail(number, block.baseUs, block.run !== null);
        this.insert(this.tail);
      }
      const tail = this.tail;
      const before = tail.count;
      next += tail.append(block, next);
      this.account(tail, before, tail.count);
      if (tail.full) this.seal();
    }
    this.trim();
  }

  /** The number after the last span that was appended or sealed. */
  get end(): number {
    return this.chunks.at(-1)?.end ?? 0;
  }

  /** Whether `chunk` still grows. */
  isTail(chunk: Chunk): boolean {
    return chunk === this.tail;
  }

  /** What `chunk`'s times have to be moved by. */
  shiftOf(chunk: Chunk): number {
    return chunk.baseUs - this.baseUs;
  }

  /** Where the span with this number is, if it is kept. */
  find(number: number): Place | null {
    let low = 0;
    let high = this.chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.chunks[middle]!.end <= number) low = middle + 1;
      else high = middle;
    }
    const chunk = this.chunks[low];
    return chunk && chunk.first <= number ? { chunk, i: number - chunk.first } : null;
  }

  /** The span with this number, its start after `baseUs`. */
  row(number: number): SpanRow | null {
    const place = this.find(number);
    if (!place) return null;
    const row = rowAt(place.chunk.columns, place.i);
    row.start += this.shiftOf(place.chunk);
    return row;
  }

  /** Forgets all spans, for a history that begins anew. */
  clear(): void {
    this.chunks.length = 0;
    this.totals.length = 0;
    this.runs.clear();
    this.tail = null;
    this.baseUs = NaN;
    this.count = this.dropped = 0;
    this.tMin = Infinity;
    this.tMax = -Infinity;
    this.density = new Density(0);
    this.rewritten(-Infinity, Infinity);
  }

  private insert(chunk: Chunk): void {
    let at = this.chunks.length;
    while (at > 0 && this.chunks[at - 1]!.first > chunk.first) at--;
    this.chunks.splice(at, 0, chunk);
    if (chunk.count > 0) this.rewritten(chunk.tMin + this.shiftOf(chunk), chunk.tMax + this.shiftOf(chunk));
  }

  private seal(): void {
    const sealed = this.tail;
    this.tail = null;
    if (sealed && sealed.count > 0) this.rewritten(sealed.tMin + this.shiftOf(sealed), sealed.tMax + this.shiftOf(sealed));
  }

  private account(chunk: Chunk, from: number, to: number): void {
    const shift = this.shiftOf(chunk);
    tally(this.totals, chunk.columns, from, to, chunk.first, 1);
    this.count += to - from;
    if (this.chunks.length === 1 && from === 0 && this.limit !== Infinity) this.density = new Density(chunk.tMin + shift);
    this.density.add(chunk.columns, from, to, shift);
    this.tMin = Math.min(this.tMin, chunk.tMin + shift);
    this.tMax = Math.max(this.tMax, chunk.tMax + shift);
    this.version++;
  }

  /** Drops the oldest chunks while those that remain hold the limit. */
  private trim(): void {
    let gone = false;
    while (this.chunks.length > 1 && this.count - this.chunks[0]!.count >= this.limit) {
      const oldest = this.chunks.shift()!;
      tally(this.totals, oldest.columns, 0, oldest.count, oldest.first, -1);
      this.count -= oldest.count;
      this.dropped += oldest.count;
      gone = true;
    }
    if (!gone) return;
    this.tMin = Math.min(...this.chunks.map((chunk) => chunk.tMin + this.shiftOf(chunk)));
    this.density = new Density(this.tMin);
    for (const chunk of this.chunks) this.density.add(chunk.columns, 0, chunk.count, this.shiftOf(chunk));
    this.forgetRuns();
    this.rewritten(-Infinity, this.tMin);
  }

  /** The id of a run, from its index or from the id itself. */
  runId(run: number | string | null): string | null {
    return typeof run === 'string' ? run : (this.runs.get(run ?? -1)?.id ?? null);
  }

  /** Names of runs go with their spans, once there are many. */
  private forgetRuns(): void {
    if (this.runs.size < RUNS_KEPT) return;
    const used = new Set<number>();
    for (const { columns, count } of this.chunks) for (let i = 0; columns.run && i < count; i++) used.add(columns.run[i]!);
    for (const run of this.runs.keys()) if (!used.has(run)) this.runs.delete(run);
  }

  private rewritten(from: number, to: number): void {
    this.version++;
    for (const listener of this.listeners) listener(from, to);
  }
}

/** Names of runs that are kept without asking whether they are needed. */
const RUNS_KEPT = 2000;

/** Spans that the store of all runs keeps at least, before its oldest chunk goes. */
export const ALL_RUNS_LIMIT = 4 * CHUNK_SPANS;
