// Columns that grow: the tail of the spans, which no sealed block holds yet.

import { LAYOUT, type Columns } from './block';

/** Arrays for `capacity` spans. */
export function emptyColumns(capacity: number, withRun: boolean): Columns {
  return {
    start: new Float64Array(capacity),
    dur: new Float32Array(capacity),
    queue: new Float32Array(capacity),
    fetch: new Float32Array(capacity),
    startup: new Float32Array(capacity),
    parked: new Float32Array(capacity),
    store: new Float32Array(capacity),
    peak: new Float32Array(capacity),
    output: new Float32Array(capacity),
    task: new Uint32Array(capacity),
    function: new Uint16Array(capacity),
    lane: new Uint16Array(capacity),
    attempt: new Uint16Array(capacity),
    state: new Uint8Array(capacity),
    flags: new Uint8Array(capacity),
    run: withRun ? new Uint32Array(capacity) : null,
  };
}

/** Copies `count` rows from `source[from..]` to `target[at..]`, moving `start` by `shift`. */
export function copyColumns(source: Columns, from: number, count: number, target: Columns, at: number, shift: number): void {
  for (const [name] of LAYOUT) target[name].set(source[name].subarray(from, from + count), at);
  if (target.run && source.run) target.run.set(source.run.subarray(from, from + count), at);
  if (shift !== 0) for (let i = at; i < at + count; i++) target.start[i]! += shift;
}

/** The same rows in larger arrays. */
export function grownColumns(columns: Columns, count: number, capacity: number): Columns {
  const larger = emptyColumns(capacity, columns.run !== null);
  copyColumns(columns, 0, count, larger, 0, 0);
  return larger;
}
