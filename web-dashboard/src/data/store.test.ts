// The store against brute force over random histories, in every order in which blocks may come.

import { describe, expect, test } from 'vitest';
import { Flag, type SpanRow } from './block';
import { CHUNK_SPANS, isFailure } from './chunk';
import { blockOf, makeRows, random } from './made';
import { quantile } from './quantile';
import { neighbour, nextFailure, runTime, spanAt, windowSums } from './queries';
import { SpanStore } from './store';

const BASE = 1_000_000;

/** The same rows in a store, by appends of random sizes, with bases that differ. */
function storeOf(rows: SpanRow[], seed: number, limit = Infinity): SpanStore {
  const next = random(seed);
  const store = new SpanStore(limit);
  store.setBase(BASE);
  for (let at = 0; at < rows.length; ) {
    const size = 1 + Math.floor(next() * 700);
    const base = BASE - Math.floor(next() * 3) * 1000;
    const part = rows.slice(at, at + size).map((row) => ({ ...row, start: row.start + BASE - base }));
    store.append(blockOf(part, at, base));
    at += size;
  }
  return store;
}

const slots = (lanes: number) => (chunk: SpanStore['chunks'][number]) => chunk.bySlot(lanes + 1);
const end = (row: SpanRow) => row.start + row.dur;

describe.each([1, 2, 3, 4, 5, 6])('a random history, seed %i', (seed) => {
  const rows = makeRows(seed, { spans: 1500, lanes: 1 + (seed % 5), failures: seed % 2 ? 0.02 : 0.5, meanUs: seed === 3 ? 0.6 : 100 });
  const store = storeOf(rows, seed + 100);
  const next = random(seed + 200);
  const last = Math.max(...rows.map(end));

  test('holds the rows as they came', () => {
    expect(store.count).toBe(rows.length);
    rows.forEach((row, number) => expect(store.row(number)).toEqual(row));
    expect([store.tMin, store.tMax]).toEqual([Math.min(...rows.map((row) => row.start)), last]);
  });

  test('sums by function and state', () => {
    const expected = new Map<string, number>();
    for (const row of rows) {
      const key = `${row.function}/${row.state}`;
      expected.set(key, (expected.get(key) ?? 0) + 1);
    }
    store.totals.forEach((total, f) => total.states.forEach((count, state) => expect(count).toBe(expected.get(`${f}/${state}`) ?? 0)));
    expect(store.totals.reduce((sum, total) => sum + total.dur, 0)).toBe(rows.reduce((sum, row) => sum + row.dur, 0));
    expect(store.density.busy.reduce((a, b) => a + b)).toBeCloseTo(rows.reduce((sum, row) => sum + row.dur - row.parked, 0), 3);
  });

  test('finds the span at a point', () => {
    for (let n = 0; n < 400; n++) {
      const lane = Math.floor(next() * 6);
      const time = next() * last;
      const inLane = rows.map((row, number) => ({ row, number })).filter(({ row }) => row.lane === lane && !(row.flags & Flag.parked));
      const hits = inLane.filter(({ row }) => row.start <= time && time <= end(row)).map(({ number }) => number);
      const found = spanAt(store, slots(5), lane + 1, time, 0);
      if (hits.length === 0) expect(found).toBe(-1);
      else expect(hits).toContain(found);
      const near = inLane.filter(({ row }) => row.start - 5 <= time && time <= end(row) + 5).map(({ number }) => number);
      const foundNear = spanAt(store, slots(5), lane + 1, time, 5);
      expect(foundNear >= 0).toBe(near.length > 0);
      if (hits.length > 0) expect(hits).toContain(foundNear);
    }
  });

  test('finds parked spans in their own list', () => {
    for (const [number, row] of rows.entries()) {
      if (!(row.flags & Flag.parked)) continue;
      const found = spanAt(store, slots(5), row.lane + 1, row.start + row.dur / 2, 0, true);
      const other = rows[found]!;
      expect(other.lane).toBe(row.lane);
      expect(number === found || (other.start <= row.start + row.dur / 2 && end(other) >= row.start + row.dur / 2)).toBe(true);
    }
  });

  test('walks failures and lanes in order, both ways', () => {
    const walk = (expected: number[], step: (from: number, way: 1 | -1) => number): void => {
      expected.forEach((number, at) => {
        expect(step(number, 1)).toBe(expected[at + 1] ?? -1);
        expect(step(number, -1)).toBe(expected[at - 1] ?? -1);
      });
    };
    const sorted = [...rows.keys()].sort((a, b) => rows[a]!.start - rows[b]!.start || a - b);
    walk(sorted.filter((number) => isFailure(rows[number]!.state)), (number, way) => nextFailure(store, rows[number]!.start, number, way));
    const lane = sorted.filter((number) => rows[number]!.lane === 0 && !(rows[number]!.flags & Flag.parked));
    walk(lane, (number, way) => neighbour(store, slots(5), 1, number, way));
  });

  test('adds up windows', () => {
    for (let n = 0; n < 30; n++) {
      const from = next() * last;
      const to = from + next() * last * 0.3;
      const inside = rows.filter((row) => row.start <= to && end(row) >= from);
      const sums = windowSums(store, from, to);
      expect(sums.count).toBe(inside.length);
      expect(sums.failed).toBe(inside.filter((row) => isFailure(row.state)).length);
      for (const found of sums.functions) {
        const mine = inside.filter((row) => row.function === found.function);
        const runs = mine.map((row) => row.dur - row.startup - row.parked).sort((a, b) => a - b);
        expect(found.count).toBe(mine.length);
        expect(found.p50).toBe(runs[Math.ceil(0.5 * runs.length) - 1]);
        expect(found.p95).toBe(runs[Math.ceil(0.95 * runs.length) - 1]);
        const busy = mine.reduce((sum, row) => sum + (Math.min(end(row), to) - Math.max(row.start, from)) * (row.dur ? 1 - row.parked / row.dur : 1), 0);
        expect(found.busyUs).toBeCloseTo(busy, 3);
      }
    }
  });

  test('each lane of the index is sorted by start and holds every span once', () => {
    const seen = new Set<number>();
    for (const chunk of store.chunks) {
      const index = chunk.bySlot(6);
      for (const [order, offsets] of [[index.order, index.offsets], [index.parkedOrder, index.parkedOffsets]] as const) {
        for (let lane = 0; lane < 6; lane++) {
          for (let at = offsets[lane]!; at < offsets[lane + 1]!; at++) {
            seen.add(chunk.first + order[at]!);
            if (at > offsets[lane]!) expect(chunk.columns.start[order[at]!]).toBeGreaterThanOrEqual(chunk.columns.start[order[at - 1]!]!);
          }
        }
      }
    }
    expect(seen.size).toBe(rows.length);
  });
});

test('sealed blocks in any order and a tail make the same store', () => {
  const rows = makeRows(9, { spans: CHUNK_SPANS * 2 + 500 });
  const store = new SpanStore();
  store.setBase(BASE);
  const block = (n: number) => blockOf(rows.slice(n * CHUNK_SPANS, (n + 1) * CHUNK_SPANS), n * CHUNK_SPANS);
  store.append(block(2));
  store.addSealed(block(1));
  store.addSealed(block(0));
  store.addSealed(block(1));
  expect(store.chunks.map((chunk) => [chunk.first, chunk.count])).toEqual([[0, CHUNK_SPANS], [CHUNK_SPANS, CHUNK_SPANS], [2 * CHUNK_SPANS, 500]]);
  expect(store.count).toBe(rows.length);
  for (const number of [0, CHUNK_SPANS - 1, CHUNK_SPANS, rows.length - 1]) expect(store.row(number)).toEqual(rows[number]);
  for (const chunk of store.chunks) chunk.bySlot(5);
});

test('a ring drops its oldest chunks and what they added', () => {
  const rows = makeRows(10, { spans: CHUNK_SPANS * 4 });
  const store = storeOf(rows, 11, CHUNK_SPANS);
  expect(store.count + store.dropped).toBe(rows.length);
  expect(store.count).toBeLessThanOrEqual(2 * CHUNK_SPANS);
  expect(store.count).toBeGreaterThanOrEqual(CHUNK_SPANS);
  const kept = rows.slice(store.dropped);
  expect(store.totals.reduce((sum, total) => sum + total.count, 0)).toBe(kept.length);
  expect(store.totals.reduce((sum, total) => sum + total.dur, 0)).toBe(kept.reduce((sum, row) => sum + row.dur, 0));
  expect(store.tMin).toBe(Math.min(...kept.map((row) => row.start)));
  expect(store.row(store.dropped - 1)).toBeNull();
});

test('quickselect answers what sorting answers', () => {
  const next = random(12);
  for (let n = 0; n < 300; n++) {
    const values = Float32Array.from({ length: 1 + Math.floor(next() * 200) }, () => Math.floor(next() * (n % 2 ? 5 : 1000)));
    const sorted = values.slice().sort();
    const q = next();
    expect(quantile(values, q)).toBe(sorted[Math.max(0, Math.ceil(q * values.length) - 1)]);
  }
  expect(quantile(new Float32Array(0), 0.5)).toBeNaN();
});

test('run time never is negative', () => {
  const block = blockOf([{ ...makeRows(1, { spans: 1 })[0]!, dur: 1, startup: 2 }], 0);
  expect(runTime(block, 0)).toBe(0);
});
