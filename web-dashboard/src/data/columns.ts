// Columns that grow: the tail of the spans, which no sealed block holds yet.

import { columnsOf, NAMES, type Columns } from './block';

/** Arrays for `capacity` spans. */
export const emptyColumns = (capacity: number, withRun: boolean): Columns => columnsOf(withRun, (kind) => new kind(capacity));

/** Copies `count` rows from `source[from..]` to `target[at..]`, moving `start` by `shift`. */
export function copyColumns(source: Columns, from: number, count: number, target: Columns, at: number, shift: number): void {
  for (const name of NAMES) target[name].set(source[name].subarray(from, from + count), at);
  if (target.run && source.run) target.run.set(source.run.subarray(from, from + count), at);
  if (shift !== 0) for (let i = at; i < at + count; i++) target.start[i]! += shift;
}

/** The same rows in larger arrays. */
export function grownColumns(columns: Columns, count: number, capacity: number): Columns {
  const larger = emptyColumns(capacity, columns.run !== null);
  copyColumns(columns, 0, count, larger, 0, 0);
  return larger;
}
