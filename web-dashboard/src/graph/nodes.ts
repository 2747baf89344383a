// Tasks as squares on a canvas, up to 100 000: far away as tiles of density in one image, near as squares with signs and keys. It owns
// the window on the graph; the states come from outside.

import { pixelOf, resolveColours, SHADES, shadeTable, type Theme } from '../timeline/colours';
import { neighboursOf, Task, type Points } from './points';

export interface NodeView {
  /** Position, in units of the graph, of the upper left corner; pixels of one unit. */
  x: number;
  y: number;
  scale: number;
}

/** Squares with signs from this many pixels, keys beside them from that many. */
const NEAR_PX = 10;
const KEYS_PX = 74;
const SQUARE = 0.7;
/** Squares grow no larger. */
const BOX_MOST = 22;
const EDGES_MAX = 2500;
const BUNDLES_MAX = 1500;

export const fitView = (points: Points, width: number, height: number): NodeView => {
  const scale = Math.min(40, (width - 24) / Math.max(1, points.width), (height - 24) / Math.max(1, points.height));
  return { scale, x: points.width / 2 - width / 2 / scale, y: points.height / 2 - height / 2 / scale };
};

/** Near enough to read, with `position` in the middle, where not everything fits. */
export function nearView(points: Points, position: number, width: number, height: number): NodeView {
  const view = fitView(points, width, height);
  const scale = 30;
  return view.scale >= scale ? view : { scale, x: points.x[position]! - width / 2 / scale, y: points.y[position]! - height / 2 / scale };
}

/** Colours ready for the canvas. */
export interface NodePaint {
  readonly theme: Theme;
  readonly hueOf: (fn: number) => number;
  /** Pixels by function and state: `[8 * function + state]`. */
  readonly pixels: Uint32Array;
  /** What a task of another function has than the one that is looked at. */
  readonly faint: number;
  readonly back: number;
  /** The picture from far, kept from frame to frame. */
  image: ImageData | null;
}

/** How present a task is: what waits is faint. */
const PRESENCE = [4, 12, 12, 63, 48, 63, 30, 30];

export function nodePaint(theme: Theme, functions: number, hueOf: (fn: number) => number): NodePaint {
  const [back, ...others] = resolveColours([theme.surface, ...theme.hues, theme.bad, theme.busy, theme.overhead]);
  const shades = shadeTable(others, back!);
  const hues = theme.hues.length;
  const pixels = new Uint32Array(8 * Math.max(1, functions));
  for (let n = 0; n < pixels.length; n++) {
    const state = n % 8;
    const hue = state === Task.failed ? hues : state === Task.running ? hues + 1 : state >= Task.cancelled ? hues + 2 : hueOf(n >> 3);
    pixels[n] = shades[hue * SHADES + PRESENCE[state]!]!;
  }
  return { theme, hueOf, pixels, faint: shades[(hues + 2) * SHADES]!, back: pixelOf(back!), image: null };
}

export interface NodeFrame {
  readonly points: Points;
  readonly view: NodeView;
  readonly width: number;
  readonly height: number;
  readonly ratio: number;
  readonly paint: NodePaint;
  readonly selected: number;
  /** Only this function is in full colour, or -1. */
  readonly only: number;
  readonly keyOf: (task: number) => string | undefined;
  /** Explicit edges, where there are few. */
  readonly edges: readonly (readonly [number, number])[] | null;
}

export function drawNodes(context: CanvasRenderingContext2D, frame: NodeFrame): { visible: number } {
  const { view, ratio } = frame;
  context.setTransform(1, 0, 0, 1, 0, 0);
  const visible = view.scale < NEAR_PX ? drawFar(context, frame) : 0;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  if (view.scale >= NEAR_PX) {
    context.fillStyle = frame.paint.theme.surface;
    context.fillRect(0, 0, frame.width, frame.height);
  }
  drawEdges(context, frame);
  const near = view.scale >= NEAR_PX ? drawNear(context, frame) : visible;
  if (frame.selected >= 0) drawSelected(context, frame);
  return { visible: near };
}

/** One image: each task fills its pixels; where several share one, what runs and what failed are drawn last and win. */
function drawFar(context: CanvasRenderingContext2D, { points, view, width, height, ratio, paint, only }: NodeFrame): number {
  const w = Math.max(1, Math.round(width * ratio));
  const h = Math.max(1, Math.round(height * ratio));
  if (paint.image?.width !== w || paint.image.height !== h) paint.image = new ImageData(w, h);
  const pixels = new Uint32Array(paint.image.data.buffer).fill(paint.back);
  const { x: xs, y: ys, fn: fns, state: states } = points;
  const scale = view.scale * ratio;
  const side = Math.max(1, Math.round(scale * SQUARE));
  const last: number[] = [];
  let visible = 0;
  const fill = (n: number, grow: number, pixel: number): void => {
    const x = Math.round((xs[n]! - view.x) * scale) - grow;
    const y = Math.round((ys[n]! - view.y) * scale) - grow;
    const to = Math.min(w, x + side + 2 * grow);
    const low = Math.min(h, y + side + 2 * grow);
    if (to <= 0 || low <= 0 || x >= w || y >= h) return;
    visible++;
    for (let py = Math.max(0, y); py < low; py++) pixels.fill(pixel, py * w + Math.max(0, x), py * w + to);
  };
  for (let n = 0; n < points.count; n++) {
    const state = states[n]!;
    if (state === Task.running || state === Task.failed) last.push(n);
    else fill(n, 0, only >= 0 && fns[n] !== only ? paint.faint : paint.pixels[8 * fns[n]! + state]!);
  }
  for (const wanted of [Task.running, Task.failed]) {
    for (const n of last) if (states[n] === wanted) fill(n, wanted === Task.failed && side < 3 ? 1 : 0, paint.pixels[8 * fns[n]! + wanted]!);
  }
  context.putImageData(paint.image, 0, 0);
  return visible;
}

function center(frame: NodeFrame, task: number): [number, number] {
  const { points, view } = frame;
  const side = view.scale * SQUARE;
  return [(points.x[task]! - view.x) * view.scale + Math.min(side, BOX_MOST) / 2, (points.y[task]! - view.y) * view.scale + side / 2];
}

function curve(context: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  const bend = Math.max(8, Math.abs(x1 - x0) * 0.45);
  context.moveTo(x0, y0);
  context.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1, y1);
}

/** All edges where they are few, else each bundle as one curve between its middles. */
function drawEdges(context: CanvasRenderingContext2D, frame: NodeFrame): void {
  const { points, edges, view } = frame;
  const { bundles } = points;
  context.strokeStyle = frame.paint.theme.lineStrong;
  context.lineWidth = 1;
  context.globalAlpha = view.scale < NEAR_PX ? 0.45 : 0.8;
  context.beginPath();
  if (edges) for (const [from, to] of edges) curve(context, ...center(frame, from), ...center(frame, to));
  else {
    let drawn = 0;
    for (let b = 0; b < bundles.count && drawn < EDGES_MAX; b++) {
      const [from, to] = [bundles.from[b]!, bundles.to[b]!];
      const [many, more] = [bundles.fromCount[b]!, bundles.toCount[b]!];
      const spread = view.scale >= NEAR_PX && (many * more <= 64 || (bundles.oneToOne[b] && many === more && many <= 512));
      if (!spread) {
        if (bundles.count > BUNDLES_MAX) continue;
        curve(context, ...center(frame, from + (many >> 1)), ...center(frame, to + (more >> 1)));
        drawn++;
        continue;
      }
      for (let n = 0; n < many; n++) {
        const others = bundles.oneToOne[b] && many === more ? [to + n] : Array.from({ length: more }, (_, m) => to + m);
        for (const other of others) {
          const [x0, y0] = center(frame, from + n);
          const [x1, y1] = center(frame, other);
          if (Math.max(x0, x1) < 0 || Math.min(x0, x1) > frame.width || Math.max(y0, y1) < 0 || Math.min(y0, y1) > frame.height) continue;
          curve(context, x0, y0, x1, y1);
          drawn++;
        }
      }
    }
  }
  context.stroke();
  context.globalAlpha = 1;
}

const GLYPHS = ['', '', '?', '▸', '', '✕', '⁄', '⁄'];

function drawNear(context: CanvasRenderingContext2D, frame: NodeFrame): number {
  const { points, view, paint, only } = frame;
  const side = view.scale * SQUARE;
  let visible = 0;
  context.textBaseline = 'middle';
  for (let n = 0; n < points.count; n++) {
    const x = (points.x[n]! - view.x) * view.scale;
    const y = (points.y[n]! - view.y) * view.scale;
    if (x + view.scale < 0 || y + side < 0 || x > frame.width || y > frame.height) continue;
    visible++;
    const state = points.state[n]!;
    const box = Math.min(side, BOX_MOST);
    context.globalAlpha = only >= 0 && points.fn[n] !== only ? 0.2 : 1;
    context.fillStyle = state === Task.failed ? paint.theme.bad : state === Task.running ? paint.theme.busy : state >= Task.cancelled ? paint.theme.overhead : paint.theme.hues[paint.hueOf(points.fn[n]!)]!;
    if (state <= Task.noWorker) {
      context.strokeStyle = context.fillStyle;
      context.lineWidth = 1.5;
      context.setLineDash(state === Task.waiting ? [] : [3, 2]);
      context.strokeRect(x + 1, y + (side - box) / 2 + 1, box - 2, box - 2);
      context.setLineDash([]);
    } else context.fillRect(x, y + (side - box) / 2, box, box);
    if (box >= 12 && GLYPHS[state]) {
      context.fillStyle = paint.theme.dark ? '#0a0d14' : '#ffffff';
      context.font = `700 ${Math.min(12, box * 0.7)}px ${paint.theme.font}`;
      context.textAlign = 'center';
      context.fillText(GLYPHS[state]!, x + box / 2, y + side / 2 + 0.5);
      context.textAlign = 'start';
    }
    if (view.scale >= KEYS_PX || (frame.edges && view.scale >= 30)) {
      const key = frame.keyOf(n);
      context.fillStyle = paint.theme.ink2;
      context.font = `12px ${paint.theme.font}`;
      if (key !== undefined) context.fillText(key.length > 16 ? `${key.slice(0, 15)}…` : key, x + box + 5, y + side / 2 + 0.5);
    }
  }
  context.globalAlpha = 1;
  return visible;
}

function drawSelected(context: CanvasRenderingContext2D, frame: NodeFrame): void {
  const { points, view, selected, paint } = frame;
  if (selected >= points.count) return;
  context.strokeStyle = paint.theme.accent;
  context.lineWidth = 1.5;
  context.beginPath();
  if (!frame.edges) {
    for (const dep of neighboursOf(points.bundles, selected, -1, 200)) curve(context, ...center(frame, dep), ...center(frame, selected));
    for (const dependent of neighboursOf(points.bundles, selected, 1, 200)) curve(context, ...center(frame, selected), ...center(frame, dependent));
  }
  context.stroke();
  const side = view.scale * SQUARE;
  const box = Math.max(5, Math.min(side, BOX_MOST));
  context.lineWidth = 2.5;
  context.strokeRect((points.x[selected]! - view.x) * view.scale - 3, (points.y[selected]! - view.y) * view.scale + (side - box) / 2 - 3, box + 6, box + 6);
}

/** The task at a point of the canvas, or -1. */
export function nodeAt(points: Points, view: NodeView, px: number, py: number): number {
  const slack = Math.max(0.15, 4 / view.scale);
  const [x, y] = [view.x + px / view.scale, view.y + py / view.scale];
  let found = -1;
  let best = Infinity;
  for (let n = 0; n < points.count; n++) {
    const dx = x - points.x[n]! - SQUARE / 2;
    const dy = y - points.y[n]! - SQUARE / 2;
    const away = dx * dx + dy * dy;
    if (Math.abs(dx) <= SQUARE / 2 + slack && Math.abs(dy) <= SQUARE / 2 + slack && away < best) {
      best = away;
      found = n;
    }
  }
  return found;
}
