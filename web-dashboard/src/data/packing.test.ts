// Sub-lanes never hold two at once, and the waterfall has every task once, by start.

import { describe, expect, test } from 'vitest';
import { CHUNK_SPANS } from './chunk';
import { blockOf, makeRows, random } from './made';
import { Packing, SUB_LANES } from './packing';
import { SpanStore } from './store';
import { Waterfall } from './waterfall';

const BASE = 1_000_000;

describe.each([1, 2, 3])('sub-lanes, seed %i', (seed) => {
  test('hold no two attempts at once', () => {
    const rows = makeRows(seed, { spans: 3000, lanes: seed * 5, functions: 3, parked: 0.1 });
    const store = new SpanStore();
    store.setBase(BASE);
    store.setNames(['a', 'b', 'c'], []);
    const packing = new Packing(store);
    const next = random(seed);
    for (let at = 0; at < rows.length; ) {
      const size = 1 + Math.floor(next() * 500);
      store.append(blockOf(rows.slice(at, at + size), at, BASE));
      packing.update();
      at += size;
    }
    const sub = store.chunks[0]!.sub!;
    for (let f = 0; f < 3; f++) {
      for (let lane = 0; lane < SUB_LANES; lane++) {
        const mine = rows.filter((row, i) => row.function === f && sub[i] === lane).sort((a, b) => a.start - b.start || a.dur - b.dur);
        mine.forEach((row, n) => {
          if (n > 0) expect(row.start).toBeGreaterThanOrEqual(mine[n - 1]!.start + mine[n - 1]!.dur);
        });
      }
      expect(packing.used[f]).toBe(1 + Math.max(...rows.flatMap((row, i) => (row.function === f ? [sub[i]!] : []))));
    }
  });
});

test('blocks that come late are placed too', () => {
  const rows = makeRows(4, { spans: CHUNK_SPANS + 100, functions: 1, lanes: 1, parked: 0, known: 0 });
  const store = new SpanStore();
  store.setBase(BASE);
  const packing = new Packing(store);
  store.append(blockOf(rows.slice(CHUNK_SPANS), CHUNK_SPANS, BASE));
  expect(packing.update()).toBe(true);
  store.addSealed(blockOf(rows.slice(0, CHUNK_SPANS), 0, BASE));
  expect(packing.update()).toBe(true);
  expect(packing.update()).toBe(false);
  for (const chunk of store.chunks) expect(Math.max(...chunk.sub!.subarray(0, chunk.count))).toBe(0);
});

test('the waterfall has a row for each task, by start, with its attempts', () => {
  const rows = makeRows(5, { spans: 500 });
  rows.forEach((row, n) => {
    // Every seventh is the second attempt of a task that came before; one of a task whose first attempt is gone.
    if (n % 7 === 6) Object.assign(row, { task: rows[n - 5]!.task, attempt: 2 });
  });
  rows[3]!.attempt = 3;
  rows[3]!.task = 9999;
  const store = new SpanStore();
  store.setBase(BASE);
  store.append(blockOf(rows, 0, BASE));
  const waterfall = new Waterfall(store);
  waterfall.update();
  const tasks = [...waterfall.rows].map((number) => rows[number]!.task);
  expect(new Set(tasks).size).toBe(tasks.length);
  expect(new Set(tasks)).toEqual(new Set(rows.map((row) => row.task)));
  const starts = [...waterfall.rows].map((number) => rows[number]!.start);
  expect(starts).toEqual([...starts].sort((a, b) => a - b));
  const twice = waterfall.rowOf(rows[6]!.task);
  expect(waterfall.attempts(twice).map((number) => rows[number]!.attempt)).toEqual([1, 2]);
  expect(waterfall.rowAt(starts[100]!)).toBe(starts.indexOf(starts[100]!));
  expect(waterfall.rowOf(123456)).toBe(-1);
});
