// The timeline in words, and its window as rows of a table: for those who do not see the canvas, and for copying.

import { STATE_NAMES } from '../data/block';
import { isFailure } from '../data/chunk';
import { windowSums } from '../data/queries';
import type { SpanStore } from '../data/store';
import { duration, plural } from '../ui/format';
import { laneName } from './layout';
import type { Scene } from './scene';

/** `212 tasks, 8 lanes, 3 failed, busiest lane local · slot 1, 4.2 s in view`. */
export function summaryOf(scene: Scene): string {
  const { store, view } = scene;
  const tick = scene.feed.tick.peek();
  // Before the history is here nothing is known of it.
  if (store.count === 0 && (!tick || tick.total > 0 || scene.feed.loading.peek())) return '';
  if (store.count === 0) return scene.open.length > 0 ? `${plural(scene.open.filter((one) => one.start_us).length, 'task')} running, none finished` : 'nothing has run yet';
  const whole = view.from <= store.tMin && view.to >= store.tMax;
  const sums = whole ? null : windowSums(store, view.from, view.to);
  const count = sums?.count ?? store.count;
  const retried = sums?.retried ?? store.totals.reduce((sum, total) => sum + total.states[2]!, 0);
  const failed = sums ? sums.failed - sums.retried : store.totals.reduce((sum, total) => sum + total.states[1]!, 0);
  const slots = store.lanes.length;
  const busy = sums?.busyUs ?? store.totals.reduce((sum, total) => sum + total.dur - total.parked, 0);
  const width = whole ? store.tMax - store.tMin : view.to - view.from;
  const parts = [plural(count, 'attempt'), plural(slots, 'slot'), failed > 0 ? `${failed} failed` : 'none failed'];
  if (retried > 0) parts.push(`${retried} tried again`);
  if (slots > 0 && width > 0) parts.push(`${Math.min(100, Math.round((100 * busy) / (width * slots)))} % busy`);
  const busiest = busiestLane(store);
  if (slots > 1 && busiest !== null && whole) parts.push(`busiest ${laneName(store.lanes[busiest])}`);
  parts.push(`${duration(width)} in view`);
  if (scene.open.length > 0) parts.push(`${plural(scene.open.length, 'task')} not finished`);
  return parts.join(', ');
}

/** The lane with the most spans of the newest chunk. */
function busiestLane(store: SpanStore): number | null {
  const chunk = store.chunks.at(-1);
  if (!chunk || store.lanes.length === 0) return null;
  const index = chunk.bySlot(store.lanes.length + 1);
  let best = 0;
  for (let lane = 1; lane < index.lanes - 1; lane++) {
    const size = (at: number): number => index.offsets[at + 2]! - index.offsets[at + 1]!;
    if (size(lane) > size(best)) best = lane;
  }
  return best;
}

export interface TableRow {
  readonly number: number;
  readonly task: number;
  readonly call: string;
  readonly lane: string;
  readonly attempt: number;
  readonly state: string;
  readonly failed: boolean;
  readonly start: number;
  readonly queue: number;
  readonly startup: number;
  readonly run: number;
  readonly parked: number;
  readonly store: number;
  readonly peak: number;
  readonly output: number;
}

/** Spans of the window, the first `most` of them by number, and how many there are. */
export function rowsOf(scene: Pick<Scene, 'store' | 'only'>, from: number, to: number, most: number): { rows: TableRow[]; total: number } {
  const { store } = scene;
  const rows: TableRow[] = [];
  let total = 0;
  for (const chunk of store.chunks) {
    const shift = store.shiftOf(chunk);
    if (chunk.tMax + shift < from || chunk.tMin + shift > to) continue;
    const c = chunk.columns;
    for (let i = 0; i < chunk.count; i++) {
      const start = c.start[i]! + shift;
      if (start > to || start + c.dur[i]! < from || (scene.only >= 0 && c.function[i] !== scene.only)) continue;
      if (++total > most) continue;
      rows.push({
        number: chunk.first + i, task: c.task[i]!, call: store.functions[c.function[i]!] ?? '?', lane: laneName(store.lanes[c.lane[i]!]),
        attempt: c.attempt[i]!, state: STATE_NAMES[c.state[i]! as 0] ?? '?', failed: isFailure(c.state[i]!), start, queue: c.queue[i]!,
        startup: c.startup[i]!, run: Math.max(0, c.dur[i]! - c.startup[i]! - c.parked[i]!), parked: c.parked[i]!, store: c.store[i]!,
        peak: c.peak[i]!, output: c.output[i]!,
      });
    }
  }
  return { rows, total };
}

const HEADS = ['task', 'call', 'lane', 'attempt', 'state', 'start', 'queue', 'startup', 'run', 'parked', 'store', 'peak', 'output'] as const;

/** The rows as comma-separated values (RFC 4180); cells that a spreadsheet would take for a formula are quoted with an apostrophe. */
export function csvOf(rows: readonly TableRow[]): string {
  const cell = (value: string | number): string => {
    const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const unit = (head: string): string => (['start', 'queue', 'startup', 'run', 'parked', 'store'].includes(head) ? `${head}_us` : ['peak', 'output'].includes(head) ? `${head}_bytes` : head);
  return [HEADS.map(unit).join(','), ...rows.map((row) => HEADS.map((head) => cell(row[head])).join(','))].join('\r\n');
}
