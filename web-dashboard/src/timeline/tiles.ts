// Strips of sealed spans that were rastered once, kept at resolutions that are powers of two, so that a frame costs pixels and not
// spans. What changes in the history makes the tiles over it void; the memory is bounded.

import type { IndexOf } from '../data/queries';
import type { SpanStore } from '../data/store';
import { cursorsOf, rasterCrowd, rasterLane, Strip, type Grid } from './raster';

export const TILE_COLUMNS = 512;
const TILES_MAX = 160;

/** One stretch of time at one resolution, for all lanes; lanes are made when they are needed. */
interface Tile {
  readonly level: number;
  readonly n: number;
  readonly lanes: number;
  readonly done: Uint8Array;
  /** In 255ths; above 255 where spans overlap. */
  readonly cover: Uint16Array;
  readonly fn: Uint16Array;
  readonly marks: Uint8Array;
  used: number;
}

/** The finest level that needs no more columns than pixels. */
export const levelOf = (usPerPixel: number): number => Math.floor(Math.log2(usPerPixel));

const usOf = (level: number): number => 2 ** level;

export class TileCache {
  private readonly tiles = new Map<string, Tile>();
  private readonly strip = new Strip();
  private readonly stop: () => void;
  private clock = 0;
  private key = '';
  private indexOf: IndexOf = () => { throw new Error('no index'); };
  private lanes = 0;
  private crowded: (lane: number) => boolean = () => false;
  private only = -1;
  private leftMs = 0;

  constructor(private readonly store: SpanStore) {
    this.stop = store.onRewritten((from, to) => this.forget(from, to));
  }

  /** What lanes are, from now on. `key` names it: another key makes all tiles void. */
  setLanes(key: string, indexOf: IndexOf, lanes: number, only: number, crowded: (lane: number) => boolean = () => false): void {
    this.indexOf = indexOf;
    this.crowded = crowded;
    this.only = only;
    const full = `${key}/${lanes}/${only}`;
    if (full === this.key) return;
    this.key = full;
    this.lanes = lanes;
    this.tiles.clear();
  }

  close(): void {
    this.stop();
    this.tiles.clear();
  }

  /** From now on missing tiles may be made for `budgetMs`. */
  begin(budgetMs: number): void {
    this.leftMs = budgetMs;
  }

  /** Adds what tiles know of `lane` to `strip`; false when something coarser had to do because the budget is used up. */
  paint(strip: Strip, lane: number, grid: Grid): boolean {
    const level = levelOf(grid.usPerColumn);
    const span = usOf(level) * TILE_COLUMNS;
    let complete = true;
    for (let n = Math.floor(grid.from / span); n * span < grid.from + grid.columns * grid.usPerColumn; n++) {
      const tile = this.made(level, n, lane) ?? (this.leftMs > 0 ? this.make(level, n, lane) : null);
      if (tile) this.merge(strip, tile, lane, grid, n * span, (n + 1) * span);
      else {
        complete = false;
        this.coarser(strip, lane, grid, level, n * span, (n + 1) * span);
      }
    }
    return complete;
  }

  private made(level: number, n: number, lane: number): Tile | null {
    const tile = this.tiles.get(`${level}/${n}`);
    if (!tile || !tile.done[lane]) return null;
    tile.used = ++this.clock;
    return tile;
  }

  private make(level: number, n: number, lane: number): Tile {
    const begun = performance.now();
    const name = `${level}/${n}`;
    let tile = this.tiles.get(name);
    if (!tile) {
      const size = this.lanes * TILE_COLUMNS;
      tile = { level, n, lanes: this.lanes, done: new Uint8Array(this.lanes), cover: new Uint16Array(size), fn: new Uint16Array(size), marks: new Uint8Array(size), used: 0 };
      this.tiles.set(name, tile);
      this.evict();
    }
    tile.used = ++this.clock;
    tile.done[lane] = 1;
    const grid: Grid = { from: n * usOf(level) * TILE_COLUMNS, usPerColumn: usOf(level), columns: TILE_COLUMNS };
    const sealed = this.store.chunks.filter((chunk) => !this.store.isTail(chunk));
    const cursors = cursorsOf(this.store, sealed, this.indexOf, lane, grid.from, grid.from + TILE_COLUMNS * grid.usPerColumn);
    this.strip.reset(TILE_COLUMNS);
    if (this.crowded(lane)) rasterCrowd(this.strip, cursors, grid, this.only);
    else rasterLane(this.strip, cursors, grid, this.store.functions.length, this.only);
    const base = lane * TILE_COLUMNS;
    for (let c = 0; c < TILE_COLUMNS; c++) {
      tile.cover[base + c] = Math.min(65535, Math.round(this.strip.cover[c]! * 255));
      tile.fn[base + c] = this.strip.fn[c]!;
      tile.marks[base + c] = this.strip.marks[c]!;
    }
    this.leftMs -= performance.now() - begun;
    return tile;
  }

  /** The next coarser tile that is there, for `from..to` only. */
  private coarser(strip: Strip, lane: number, grid: Grid, level: number, from: number, to: number): void {
    for (let up = level + 1; up <= level + 8; up++) {
      const span = usOf(up) * TILE_COLUMNS;
      const tile = this.made(up, Math.floor(from / span), lane);
      if (tile) return this.merge(strip, tile, lane, grid, from, to);
    }
  }

  /** Adds the tile's columns between `from` and `to` to the pixels they lie in. */
  private merge(strip: Strip, tile: Tile, lane: number, grid: Grid, from: number, to: number): void {
    const us = usOf(tile.level);
    const begin = tile.n * us * TILE_COLUMNS;
    const inverse = 1 / grid.usPerColumn;
    const end = grid.from + grid.columns * grid.usPerColumn;
    const first = Math.max(0, Math.floor((Math.max(from, grid.from) - begin) / us));
    const after = Math.min(TILE_COLUMNS, Math.ceil((Math.min(to, end) - begin) / us));
    const base = lane * TILE_COLUMNS;
    for (let c = first; c < after; c++) {
      const marks = tile.marks[base + c]!;
      if (marks === 0) continue;
      const fn = tile.fn[base + c]!;
      const density = tile.cover[base + c]! / 255;
      const a = Math.max((begin + c * us - grid.from) * inverse, (from - grid.from) * inverse);
      const b = Math.min((begin + (c + 1) * us - grid.from) * inverse, (to - grid.from) * inverse);
      const p0 = Math.max(0, Math.floor(a));
      const p1 = Math.min(grid.columns - 1, Math.ceil(b) - 1);
      for (let p = p0; p <= p1; p++) {
        const share = Math.min(b, p + 1) - Math.max(a, p);
        if (share > 0) strip.add(p, fn, Math.max(1e-9, share * density), p === p0 || b - a > 1 ? marks : marks & 1);
      }
    }
  }

  private forget(from: number, to: number): void {
    for (const [name, tile] of this.tiles) {
      const span = usOf(tile.level) * TILE_COLUMNS;
      if (tile.n * span <= to && (tile.n + 1) * span >= from) this.tiles.delete(name);
    }
  }

  private evict(): void {
    while (this.tiles.size > TILES_MAX) {
      let oldest: string | null = null;
      let used = Infinity;
      for (const [name, tile] of this.tiles) {
        if (tile.used < used) {
          used = tile.used;
          oldest = name;
        }
      }
      if (oldest === null) return;
      this.tiles.delete(oldest);
    }
  }
}
