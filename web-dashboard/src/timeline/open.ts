// Tasks that have not ended: in their slot up to now with an end that fades, parked ones as thin bars, what comes next as dashed
// outlines right of now.

import type { Paint } from './paint';
import { shortName } from './paint';
import { PARKED_PX, type Scene } from './scene';

const FADE_PX = 18;
const FADE_STEPS = 6;

export function drawOpen(context: CanvasRenderingContext2D, scene: Scene, paint: Paint): void {
  const { view, store } = scene;
  const now = view.x(scene.now);
  for (const open of scene.open) {
    if (!open.start_us || (scene.only >= 0 && open.function !== scene.only)) continue;
    const row = scene.rowOfOpen(open);
    const x = view.x(open.start_us - store.baseUs);
    if (!row || x > view.width || now < 0) continue;
    const y = row.y - scene.scroll;
    if (y + row.h < 0 || y > scene.height) continue;
    if (open.state === 'parked') {
      paint.hatched(context, paint.theme.ink3, Math.max(0, x), y + row.h - PARKED_PX, Math.max(1, now - Math.max(0, x)), PARKED_PX);
      continue;
    }
    drawRunning(context, paint, open.function, Math.max(0, x), Math.max(x + 2, now), y, row.h);
    if (now - Math.max(0, x) > 52 && row.h >= 12) paint.label(context, open.function, Math.max(0, x) + 4, y + row.h / 2, now - Math.max(0, x) - FADE_PX - 4);
  }
  if (scene.lanesBy !== 'task' && scene.live) drawNext(context, scene, paint, now);
}

/** Full colour that fades at the right: it goes on. */
export function drawRunning(context: CanvasRenderingContext2D, paint: Paint, fn: number, from: number, to: number, y: number, h: number): void {
  context.fillStyle = paint.colour(fn);
  const fade = Math.min(FADE_PX, (to - from) * 0.7);
  context.fillRect(from, y, Math.max(0, to - fade - from), h);
  for (let step = 0; step < FADE_STEPS; step++) {
    context.globalAlpha = 1 - (step + 0.5) / (FADE_STEPS + 1);
    context.fillRect(to - fade + (step * fade) / FADE_STEPS, y, fade / FADE_STEPS + 0.25, h);
  }
  context.globalAlpha = 1;
}

/** Right of now, for each lane: what its worker holds ready, or that the queue has more. */
function drawNext(context: CanvasRenderingContext2D, scene: Scene, paint: Paint, now: number): void {
  const tick = scene.feed.tick.peek();
  const room = scene.view.width - now - 8;
  if (!tick || room < 14) return;
  const queued = (tick.counts['queued'] ?? 0) + (tick.counts['no-worker'] ?? 0);
  const ready = scene.open.filter((open) => open.state === 'assigned').map((open) => open.function);
  for (const f of tick.functions) {
    const fn = scene.store.functions.indexOf(f.call);
    for (let n = 0; n < (f.counts['queued'] ?? 0) && ready.length < 64; n++) ready.push(fn);
  }
  if (queued + ready.length === 0) return;
  context.setLineDash([3, 2]);
  context.lineWidth = 1;
  let next = 0;
  const width = Math.min(56, (room - 6) / 2);
  for (let column = 0; column < 2 && width >= 12; column++) {
    for (const row of scene.layout.rows) {
      if (row.kind !== 'lane' || next >= ready.length || (row.fn >= 0 && row.fn !== ready[next])) continue;
      const y = row.y - scene.scroll;
      const fn = ready[next++]!;
      if (y + row.h < 0 || y > scene.height || fn < 0) continue;
      const x = now + 6 + column * (width + 4);
      context.strokeStyle = paint.colour(fn);
      context.strokeRect(x + 0.5, y + 1.5, width - 1, row.h - 3);
      if (width > 44 && row.h >= 14) {
        context.fillStyle = paint.theme.ink3;
        context.font = `10px ${paint.theme.font}`;
        context.textBaseline = 'middle';
        context.save();
        context.beginPath();
        context.rect(x + 3, y, width - 6, row.h);
        context.clip();
        context.fillText(shortName(scene.store.functions[fn] ?? ''), x + 4, y + row.h / 2 + 0.5);
        context.restore();
      }
    }
  }
  context.setLineDash([]);
}
