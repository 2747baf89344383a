// Tasks in the order in which they began: the rows of a waterfall. A row is a task with all its attempts. Made when it is looked at,
// and again when enough changed.

import { orderBy } from './sort';
import type { SpanStore } from './store';

export class Waterfall {
  /** Numbers of the first attempts that are kept, by start. */
  rows: Float64Array = new Float64Array(0);
  /** Further attempts by `keyOf`. */
  private readonly later = new Map<number, number[]>();
  private readonly found = new Map<number, number>();
  private version = -1;

  constructor(private readonly store: SpanStore) {}

  get stale(): boolean {
    return this.version !== this.store.version;
  }

  update(): void {
    const { store } = this;
    if (!this.stale) return;
    this.version = store.version;
    this.later.clear();
    this.found.clear();
    let count = 0;
    const numbers = new Float64Array(store.count);
    const starts = new Float64Array(store.count);
    const put = (start: number, number: number): void => {
      starts[count] = start;
      numbers[count++] = number;
    };
    for (const chunk of store.chunks) {
      const { start, attempt, task, run } = chunk.columns;
      const shift = store.shiftOf(chunk);
      for (let i = 0; i < chunk.count; i++) {
        if (attempt[i]! <= 1) put(start[i]! + shift, chunk.first + i);
        else {
          const key = keyOf(task[i]!, run ? run[i]! : 0);
          const others = this.later.get(key);
          if (others) others.push(chunk.first + i);
          else this.later.set(key, [chunk.first + i]);
        }
      }
    }
    // Tasks whose first attempt is not kept begin with the earliest that is.
    const known = new Set<number>();
    if (this.later.size > 0) {
      for (let n = 0; n < count; n++) {
        const key = this.keyAt(numbers[n]!);
        if (this.later.has(key)) known.add(key);
      }
      for (const [key, others] of this.later) {
        if (known.has(key)) continue;
        const row = store.row(others[0]!);
        if (row) put(row.start, others[0]!);
      }
    }
    const order = orderBy((n) => starts[n]!, count, starts.subarray(0, count).reduce((a, b) => Math.min(a, b), Infinity), starts.subarray(0, count).reduce((a, b) => Math.max(a, b), -Infinity));
    this.rows = new Float64Array(count);
    for (let n = 0; n < count; n++) this.rows[n] = numbers[order[n]!]!;
  }

  /** Numbers of all attempts of row `n`, in the order in which they ended. */
  attempts(n: number): number[] {
    const first = this.rows[n];
    if (first === undefined) return [];
    if (this.later.size === 0) return [first];
    const others = this.later.get(this.keyAt(first)) ?? [];
    return [first, ...others.filter((number) => number !== first)];
  }

  /** The row whose task is `task` (and `run`), or -1: a search over all rows, remembered until they change. */
  rowOf(task: number, run = 0): number {
    const key = keyOf(task, run);
    const known = this.found.get(key);
    if (known !== undefined) return known;
    let row = -1;
    for (let n = 0; n < this.rows.length && row < 0; n++) if (this.keyAt(this.rows[n]!) === key) row = n;
    this.found.set(key, row);
    return row;
  }

  /** The first row that begins at `time` or later. */
  rowAt(time: number): number {
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.startOf(middle) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private startOf(n: number): number {
    const place = this.store.find(this.rows[n]!);
    return place ? place.chunk.columns.start[place.i]! + this.store.shiftOf(place.chunk) : -Infinity;
  }

  private keyAt(number: number): number {
    const place = this.store.find(number);
    if (!place) return -1;
    const { task, run } = place.chunk.columns;
    return keyOf(task[place.i]!, run ? run[place.i]! : 0);
  }
}

const keyOf = (task: number, run: number): number => run * 4294967296 + task;
