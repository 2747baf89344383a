// The whole history in one strip: how many slots were busy, ticks where something failed, and the window as a brush.

import { BUCKETS } from '../data/density';
import type { Paint } from './paint';
import type { Scene } from './scene';

export const MINIMAP_PX = 46;
const TICKS_PX = 7;

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What the minimap spans. */
export function minimapSpan(scene: Scene): Span {
  const { from, to } = scene.bounds;
  return { from, to: Math.max(to, from + 1) };
}

export function drawMinimap(context: CanvasRenderingContext2D, scene: Scene, paint: Paint, width: number): void {
  const { density } = scene.store;
  const span = minimapSpan(scene);
  const scale = width / (span.to - span.from);
  const slots = Math.max(1, scene.all ? scene.feed.tick.peek()?.server.slots ?? scene.store.lanes.length : scene.store.lanes.length);
  context.clearRect(0, 0, width, MINIMAP_PX);
  context.fillStyle = paint.theme.sunk;
  context.fillRect(0, 0, width, MINIMAP_PX);
  const height = MINIMAP_PX - TICKS_PX;
  // Buckets may be narrower or wider than pixels: each pixel takes the mean of its buckets, and any failure.
  const busy = new Float64Array(Math.ceil(width));
  const failed = new Uint8Array(Math.ceil(width));
  const perPixel = 1 / scale;
  for (let x = 0; x < busy.length; x++) {
    const a = (span.from + x * perPixel - density.from) / density.width;
    const b = a + perPixel / density.width;
    for (let bucket = Math.max(0, Math.floor(a)); bucket < Math.min(BUCKETS, Math.max(Math.floor(a) + 1, b)); bucket++) {
      const share = Math.min(b, bucket + 1) - Math.max(a, bucket);
      busy[x]! += (density.busy[bucket]! * Math.max(0, share)) / perPixel;
      failed[x] = Math.max(failed[x]!, density.failed[bucket]!);
    }
  }
  const most = Math.max(slots, ...busy);
  context.beginPath();
  context.moveTo(0, MINIMAP_PX);
  for (let x = 0; x < busy.length; x++) {
    const y = MINIMAP_PX - (busy[x]! / most) * height;
    context.lineTo(x, y);
    context.lineTo(x + 1, y);
  }
  context.lineTo(width, MINIMAP_PX);
  context.fillStyle = paint.theme.accent;
  context.globalAlpha = paint.theme.dark ? 0.5 : 0.42;
  context.fill();
  context.globalAlpha = 1;
  for (const [value, colour] of [[1, paint.theme.warn], [2, paint.theme.bad]] as const) {
    context.fillStyle = colour;
    for (let x = 0; x < failed.length; x++) if (failed[x] === value) context.fillRect(x - 0.5, 1, 2, TICKS_PX - 2);
  }
  drawBrush(context, scene, paint, span, scale, width);
}

function drawBrush(context: CanvasRenderingContext2D, scene: Scene, paint: Paint, span: Span, scale: number, width: number): void {
  const a = Math.max(0, (scene.view.from - span.from) * scale);
  const b = Math.min(width, (scene.view.to - span.from) * scale);
  context.fillStyle = paint.theme.surface;
  context.globalAlpha = 0.62;
  context.fillRect(0, 0, a, MINIMAP_PX);
  context.fillRect(b, 0, width - b, MINIMAP_PX);
  context.globalAlpha = 1;
  context.strokeStyle = paint.theme.ink2;
  context.lineWidth = 1;
  context.strokeRect(Math.round(a) + 0.5, 0.5, Math.max(2, Math.round(b - a) - 1), MINIMAP_PX - 1);
}
