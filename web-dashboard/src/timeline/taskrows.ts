// The waterfall: a row for each task in sight, its attempts in it, from when it was queued; then the tasks that have not ended.

import { State } from '../data/block';
import { drawPhases, drawSign } from './details';
import { drawRunning } from './open';
import type { Paint } from './paint';
import { TASK_ROW, type Scene } from './scene';

const BAR = TASK_ROW - 4;

/** First and last row in sight. */
export function rowsInSight(scene: Scene): [number, number] {
  const first = Math.max(0, Math.floor((scene.scroll - 4) / TASK_ROW));
  return [first, Math.min(scene.taskRows, Math.ceil((scene.scroll + scene.height) / TASK_ROW) + 1)];
}

export function drawTaskRows(context: CanvasRenderingContext2D, scene: Scene, paint: Paint): void {
  const { waterfall, view } = scene;
  const [first, after] = rowsInSight(scene);
  for (let n = first; n < after; n++) {
    const y = 4 + n * TASK_ROW - scene.scroll;
    if (n % 2 === 0) {
      context.fillStyle = paint.lane;
      context.fillRect(0, y - 2, view.width, TASK_ROW);
    }
    if (n < waterfall.rows.length) {
      for (const number of waterfall.attempts(n)) drawAttempt(context, scene, paint, number, y);
    } else drawPending(context, scene, paint, n - waterfall.rows.length, y);
  }
}

function drawAttempt(context: CanvasRenderingContext2D, scene: Scene, paint: Paint, number: number, y: number): void {
  const { view, store } = scene;
  const row = store.row(number);
  if (!row) return;
  const dim = scene.only >= 0 && row.function !== scene.only;
  const x = view.x(row.start);
  const to = Math.max(x + 1.5, view.x(row.start + row.dur));
  const queued = view.x(row.start - row.queue);
  if (to < 0 || queued > view.width) {
    drawArrow(context, paint, to < 0 ? 4 : view.width - 4, y + BAR / 2, to < 0 ? -1 : 1);
    return;
  }
  context.globalAlpha = dim ? 0.2 : 1;
  if (x - queued >= 3) {
    context.strokeStyle = paint.theme.ink3;
    context.lineWidth = 1;
    const a = Math.max(-2, queued);
    context.strokeRect(a + 0.5, y + 3.5, Math.min(view.width + 2, x) - a - 1, BAR - 7);
  }
  const failed = row.state === State.failed;
  context.fillStyle = failed ? paint.theme.bad : row.state === State.retried ? paint.theme.warn : row.state === State.cancelled ? paint.theme.overhead : paint.colour(row.function);
  const a = Math.max(0, x);
  const b = Math.min(view.width, to);
  if (b > a) context.fillRect(a, y, b - a, BAR);
  drawPhases(context, paint, { x, before: queued, to, y, h: BAR, scale: 1 / view.usPerPixel, fetch: row.fetch, startup: row.startup, store: row.store, width: view.width });
  if (row.parked > 0 && b - a > 3) {
    paint.hatched(context, 'transparent', a, y + BAR - 5, b - a, 5);
  }
  if (row.state !== State.succeeded && b - a > 13) drawSign(context, row.state, a + 4, y + BAR / 2, paint);
  if (b - a >= 60) paint.label(context, row.function, a + (row.state === State.succeeded ? 5 : 16), y + BAR / 2, b - a - 22);
  context.globalAlpha = 1;
}

function drawPending(context: CanvasRenderingContext2D, scene: Scene, paint: Paint, n: number, y: number): void {
  const open = scene.open[n];
  if (!open) return;
  const { view } = scene;
  const now = view.x(scene.now);
  if (!open.start_us) {
    context.setLineDash([3, 2]);
    context.strokeStyle = paint.colour(open.function);
    context.lineWidth = 1;
    context.strokeRect(now + 6.5, y + 1.5, 40, BAR - 3);
    context.setLineDash([]);
    return;
  }
  const x = Math.max(0, view.x(open.start_us - scene.store.baseUs));
  if (x > view.width || now < 0) drawArrow(context, paint, now < 0 ? 4 : view.width - 4, y + BAR / 2, now < 0 ? -1 : 1);
  else if (open.state === 'parked') paint.hatched(context, paint.colour(open.function), x, y, Math.max(2, now - x), BAR);
  else drawRunning(context, paint, open.function, x, Math.max(x + 2, now), y, BAR);
}

/** The bar lies outside of the window, that way. */
function drawArrow(context: CanvasRenderingContext2D, paint: Paint, x: number, y: number, way: 1 | -1): void {
  context.fillStyle = paint.theme.ink3;
  context.beginPath();
  context.moveTo(x + way * 2, y);
  context.lineTo(x - way * 3, y - 3.5);
  context.lineTo(x - way * 3, y + 3.5);
  context.fill();
}
