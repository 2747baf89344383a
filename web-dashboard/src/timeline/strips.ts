// Strips on the canvas: two rows of pixels per lane, the upper one red or amber where something failed, stretched to the height of the
// lane. Long spans get sharp edges in the same pixels, and are told to whoever draws details.

import { State } from '../data/block';
import type { Chunk } from '../data/chunk';
import { GROUP } from '../data/laneindex';
import { SHADES } from './colours';
import type { Row } from './layout';
import type { Paint } from './paint';
import { countOf, cursorsOf, Mark, rasterCrowd, rasterLane, Strip, type Grid } from './raster';
import type { Scene } from './scene';
import type { TileCache } from './tiles';

/** Spans wide enough for details, in the order of rows and starts. */
export class Details {
  count = 0;
  row = new Uint16Array(4096);
  from = new Float32Array(4096);
  to = new Float32Array(4096);
  number = new Float64Array(4096);
  /** Where the span before it in its lane ends, in pixels. */
  before = new Float32Array(4096);

  push(row: number, from: number, to: number, number: number, before: number): void {
    if (this.count === this.row.length) return;
    this.row[this.count] = row;
    this.from[this.count] = from;
    this.to[this.count] = to;
    this.number[this.count] = number;
    this.before[this.count++] = before;
  }
}

/** Spans at least as wide get edges; at least as wide, details. Device pixels. */
const SHARP_PX = 3;
const DETAIL_PX = 9;
/** A lane with more spans in sight than this many per pixel is drawn from tiles; so are lanes with more than their part of what one
 *  frame looks at. */
const SPANS_PER_PIXEL = 2;
const SPANS_PER_FRAME = 60_000;

export class Strips {
  readonly details = new Details();
  /** Columns with failures: row, column and marks of each. */
  ticks: number[] = [];
  /** Spans that were looked at in the last frame. */
  spans = 0;
  /** The most at once, by row of a crowd. */
  readonly peaks = new Map<number, number>();
  private readonly strip = new Strip();
  private readonly canvas = document.createElement('canvas');
  private readonly context = this.canvas.getContext('2d')!;
  private image: ImageData | null = null;
  private pixels = new Uint32Array(0);
  /** Spans that each lane in sight may have and yet be drawn exactly. */
  private share = 0;
  private barImage: ImageData | null = null;

  constructor(private readonly scene: Scene, private readonly tiles: TileCache) {}

  /** Draws `rows` with the device pixels of `paint`. False when something has to be made finer in the next frame. */
  draw(context: CanvasRenderingContext2D, rows: readonly { row: Row; at: number }[], paint: Paint, tileBudgetMs: number): boolean {
    const columns = Math.max(1, Math.round(this.scene.view.width * paint.ratio));
    const { view, layout } = this.scene;
    const grid: Grid = { from: view.from, usPerColumn: (view.to - view.from) / columns, columns };
    this.tiles.setLanes(layout.key, layout.indexOf, layout.lanes, this.scene.only, layout.crowded);
    this.tiles.begin(tileBudgetMs);
    this.share = SPANS_PER_FRAME / Math.max(1, rows.reduce((sum, { row }) => sum + row.laneEnd - row.lane, 0));
    this.details.count = 0;
    this.ticks = [];
    this.spans = 0;
    const height = Math.max(2, 2 * rows.length);
    if (!this.image || this.image.width !== columns || this.image.height < height) {
      this.image = new ImageData(columns, height + 32);
      this.canvas.width = columns;
      this.canvas.height = height + 32;
      this.pixels = new Uint32Array(this.image.data.buffer);
    }
    let complete = true;
    rows.forEach(({ row, at }, n) => {
      this.strip.reset(columns);
      for (let lane = row.lane; lane < row.laneEnd; lane++) if (!this.fill(lane, grid)) complete = false;
      if (row.kind === 'crowd') this.peaks.set(at, this.scale(columns));
      if (row.kind === 'crowd') this.bars(context, row, columns, paint);
      else this.colour(n, columns, paint);
      for (let c = 0; c < columns; c++) if (this.strip.marks[c]! > Mark.any) this.ticks.push(at, c, this.strip.marks[c]!);
      if (row.kind === 'lane') this.sharpen(n, at, row, grid, paint);
    });
    this.context.putImageData(this.image, 0, 0, 0, 0, columns, height);
    context.imageSmoothingEnabled = false;
    rows.forEach(({ row }, n) => {
      if (row.kind === 'lane') context.drawImage(this.canvas, 0, 2 * n, columns, 2, 0, row.y - this.scene.scroll, view.width, row.h);
    });
    context.imageSmoothingEnabled = true;
    return complete;
  }

  /** Adds an index lane to the strip, from its spans or from tiles. False when something coarser had to do. */
  private fill(lane: number, grid: Grid): boolean {
    const { store, layout, only, view } = this.scene;
    const raster = (chunks: readonly Chunk[]): void => {
      const cursors = cursorsOf(store, chunks, layout.indexOf, lane, grid.from, view.to);
      if (layout.crowded(lane)) rasterCrowd(this.strip, cursors, grid, only);
      else rasterLane(this.strip, cursors, grid, store.functions.length, only);
    };
    const count = countOf(cursorsOf(store, store.chunks, layout.indexOf, lane, grid.from, view.to));
    this.spans += count;
    if (count <= Math.min(SPANS_PER_PIXEL * grid.columns, this.share)) {
      raster(store.chunks);
      return true;
    }
    raster(store.chunks.filter((chunk) => store.isTail(chunk)));
    return this.tiles.paint(this.strip, lane, grid);
  }

  /** A crowd is shown by how many run at once, as a share of the most that is in sight. */
  private scale(columns: number): number {
    let most = 0;
    for (let c = 0; c < columns; c++) most = Math.max(most, this.strip.cover[c]!);
    if (most > 1) for (let c = 0; c < columns; c++) this.strip.cover[c]! /= most;
    return most;
  }

  private colour(n: number, columns: number, paint: Paint): void {
    const { cover, fn, marks } = this.strip;
    const { shades, hueTable, laneBack } = paint;
    const upper = 2 * n * this.image!.width;
    const lower = upper + this.image!.width;
    const { pixels } = this;
    for (let c = 0; c < columns; c++) {
      const mark = marks[c]!;
      if (mark === 0) {
        pixels[upper + c] = pixels[lower + c] = laneBack;
        continue;
      }
      const shade = Math.min(SHADES - 1, (cover[c]! * (SHADES - 1)) | 0);
      const plain = shades[hueTable[fn[c]!]! * SHADES + shade]!;
      pixels[lower + c] = plain;
      pixels[upper + c] = mark & Mark.failed ? paint.badPixel : mark & Mark.retried ? paint.warnPixel : plain;
    }
  }

  /** Bars as high as the share of the most that ran at once; failures at the top. */
  private bars(context: CanvasRenderingContext2D, row: Row, columns: number, paint: Paint): void {
    const height = Math.round(row.h * paint.ratio);
    if (this.barImage?.width !== columns || this.barImage.height !== height) this.barImage = new ImageData(columns, height);
    const image = this.barImage;
    const pixels = new Uint32Array(image.data.buffer).fill(paint.laneBack);
    const { cover, fn, marks } = this.strip;
    for (let c = 0; c < columns; c++) {
      if (marks[c] === 0) continue;
      const pixel = paint.shades[paint.hueOf(fn[c]!) * SHADES + SHADES - 1]!;
      const bar = Math.max(paint.ratio, Math.round(Math.min(1, cover[c]!) * height));
      for (let y = height - bar; y < height; y++) pixels[y * columns + c] = pixel;
      if (marks[c]! === Mark.any) continue;
      const tip = marks[c]! & Mark.failed ? paint.badPixel : paint.warnPixel;
      for (let y = 0; y < 4 * paint.ratio; y++) pixels[y * columns + c] = tip;
    }
    const y = Math.round((paint.top + row.y - this.scene.scroll) * paint.ratio);
    context.putImageData(image, Math.round(paint.left * paint.ratio), y);
  }

  private sharpen(n: number, at: number, row: Row, grid: Grid, paint: Paint): void {
    const { store, layout, only, view } = this.scene;
    const inverse = 1 / grid.usPerColumn;
    const least = SHARP_PX * grid.usPerColumn;
    const { pixels } = this;
    const width = this.image!.width;
    const upper = 2 * n * width;
    let before = -1;
    for (const chunk of store.chunks) {
      const shift = store.shiftOf(chunk);
      if (chunk.count === 0 || chunk.tMax + shift < grid.from || chunk.tMin + shift > view.to) continue;
      const index = layout.indexOf(chunk);
      if (row.lane >= index.lanes || index.laneLongest[row.lane]! < least) continue;
      const [cursor] = cursorsOf(store, [chunk], layout.indexOf, row.lane, grid.from, view.to);
      if (!cursor) continue;
      const { order } = index;
      const { start, dur, state, function: functionOf } = chunk.columns;
      for (let place = cursor.at; place < cursor.to; place++) {
        if (place % GROUP === 0 && index.longest[place / GROUP]! < least) {
          place += GROUP - 1;
          continue;
        }
        const i = order[place]!;
        if (dur[i]! < least || (only >= 0 && functionOf[i] !== only)) continue;
        const a = (start[i]! + shift - grid.from) * inverse;
        const b = a + dur[i]! * inverse;
        if (b <= 0 || a >= grid.columns) continue;
        const x0 = Math.max(0, Math.round(a));
        const x1 = Math.min(grid.columns, Math.round(b));
        const hue = state[i] === State.failed ? paint.badHue : state[i] === State.cancelled ? paint.greyHue : paint.hueOf(functionOf[i]!);
        const pixel = paint.shades[hue * SHADES + SHADES - 1]!;
        const top = state[i] === State.retried ? paint.warnPixel : pixel;
        const end = x1 < grid.columns ? x1 - 1 : x1;
        for (let x = x0; x < end; x++) {
          pixels[upper + x] = top;
          pixels[upper + width + x] = pixel;
        }
        if (end < x1) pixels[upper + end] = pixels[upper + width + end] = paint.laneBack;
        if (b - a >= DETAIL_PX * paint.ratio) this.details.push(at, a / paint.ratio, b / paint.ratio, chunk.first + i, before);
        before = b / paint.ratio;
      }
    }
  }
}
