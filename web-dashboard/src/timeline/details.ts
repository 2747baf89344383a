// What long spans tell: making the sandbox, bringing inputs, storing the result, being parked; names and signs of how they ended.
// Ticks over failures, so that none is missed.

import { State, type SpanRow } from '../data/block';
import type { Row } from './layout';
import { Mark } from './raster';
import type { Paint } from './paint';
import { PARKED_PX, type Scene } from './scene';
import type { Details } from './strips';

const LABEL_FROM_PX = 40;
const SIGN_FROM_PX = 13;

/** Phases and words of the spans in `details`. */
export function drawDetails(context: CanvasRenderingContext2D, scene: Scene, rows: readonly Row[], details: Details, paint: Paint): void {
  const { view, store } = scene;
  for (let n = 0; n < details.count; n++) {
    const row = rows[details.row[n]!]!;
    const place = store.find(details.number[n]!);
    if (!place) continue;
    const { columns } = place.chunk;
    const { i } = place;
    const y = row.y - scene.scroll;
    const from = Math.max(0, details.from[n]!);
    const to = Math.min(view.width, details.to[n]!);
    const fn = columns.function[i]!;
    drawPhases(context, paint, {
      x: details.from[n]!, before: details.before[n]!, to: details.to[n]!, y, h: row.h, scale: 1 / view.usPerPixel,
      fetch: columns.fetch[i]!, startup: columns.startup[i]!, store: columns.store[i]!, width: view.width,
    });
    if (paint.isStriped(fn)) {
      context.fillStyle = paint.stripe;
      context.fillRect(from, y, to - from - 1, row.h);
    }
    const state = columns.state[i]!;
    let left = from + 4;
    if (to - from >= SIGN_FROM_PX && row.h >= 11 && state !== State.succeeded) {
      drawSign(context, state, left, y + row.h / 2, paint);
      left += 12;
    }
    if (to - left >= LABEL_FROM_PX && row.h >= 12) paint.label(context, fn, left, y + row.h / 2, to - left - 5);
  }
}

interface Phases {
  readonly x: number;
  readonly before: number;
  readonly to: number;
  readonly y: number;
  readonly h: number;
  /** Pixels per microsecond. */
  readonly scale: number;
  readonly fetch: number;
  readonly startup: number;
  readonly store: number;
  readonly width: number;
}

/** Grey stripes: bringing inputs before the start, the sandbox inside, storing after the end; each only where there is room. */
export function drawPhases(context: CanvasRenderingContext2D, paint: Paint, span: Phases): void {
  const { x, y, h, scale } = span;
  const thin = Math.max(3, h * 0.4);
  const bar = (from: number, to: number, colour: string, top: number, height: number): void => {
    const a = Math.max(0, from);
    const b = Math.min(span.width, to);
    if (b - a >= 1.5) paint.hatched(context, colour, a, top, b - a, height);
  };
  const outside = (from: number, to: number): void => bar(from, to, paint.theme.overhead, y + (h - thin) / 2, thin);
  const fetched = Math.min(span.fetch * scale, x - Math.max(0, span.before));
  if (fetched >= 2) outside(x - fetched, x);
  if (span.store * scale >= 2) outside(span.to, span.to + span.store * scale);
  if (span.startup * scale >= 2) bar(x, Math.min(span.to, x + span.startup * scale), 'transparent', y, h);
}

/** x failed, loop tried again, slash cancelled, dot known. */
export function drawSign(context: CanvasRenderingContext2D, state: number, x: number, y: number, paint: Paint): void {
  context.strokeStyle = paint.theme.dark ? '#0a0d14' : state === State.failed ? '#ffffff' : '#0a0d14';
  context.lineWidth = 1.7;
  context.beginPath();
  if (state === State.failed) {
    context.moveTo(x, y - 3.5);
    context.lineTo(x + 7, y + 3.5);
    context.moveTo(x + 7, y - 3.5);
    context.lineTo(x, y + 3.5);
  } else if (state === State.retried) {
    context.arc(x + 3.5, y, 3.4, -0.6, 4.4);
    context.moveTo(x + 4, y - 5.8);
    context.lineTo(x + 6.6, y - 2.6);
    context.lineTo(x + 2.8, y - 1.6);
  } else if (state === State.cancelled) {
    context.moveTo(x, y + 3.5);
    context.lineTo(x + 7, y - 3.5);
  } else context.arc(x + 3.5, y, 1.4, 0, 7);
  context.stroke();
}

/** A tick above each column with a failure: red, or amber for one that was tried again. */
export function drawTicks(context: CanvasRenderingContext2D, scene: Scene, rows: readonly Row[], ticks: readonly number[], paint: Paint): void {
  const size = 1 / paint.ratio;
  for (const [mark, colour] of [[Mark.retried, paint.theme.warn], [Mark.failed, paint.theme.bad]] as const) {
    const path = new Path2D();
    let drawn = -10;
    let before = -1;
    for (let n = 0; n < ticks.length; n += 3) {
      const x = ticks[n + 1]! * size;
      if (ticks[n] !== before) drawn = -10;
      before = ticks[n]!;
      if (!(ticks[n + 2]! & mark) || x - drawn < 3) continue;
      drawn = x;
      const y = rows[before]!.y - scene.scroll;
      path.moveTo(x - 2.5, y - 2.5);
      path.lineTo(x + 3, y - 2.5);
      path.lineTo(x + 0.25, y + 2);
    }
    context.fillStyle = colour;
    context.fill(path);
  }
}

/** Parked spans as thin striped bars at the lower end of their lane; those that touch are one. */
export function drawParked(context: CanvasRenderingContext2D, scene: Scene, row: Row, paint: Paint): void {
  const { store, view, layout, only } = scene;
  let end = -Infinity;
  let begin = -Infinity;
  const y = row.y - scene.scroll + row.h - PARKED_PX;
  const flush = (): void => {
    if (end <= begin) return;
    const a = Math.max(0, begin);
    const b = Math.min(view.width, Math.max(end, begin + 1));
    paint.hatched(context, paint.theme.ink3, a, y, b - a, PARKED_PX);
  };
  for (const chunk of store.chunks) {
    const index = layout.indexOf(chunk);
    const shift = store.shiftOf(chunk);
    if (row.lane >= index.lanes || chunk.tMax + shift < view.from || chunk.tMin + shift > view.to) continue;
    const { start, dur, function: functionOf } = chunk.columns;
    for (let at = index.parkedOffsets[row.lane]!; at < index.parkedOffsets[row.lane + 1]!; at++) {
      const i = index.parkedOrder[at]!;
      if (only >= 0 && functionOf[i] !== only) continue;
      const a = view.x(start[i]! + shift);
      const b = a + dur[i]! / view.usPerPixel;
      if (b < 0 || a > view.width) continue;
      if (a > end + 1) {
        flush();
        begin = a;
        end = b;
      } else end = Math.max(end, b);
    }
  }
  flush();
}

/** Rectangles of a selected or hovered span. */
export function outline(context: CanvasRenderingContext2D, scene: Scene, number: number, colour: string, width: number): void {
  const row: SpanRow | null = scene.store.row(number);
  const place = scene.placeOf(number);
  if (!row || !place) return;
  const x = scene.view.x(row.start);
  const to = Math.max(x + 2, scene.view.x(row.start + row.dur));
  if (to < -4 || x > scene.view.width + 4) return;
  const a = Math.max(-4, x);
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.strokeRect(a - 0.5, place.y - 0.5, Math.min(scene.view.width + 4, to) - a + 1, place.h + 1);
}

