// What lies over the lanes and changes with the pointer: now, the hovered and the selected span, the selected range, the mark, and
// the arrows of what the selected task waited for and what waited for it.

import { outline } from './details';
import { AXIS_PX } from './frame';
import { tickWord, stepFor } from './axis';
import type { Paint } from './paint';
import type { Scene } from './scene';

/** Numbers of two spans; the second began because the first had ended. */
export interface Arrow {
  readonly from: number;
  readonly to: number;
}

export function drawOverlay(context: CanvasRenderingContext2D, scene: Scene, paint: Paint, left: number, arrows: readonly Arrow[], stale: boolean): void {
  const { view } = scene;
  context.clearRect(0, 0, left + view.width, scene.height + AXIS_PX);
  context.save();
  context.beginPath();
  context.rect(left, 0, view.width, scene.height + AXIS_PX);
  context.clip();
  context.translate(left, AXIS_PX);
  if (scene.range) drawRange(context, scene, paint, scene.range);
  if (scene.live) {
    const x = Math.round(view.x(scene.now));
    context.fillStyle = stale || scene.paused ? paint.theme.ink3 : paint.theme.accent;
    context.fillRect(x, -AXIS_PX, stale || scene.paused ? 1 : 1.5, scene.height + AXIS_PX);
    flag(context, paint, x, stale ? 'last heard' : scene.paused ? 'paused' : 'now', stale || scene.paused ? paint.theme.ink3 : paint.theme.accent, view.width);
  }
  if (scene.mark !== null) {
    context.fillStyle = paint.theme.warn;
    context.fillRect(Math.round(view.x(scene.mark)), -AXIS_PX, 1, scene.height + AXIS_PX);
    flag(context, paint, Math.round(view.x(scene.mark)), 'mark', paint.theme.warn, view.width);
  }
  for (const arrow of arrows) drawArrow(context, scene, paint, arrow);
  if (scene.hover?.kind === 'span') outline(context, scene, scene.hover.number, paint.theme.ink, 1);
  if (scene.selected >= 0) {
    outline(context, scene, scene.selected, paint.theme.surface, 4);
    outline(context, scene, scene.selected, paint.theme.accent, 2);
  }
  if (scene.hoverX !== null) {
    context.fillStyle = paint.theme.ink3;
    context.globalAlpha = 0.6;
    context.fillRect(Math.round(scene.hoverX), -4, 1, scene.height + 4);
    context.globalAlpha = 1;
    const time = view.time(scene.hoverX);
    const step = stepFor(view.usPerPixel);
    const since = scene.mark === null ? '' : `  Δ ${tickWord(time - scene.mark, step)}`;
    flag(context, paint, scene.hoverX, tickWord(Math.round(time / step) * step, step) + since, paint.theme.ink2, view.width);
  }
  context.restore();
}

function drawRange(context: CanvasRenderingContext2D, scene: Scene, paint: Paint, [from, to]: readonly [number, number]): void {
  const a = scene.view.x(Math.min(from, to));
  const b = scene.view.x(Math.max(from, to));
  context.fillStyle = paint.theme.accent;
  // A range that is all one sees tints nothing.
  context.globalAlpha = a <= 1 && b >= scene.view.width - 1 ? 0 : 0.12;
  context.fillRect(a, -AXIS_PX, b - a, scene.height + AXIS_PX);
  context.globalAlpha = 1;
  context.fillRect(Math.round(a), -AXIS_PX, 1, scene.height + AXIS_PX);
  context.fillRect(Math.round(b), -AXIS_PX, 1, scene.height + AXIS_PX);
}

/** Words in the axis, on a small flag. */
function flag(context: CanvasRenderingContext2D, paint: Paint, x: number, text: string, colour: string, width: number): void {
  context.font = `600 10.5px ${paint.theme.font}`;
  const w = context.measureText(text).width + 10;
  const at = Math.min(Math.max(0, x - w / 2), width - w);
  context.fillStyle = colour;
  context.beginPath();
  context.roundRect(at, -AXIS_PX + 3, w, 16, 4);
  context.fill();
  context.fillStyle = paint.theme.surface;
  context.textBaseline = 'middle';
  context.fillText(text, at + 5, -AXIS_PX + 11.5);
}

function drawArrow(context: CanvasRenderingContext2D, scene: Scene, paint: Paint, { from, to }: Arrow): void {
  const [a, b] = [scene.store.row(from), scene.store.row(to)];
  const [p, q] = [scene.placeOf(from), scene.placeOf(to)];
  if (!a || !b || !p || !q) return;
  const [x0, x1] = [scene.view.x(a.start + a.dur), scene.view.x(b.start)];
  const [y0, y1] = [p.y + p.h / 2, q.y + q.h / 2];
  const bend = Math.max(14, Math.min(90, Math.abs(x1 - x0) / 2));
  for (const [colour, width] of [[paint.theme.surface, 3.5], [paint.theme.accent, 1.5]] as const) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(x0, y0);
    context.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1, y1);
    context.stroke();
  }
  context.fillStyle = paint.theme.accent;
  context.beginPath();
  context.moveTo(x1 + 1, y1);
  context.lineTo(x1 - 6, y1 - 3.5);
  context.lineTo(x1 - 6, y1 + 3.5);
  context.fill();
}
