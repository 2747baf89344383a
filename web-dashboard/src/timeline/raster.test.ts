// Strips against brute force, at every zoom: the same coverage, the same function, and never a failure lost.

import { describe, expect, test } from 'vitest';
import { Flag, type SpanRow } from '../data/block';
import { CHUNK_SPANS } from '../data/chunk';
import { blockOf, makeRows, random } from '../data/made';
import { SpanStore } from '../data/store';
import { cursorsOf, Mark, rasterCrowd, rasterLane, Strip, type Grid } from './raster';
import { TileCache } from './tiles';

const BASE = 1_000_000;
const LANES = 3;
const slots = (chunk: SpanStore['chunks'][number]) => chunk.bySlot(LANES + 1);

function storeOf(rows: SpanRow[], sizes: number): SpanStore {
  const store = new SpanStore();
  store.setBase(BASE);
  store.setNames(['a', 'b', 'c', 'd', 'e'].map((name) => `m/${name}`), []);
  for (let at = 0; at < rows.length; at += sizes) store.append(blockOf(rows.slice(at, at + sizes), at, BASE));
  return store;
}

interface Column {
  cover: number;
  by: Map<number, number>;
  marks: number;
}

/** Every span into every column it touches. */
function bruteForce(rows: SpanRow[], lane: number, grid: Grid): Column[] {
  const columns = Array.from({ length: grid.columns }, (): Column => ({ cover: 0, by: new Map(), marks: 0 }));
  for (const row of rows) {
    if (row.lane !== lane - 1 || row.flags & Flag.parked) continue;
    const a = (row.start - grid.from) / grid.usPerColumn;
    const b = a + row.dur / grid.usPerColumn;
    columns.forEach((column, c) => {
      const inside = row.dur === 0 ? Math.floor(a) === c : a < c + 1 && b > c;
      if (!inside) return;
      const share = Math.min(b, c + 1) - Math.max(a, c);
      column.cover += share;
      column.by.set(row.function, (column.by.get(row.function) ?? 0) + share);
      column.marks |= Mark.any | (row.state === 1 ? Mark.failed : row.state === 2 ? Mark.retried : 0);
    });
  }
  return columns;
}

function grids(next: () => number, last: number): Grid[] {
  return Array.from({ length: 14 }, (_, n) => {
    const width = n === 0 ? last * 1.02 : last * 0.8 ** (next() * 30);
    const columns = 40 + Math.floor(next() * 200);
    return { from: (next() - 0.1) * last, usPerColumn: width / columns, columns };
  });
}

describe.each([1, 2, 3, 4, 5])('a random history, seed %i', (seed) => {
  const next = random(seed + 50);
  const rows = makeRows(seed, { spans: 1200, lanes: LANES, failures: 0.01, meanUs: seed === 2 ? 3 : 200 });
  const store = storeOf(rows, 97 * seed);
  const last = store.tMax;

  test('the raster is brute force', () => {
    const strip = new Strip();
    for (const grid of grids(next, last)) {
      for (let lane = 1; lane <= LANES; lane++) {
        strip.reset(grid.columns);
        rasterLane(strip, cursorsOf(store, store.chunks, slots, lane, grid.from, grid.from + grid.columns * grid.usPerColumn), grid, 5);
        bruteForce(rows, lane, grid).forEach((column, c) => {
          expect(strip.cover[c]!).toBeCloseTo(column.cover, 3);
          expect(strip.marks[c]).toBe(column.marks);
          const most = Math.max(0, ...column.by.values());
          if (column.marks) expect(column.by.get(strip.fn[c]!)).toBeGreaterThanOrEqual(most - 1e-4);
        });
      }
    }
  });

  test('a crowd counts how many ran at once', () => {
    const strip = new Strip();
    for (const grid of grids(next, last)) {
      strip.reset(grid.columns);
      for (let lane = 1; lane <= LANES; lane++) rasterCrowd(strip, cursorsOf(store, store.chunks, slots, lane, grid.from, grid.from + grid.columns * grid.usPerColumn), grid);
      const lanes = [1, 2, 3].map((lane) => bruteForce(rows, lane, grid));
      for (let c = 0; c < grid.columns; c++) expect(strip.cover[c]!).toBeCloseTo(lanes.reduce((sum, columns) => sum + columns[c]!.cover, 0), 2);
    }
  });
});

describe.each([1, 2, 3])('tiles over sealed chunks, seed %i', (seed) => {
  const next = random(seed + 70);
  const rows = makeRows(seed, { spans: CHUNK_SPANS + 3000, lanes: LANES, failures: 0.0005, meanUs: 50 });
  const store = storeOf(rows, 20_000);
  const tiles = new TileCache(store);
  tiles.setLanes('slot', slots, LANES + 1, -1);
  const sealed = rows.slice(0, CHUNK_SPANS);

  test('no failure is lost at any zoom, and coverage is kept', () => {
    const strip = new Strip();
    for (let n = 0; n < 24; n++) {
      const width = store.tMax * (n < 3 ? 1.1 : 0.75 ** (next() * 30));
      const grid = { from: (next() - 0.05) * store.tMax, usPerColumn: width / 300, columns: 300 };
      const until = grid.from + width;
      for (let lane = 1; lane <= LANES; lane++) {
        strip.reset(grid.columns);
        // Every other time only coarser tiles may be there.
        tiles.begin(n % 2 === 0 ? Infinity : 0);
        const complete = tiles.paint(strip, lane, grid);
        if (n % 2 === 0) expect(complete).toBe(true);
        else if (!complete) continue;
        const mine = sealed.filter((row) => row.lane === lane - 1 && !(row.flags & Flag.parked) && row.start + row.dur >= grid.from && row.start < until);
        for (const row of mine) {
          if (row.state !== 1) continue;
          const c = Math.max(0, Math.floor((row.start - grid.from) / grid.usPerColumn));
          const near = [c - 1, c, c + 1].some((at) => (strip.marks[at] ?? 0) & Mark.failed);
          expect(near || row.start + row.dur - grid.from < grid.usPerColumn).toBe(true);
        }
        const busy = mine.reduce((sum, row) => sum + Math.max(0, Math.min(row.start + row.dur, until) - Math.max(row.start, grid.from)), 0);
        const painted = strip.cover.subarray(0, grid.columns).reduce((a, b) => a + b, 0) * grid.usPerColumn;
        expect(Math.abs(painted - busy)).toBeLessThan(0.01 * width + 0.02 * busy);
      }
    }
  });

  test('what is sealed later is not missed', () => {
    const strip = new Strip();
    const grid = { from: 0, usPerColumn: store.tMax / 200, columns: 200 };
    strip.reset(200);
    tiles.begin(Infinity);
    tiles.paint(strip, 1, grid);
    const before = strip.cover.subarray(0, 200).reduce((a, b) => a + b, 0);
    const more = makeRows(seed + 9, { spans: CHUNK_SPANS, lanes: LANES, meanUs: 50 });
    store.append(blockOf(more, rows.length, BASE));
    strip.reset(200);
    tiles.begin(Infinity);
    tiles.paint(strip, 1, grid);
    expect(strip.cover.subarray(0, 200).reduce((a, b) => a + b, 0)).toBeGreaterThan(before + 10);
  });
});
