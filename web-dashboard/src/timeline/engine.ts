// What draws: it owns the three canvases. What somebody does is drawn with the next frame, what moves by itself when the page's beat
// comes (state/beat.ts); when nothing changes nothing is drawn.

import { effect, signal } from '../state/signals';
import { withNext } from '../state/beat';
import { shade } from '../app/theme';
import type { TaskKeys } from '../data/keys';
import { drawDetails, drawParked, drawTicks } from './details';
import { AXIS_PX, drawAxis, drawGrid, drawNames, drawScrollbar, gutterOf } from './frame';
import type { Row } from './layout';
import { drawMinimap, MINIMAP_PX } from './minimap';
import { drawOpen } from './open';
import { drawOverlay, type Arrow } from './overlay';
import { Paint } from './paint';
import type { Scene } from './scene';
import { Strips } from './strips';
import { drawTaskRows } from './taskrows';
import { TileCache } from './tiles';

const TILE_BUDGET_MS = 4;
const MINIMAP_EVERY_MS = 200;
const WORDS_EVERY_MS = 200;
const calm = typeof matchMedia === 'undefined' ? null : matchMedia('(prefers-reduced-motion: reduce)');

export class Engine {
  /** Goes up with each frame that changed what is seen, at most five times a second: for the words around the canvas. */
  readonly seen = signal(0);
  arrows: readonly Arrow[] = [];
  gutter = 148;
  width = 800;
  readonly tiles: TileCache;
  readonly strips: Strips;
  private paint: Paint | null = null;
  private dirty = { base: true, overlay: true };
  private asked = 0;
  lastCost = 0;
  private lastMinimap = 0;
  private lastSeen = 0;
  private moving = 0;
  /** The minimap, or the words, are older than the picture. */
  private late = false;
  private unseen = false;
  private afterwards: ReturnType<typeof setTimeout> | null = null;
  private stops: (() => void)[] = [];
  private contexts: { base: CanvasRenderingContext2D; overlay: CanvasRenderingContext2D; minimap: CanvasRenderingContext2D } | null = null;

  constructor(readonly scene: Scene, readonly keys: TaskKeys, private readonly maxHeight: () => number) {
    this.tiles = new TileCache(scene.store);
    this.strips = new Strips(scene, this.tiles);
    keys.onChange = () => this.redraw();
  }

  attach(host: HTMLElement, base: HTMLCanvasElement, overlay: HTMLCanvasElement, minimap: HTMLCanvasElement): void {
    const [a, b, c] = [base.getContext('2d', { alpha: false }), overlay.getContext('2d'), minimap.getContext('2d')];
    if (!a || !b || !c) return;
    this.contexts = { base: a, overlay: b, minimap: c };
    const watch = new ResizeObserver(() => this.redraw());
    watch.observe(host);
    this.stops = [
      () => watch.disconnect(),
      effect(() => {
        void shade.value;
        this.paint = null;
        // The style sheet's variables follow the theme a moment later.
        queueMicrotask(() => this.redraw());
      }),
      effect(() => {
        void [this.scene.feed.tick.value, this.scene.feed.stale.value, this.scene.feed.loading.value, this.scene.feed.names.value];
        this.stopNext();
        this.stopNext = withNext(this.next);
      }),
      () => this.stopNext(),
      this.scene.store.onRewritten(() => withNext(this.next)),
    ];
    this.redraw();
  }

  detach(): void {
    cancelAnimationFrame(this.asked);
    this.asked = 0;
    if (this.afterwards !== null) clearTimeout(this.afterwards);
    this.afterwards = null;
    for (const stop of this.stops) stop();
    this.stops = [];
    this.contexts = null;
    this.tiles.close();
  }

  /** Whether somebody moves the window just now. */
  get busy(): boolean {
    return performance.now() - this.moving < 700;
  }

  /** Everything anew. */
  redraw(): void {
    this.dirty = { base: true, overlay: true };
    this.ask();
  }

  /** The window moved because somebody moved it. */
  moved(): void {
    this.moving = performance.now();
    this.redraw();
  }

  redrawOverlay(): void {
    this.dirty.overlay = true;
    this.ask();
  }

  private ask(): void {
    if (this.asked === 0 && this.contexts) this.asked = requestAnimationFrame((at) => this.frame(at));
  }

  /** What moves by itself. */
  private next = (): void => {
    if (!this.scene.paused) this.redraw();
  };
  private stopNext = (): void => undefined;

  private frame(at: number): void {
    this.asked = 0;
    const { scene } = this;
    if (this.dirty.base || this.dirty.overlay) this.draw(at);
    if (!scene.live || scene.paused || (scene.open.length === 0 && !scene.view.follow)) return;
    this.stopNext();
    this.stopNext = withNext(this.next, 0);
  }

  private draw(at: number): void {
    const begun = performance.now();
    const base = this.dirty.base;
    if (!this.resize()) return;
    if (base) {
      this.dirty.base = false;
      this.drawBase();
    }
    this.dirty.overlay = false;
    this.drawOverlay();
    if (base) this.late = true;
    if (this.late && (at - this.lastMinimap > MINIMAP_EVERY_MS || begun - this.moving < 100)) {
      this.lastMinimap = at;
      this.late = false;
      const { minimap } = this.contexts!;
      minimap.setTransform(this.paint!.ratio, 0, 0, this.paint!.ratio, 0, 0);
      drawMinimap(minimap, this.scene, this.paint!, this.width);
    }
    if (base) this.lastCost = performance.now() - begun;
    if (at - this.lastSeen > WORDS_EVERY_MS) {
      this.lastSeen = at;
      this.unseen = false;
      this.seen.value++;
    } else if (base) this.unseen = true;
    // What was put off follows, even when nothing else changes.
    if ((this.late || this.unseen) && this.afterwards === null) {
      this.afterwards = setTimeout(() => {
        this.afterwards = null;
        if (this.late || this.unseen) this.redrawOverlay();
      }, MINIMAP_EVERY_MS + 10);
    }
  }

  private drawBase(): void {
    const { scene, gutter } = this;
    const { base } = this.contexts!;
    const paint = this.paint!;
    const { ratio } = paint;
    base.setTransform(ratio, 0, 0, ratio, 0, 0);
    base.fillStyle = paint.theme.surface;
    base.fillRect(0, 0, this.width, scene.height + AXIS_PX);
    base.save();
    base.beginPath();
    base.rect(gutter, AXIS_PX, scene.view.width, scene.height);
    base.clip();
    base.translate(gutter, AXIS_PX);
    drawGrid(base, scene, paint);
    if (scene.lanesBy === 'task') drawTaskRows(base, scene, paint);
    else {
      const rows: { row: Row; at: number }[] = [];
      scene.layout.rows.forEach((row, n) => {
        const y = row.y - scene.scroll;
        if (row.kind !== 'head' && y + row.h >= 0 && y <= scene.height) rows.push({ row, at: n });
      });
      const complete = this.strips.draw(base, rows, paint, TILE_BUDGET_MS);
      drawDetails(base, scene, scene.layout.rows, this.strips.details, paint);
      for (const { row } of rows) if (row.kind === 'lane') drawParked(base, scene, row, paint);
      drawOpen(base, scene, paint);
      drawTicks(base, scene, scene.layout.rows, this.strips.ticks, paint);
      if (!complete) this.redraw();
    }
    base.restore();
    drawNames(base, scene, paint, gutter, this.keys, scene.selected >= 0 ? scene.laneOf(scene.selected) : -1, this.strips.peaks);
    drawAxis(base, scene, paint, gutter);
    drawScrollbar(base, scene, paint, gutter);
  }

  private drawOverlay(): void {
    const { overlay } = this.contexts!;
    overlay.setTransform(this.paint!.ratio, 0, 0, this.paint!.ratio, 0, 0);
    drawOverlay(overlay, this.scene, this.paint!, this.gutter, this.arrows, this.scene.feed.stale.peek() !== null);
  }

  /** Fits the canvases to their host and the scene to them. */
  private resize(): boolean {
    const { base, overlay, minimap } = this.contexts!;
    const { scene } = this;
    const width = Math.floor(base.canvas.parentElement?.clientWidth ?? 0);
    if (width < 50) return false;
    const ratio = Math.min(3, window.devicePixelRatio || 1);
    this.width = width;
    this.gutter = gutterOf(width);
    scene.view.width = width - this.gutter;
    if (this.dirty.base) scene.update(calm?.matches ?? false);
    scene.height = Math.max(120, Math.min(this.maxHeight(), scene.contentHeight));
    const height = scene.height + AXIS_PX;
    for (const [context, h] of [[base, height], [overlay, height], [minimap, MINIMAP_PX]] as const) {
      const { canvas } = context;
      const [w, deviceHeight] = [Math.round(width * ratio), Math.round(h * ratio)];
      if (canvas.width === w && canvas.height === deviceHeight) continue;
      canvas.width = w;
      canvas.height = deviceHeight;
      canvas.style.width = `${width}px`;
      canvas.style.height = `${h}px`;
      this.dirty.base = true;
    }
    if (!this.paint?.fits(ratio, scene.hues, scene.store.functions, this.gutter)) {
      this.paint = Paint.make(base.canvas, ratio, this.gutter, AXIS_PX, scene.hues, scene.store.functions, base);
    }
    return true;
  }
}
