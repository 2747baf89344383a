// The frame around the plot: time axis with grid lines above, names of rows at the left, a bar that shows how far rows are scrolled.

import type { TaskKeys } from '../data/keys';
import { ticks } from './axis';
import type { Paint } from './paint';
import { shortName } from './paint';
import { rowsInSight } from './taskrows';
import { TASK_ROW, type Scene } from './scene';

export const AXIS_PX = 24;
const TICK_EVERY_PX = 96;

/** Room for names at the left. */
export const gutterOf = (width: number): number => (width < 560 ? 64 : width < 900 ? 110 : 148);

/** Lines through the plot; drawn before the lanes. */
export function drawGrid(context: CanvasRenderingContext2D, scene: Scene, paint: Paint): void {
  const { view } = scene;
  context.fillStyle = paint.theme.line;
  for (const { time } of ticks(view.from, view.to, TICK_EVERY_PX * view.usPerPixel)) context.fillRect(Math.round(view.x(time)), 0, 1, scene.height);
}

export function drawAxis(context: CanvasRenderingContext2D, scene: Scene, paint: Paint, left: number): void {
  const { view } = scene;
  context.fillStyle = paint.theme.surface;
  context.fillRect(0, 0, left + view.width, AXIS_PX);
  context.fillStyle = paint.theme.lineStrong;
  context.fillRect(0, AXIS_PX - 1, left + view.width, 1);
  context.font = `11px ${paint.theme.font}`;
  context.textBaseline = 'middle';
  for (const { time, word } of ticks(view.from, view.to, TICK_EVERY_PX * view.usPerPixel)) {
    const x = Math.round(view.x(time)) + left;
    if (x < left) continue;
    context.fillStyle = paint.theme.lineStrong;
    context.fillRect(x, AXIS_PX - 7, 1, 6);
    context.fillStyle = paint.theme.ink3;
    context.fillText(word, x + 4, AXIS_PX / 2);
  }
}

export function drawNames(context: CanvasRenderingContext2D, scene: Scene, paint: Paint, left: number, keys: TaskKeys, focusLane: number, peaks: ReadonlyMap<number, number>): void {
  context.save();
  context.beginPath();
  context.rect(0, AXIS_PX, left, scene.height);
  context.clip();
  context.fillStyle = paint.theme.surface;
  context.fillRect(0, AXIS_PX, left, scene.height);
  context.textBaseline = 'middle';
  if (scene.lanesBy === 'task') drawTaskNames(context, scene, paint, left, keys);
  else {
    for (const [n, row] of scene.layout.rows.entries()) {
      const y = row.y - scene.scroll + AXIS_PX;
      if (y + row.h < AXIS_PX || y > scene.height + AXIS_PX) continue;
      if (row.kind === 'head') {
        word(context, row.label, `600 11px ${paint.theme.font}`, paint.theme.ink, 10, y + row.h / 2, left - 14);
        const used = context.measureText(row.label).width;
        if (used < left - 60) word(context, row.detail, `11px ${paint.theme.font}`, paint.theme.ink3, 16 + used, y + row.h / 2, left - used - 20);
        continue;
      }
      if (row.fn >= 0) {
        if (!row.label) continue;
        context.fillStyle = paint.colour(row.fn);
        context.fillRect(10, y + Math.min(row.h, 20) / 2 - 4, 8, 8);
        word(context, shortName(row.label), `12px ${paint.theme.font}`, paint.theme.ink, 24, y + Math.min(row.h, 20) / 2, left - 30);
        if (row.h > 34) word(context, `${row.detail} · ≤ ${Math.ceil(peaks.get(n) ?? 0)} at once`, `10.5px ${paint.theme.font}`, paint.theme.ink3, 24, y + 28, left - 30);
        continue;
      }
      const focused = row.lane === focusLane;
      if (row.h >= 11) word(context, row.label, `${focused ? '600 ' : ''}11px ${paint.theme.font}`, focused ? paint.theme.accent : paint.theme.ink2, 18, y + row.h / 2 + 0.5, left - 24);
    }
  }
  context.fillStyle = paint.theme.line;
  context.fillRect(left - 1, AXIS_PX, 1, scene.height);
  context.restore();
}

function drawTaskNames(context: CanvasRenderingContext2D, scene: Scene, paint: Paint, left: number, keys: TaskKeys): void {
  const [first, after] = rowsInSight(scene);
  for (let n = first; n < after; n++) {
    const y = 4 + n * TASK_ROW - scene.scroll + AXIS_PX + TASK_ROW / 2 - 2;
    const number = scene.waterfall.rows[n];
    const row = number === undefined ? scene.open[n - scene.waterfall.rows.length] : scene.store.row(number);
    if (!row) continue;
    context.fillStyle = paint.colour(row.function);
    context.fillRect(10, y - 4, 8, 8);
    const name = keys.get(row.task) ?? `${shortName(scene.store.functions[row.function] ?? '')} #${row.task}`;
    word(context, name, `11.5px ${paint.theme.font}`, paint.theme.ink2, 24, y, left - 30);
  }
}

/** A text cut with an ellipsis where it does not fit. */
function word(context: CanvasRenderingContext2D, text: string, font: string, colour: string, x: number, y: number, width: number): void {
  context.font = font;
  context.fillStyle = colour;
  // Most names fit; of the others as much as the mean width of a letter allows.
  const full = context.measureText(text).width;
  const shown = full > width ? `${text.slice(0, Math.max(1, Math.floor((text.length * width) / full) - 1))}…` : text;
  context.fillText(shown, x, y);
}

export function drawScrollbar(context: CanvasRenderingContext2D, scene: Scene, paint: Paint, left: number): void {
  if (scene.contentHeight <= scene.height) return;
  const h = Math.max(24, (scene.height * scene.height) / scene.contentHeight);
  const y = AXIS_PX + (scene.scroll / (scene.contentHeight - scene.height)) * (scene.height - h);
  context.fillStyle = paint.theme.ink3;
  context.globalAlpha = 0.45;
  context.beginPath();
  context.roundRect(left + scene.view.width - 7, y, 5, h, 3);
  context.fill();
  context.globalAlpha = 1;
}
