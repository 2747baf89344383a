// Rows of the timeline and their places: slots grouped by worker, or functions with their sub-lanes. Rows of tasks are not made here;
// there may be a million.

import { LANES_PER_FUNCTION, SUB_LANES, type Packing } from '../data/packing';
import type { IndexOf } from '../data/queries';
import type { Lane, SpanStore } from '../data/store';

export interface Row {
  /** A head names a group; a lane holds one span at a time; a crowd many. */
  readonly kind: 'head' | 'lane' | 'crowd';
  /** Lanes of the index, `lane..laneEnd`. */
  readonly lane: number;
  readonly laneEnd: number;
  readonly y: number;
  readonly h: number;
  readonly label: string;
  readonly detail: string;
  /** The function whose row it is, or -1. */
  readonly fn: number;
}

export interface Layout {
  readonly rows: readonly Row[];
  readonly height: number;
  /** Lanes of the index. */
  readonly lanes: number;
  readonly indexOf: IndexOf;
  /** Whether spans of an index lane may overlap. */
  readonly crowded: (lane: number) => boolean;
  /** Names what lanes mean: tiles of another key do not fit. */
  readonly key: string;
}

const GAP = 2;
const HEAD = 20;

/** Rows one below the other. */
class Stack {
  readonly rows: Row[] = [];
  y = 4;

  add(row: Omit<Row, 'y'>, gap: number): void {
    this.rows.push({ ...row, y: this.y });
    this.y += row.h + gap;
  }
}

const heightOf = (lanes: number): number => (lanes <= 8 ? 30 : lanes <= 24 ? 22 : lanes <= 48 ? 16 : 13);

export const laneName = (lane: Lane | undefined): string => (lane ? `${lane.name} · slot ${lane.slot}` : 'no slot');

export function slotLayout(store: SpanStore, open: readonly number[]): Layout {
  const stack = new Stack();
  const lanes = store.lanes.map((lane, index) => ({ lane, index }));
  lanes.sort((a, b) => a.lane.worker - b.lane.worker || a.lane.slot - b.lane.slot);
  const h = heightOf(lanes.length);
  const workers = new Set(store.lanes.map((lane) => lane.worker)).size;
  let worker: number | null = null;
  for (const { lane, index } of lanes) {
    if (lane.worker !== worker) {
      const slots = store.lanes.filter((other) => other.worker === lane.worker).length;
      worker = lane.worker;
      const detail = `worker ${lane.worker} · ${slots} slot${slots === 1 ? '' : 's'}`;
      stack.add({ kind: 'head', lane: 0, laneEnd: 0, h: HEAD, label: lane.name || `worker ${lane.worker}`, detail: workers > 1 ? detail : `${slots} slot${slots === 1 ? '' : 's'}`, fn: -1 }, 0);
    }
    stack.add({ kind: 'lane', lane: index + 1, laneEnd: index + 2, h, label: `slot ${lane.slot}`, detail: laneName(lane), fn: -1 }, GAP);
  }
  const known = store.totals.reduce((sum, total) => sum + total.states[4]!, 0);
  if (known > 0 || open.length > 0) {
    stack.add({ kind: 'crowd', lane: 0, laneEnd: 1, h: Math.max(16, h), label: 'no slot', detail: 'results that were known', fn: -1 }, GAP);
  }
  const count = store.lanes.length + 1;
  return { rows: stack.rows, height: stack.y + 4, lanes: count, indexOf: (chunk) => chunk.bySlot(count), crowded: (lane) => lane === 0, key: 'slot' };
}

export function functionLayout(store: SpanStore, packing: Packing, only: number): Layout {
  const stack = new Stack();
  const order = store.functions.map((name, fn) => ({ name, fn, total: store.totals[fn] }));
  order.sort((a, b) => (a.total && b.total ? b.total.dur - a.total.dur : Number(!a.total) - Number(!b.total)) || a.fn - b.fn);
  for (const { name, fn, total } of order) {
    if (only >= 0 && fn !== only) continue;
    const used = packing.used[fn] ?? 0;
    const lane = fn * LANES_PER_FUNCTION;
    const detail = total ? `${total.count.toLocaleString('en')}` : '';
    if (used > SUB_LANES) {
      stack.add({ kind: 'crowd', lane, laneEnd: lane + LANES_PER_FUNCTION, h: 44, label: name, detail, fn }, 8);
      continue;
    }
    const lanes = Math.max(1, used);
    for (let sub = 0; sub < lanes; sub++) {
      const last = sub === lanes - 1;
      stack.add({ kind: 'lane', lane: lane + sub, laneEnd: lane + sub + 1, h: lanes <= 2 ? 20 : 13, label: sub === 0 ? name : '', detail: sub === 0 ? detail : '', fn }, last ? 8 : 1);
    }
  }
  const lanes = store.functions.length * LANES_PER_FUNCTION;
  return {
    rows: stack.rows, height: stack.y + 4, lanes, key: 'function',
    indexOf: (chunk) => chunk.byFunctionLane(lanes, LANES_PER_FUNCTION),
    crowded: (lane) => lane % LANES_PER_FUNCTION === SUB_LANES,
  };
}

/** The row at height `y`, or -1. */
export function rowAtY(layout: Layout, y: number): number {
  let low = 0;
  let high = layout.rows.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const row = layout.rows[middle]!;
    if (y < row.y) high = middle - 1;
    else if (y >= row.y + row.h) low = middle + 1;
    else return middle;
  }
  return -1;
}
