// Made-up spans for tests: reproducible, with the properties that the host guarantees (spans of a slot do not overlap unless parked).

import { Flag, NO_LANE, encodeBlock, decodeBlock, type SpanBlock, type SpanRow } from './block';

/** A small reproducible generator (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export interface Shape {
  readonly spans: number;
  readonly lanes: number;
  readonly functions: number;
  /** Shares, 0 to 1. */
  readonly failures: number;
  readonly parked: number;
  readonly known: number;
  /** Mean of `dur`. */
  readonly meanUs: number;
}

export const SHAPE: Shape = { spans: 1000, lanes: 4, functions: 5, failures: 0.02, parked: 0.05, known: 0.02, meanUs: 100 };

/** Spans in the order in which they ended. */
export function makeRows(seed: number, shape: Partial<Shape> = {}): SpanRow[] {
  const { spans, lanes, functions, failures, parked, known, meanUs } = { ...SHAPE, ...shape };
  const next = random(seed);
  const free = new Array<number>(lanes).fill(0);
  const rows: SpanRow[] = [];
  for (let task = 0; task < spans; task++) {
    const isKnown = next() < known;
    const isParked = !isKnown && next() < parked;
    const lane = Math.floor(next() * lanes);
    const start = Math.floor(free[lane]! + next() * meanUs * 0.5);
    const dur = isKnown ? 0 : Math.fround(Math.floor(-Math.log(1 - next()) * meanUs * (next() < 0.02 ? 30 : 1)));
    const startup = Math.fround(Math.floor(dur * next() * 0.2));
    if (!isParked && !isKnown) free[lane] = start + dur;
    rows.push({
      start, dur, startup, queue: Math.floor(next() * 200), fetch: Math.floor(next() * 20),
      parked: isParked ? Math.floor(dur * 0.5) : 0, store: Math.floor(next() * 4), peak: 65536, output: Math.floor(next() * 1000),
      task, function: Math.floor(next() * functions), lane: isKnown ? NO_LANE : lane, attempt: 1,
      state: isKnown ? 4 : next() < failures ? (next() < 0.5 ? 1 : 2) : 0, flags: isParked ? Flag.parked : next() < 0.1 ? Flag.cold : 0,
    });
  }
  return rows.sort((a, b) => a.start + a.dur - b.start - b.dur);
}

export const blockOf = (rows: readonly SpanRow[], first: number, baseUs = 1_000_000): SpanBlock =>
  decodeBlock(encodeBlock(rows, { first, baseUs }));
