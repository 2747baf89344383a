// What the timeline shows: the store, the window of time, the rows, what is selected and hovered. It answers where things are; it
// draws nothing and handles no events.

import { NO_LANE } from '../data/block';
import type { Open, RunFeed } from '../data/feed';
import { LANES_PER_FUNCTION, Packing, SUB_LANES } from '../data/packing';
import { spanAt } from '../data/queries';
import type { SpanStore } from '../data/store';
import { Waterfall } from '../data/waterfall';
import type { LanesBy } from '../state/selection';
import { assignHues, type Hue } from './colours';
import { functionLayout, rowAtY, slotLayout, type Layout, type Row } from './layout';
import { View, type Bounds } from './view';

/** Rows of tasks. */
export const TASK_ROW = 18;
/** Where parked spans are drawn, at the lower end of a lane. */
export const PARKED_PX = 5;
const REACH_PX = 3;
/** What the timeline of all runs shows while it follows. */
const RECENT_US = 30_000_000;

/** What lies under the pointer. */
export type Hit = { kind: 'span'; number: number } | { kind: 'open'; open: Open };

const NO_OPEN: readonly Open[] = [];

export class Scene {
  readonly store: SpanStore;
  readonly view: View;
  readonly packing: Packing;
  readonly waterfall: Waterfall;
  layout: Layout;
  lanesBy: LanesBy = 'slot';
  /** Only this function, or -1. */
  only = -1;
  hues: Hue[] = [];
  /** Size of the plot, and how far its rows are scrolled. */
  height = 400;
  scroll = 0;
  /** Number of the selected span, or -1; and the task it belongs to. */
  selected = -1;
  selectedTask: number | null = null;
  hover: Hit | null = null;
  hoverX: number | null = null;
  range: readonly [number, number] | null = null;
  mark: number | null = null;
  paused = false;
  /** The server's time when live movement was paused. */
  private frozen = 0;
  private made = '';

  constructor(readonly feed: RunFeed, readonly all: boolean) {
    this.store = feed.store;
    this.view = new View(all ? RECENT_US : 0);
    this.packing = new Packing(this.store);
    this.waterfall = new Waterfall(this.store);
    this.layout = slotLayout(this.store, []);
  }

  /** Whether something may still happen. */
  get live(): boolean {
    const state = this.feed.tick.peek()?.run?.state;
    return this.all ? this.feed.tick.peek() !== null : state === 'running' || (state === undefined && this.feed.tick.peek() !== null);
  }

  get now(): number {
    return this.paused ? this.frozen : this.feed.now();
  }

  pause(paused: boolean): void {
    if (paused && !this.paused) this.frozen = this.feed.now();
    this.paused = paused;
  }

  get open(): readonly Open[] {
    return this.feed.tick.peek()?.running ?? NO_OPEN;
  }

  /** From the first to the last thing there is. */
  get bounds(): Bounds {
    const { tMin, tMax } = this.store;
    const { open } = this;
    const known = Number.isFinite(tMin);
    const now = this.live ? this.now : -Infinity;
    let from = this.all ? (known ? tMin : now - RECENT_US) : Math.min(0, known ? tMin : 0);
    if (!known) for (const one of open) if (one.start_us) from = Math.min(from, one.start_us - this.store.baseUs);
    const to = Math.max(known ? tMax : 0, Number.isFinite(now) && (open.length > 0 || !known) ? now : -Infinity, from + 1000);
    return Number.isFinite(from) ? { from, to } : { from: 0, to: 1_000_000 };
  }

  /** Brings rows, hues and the window up to date. `stepped`: the window moves by the second, not smoothly. */
  update(stepped: boolean): void {
    const { store } = this;
    if (this.hues.length !== store.functions.length) this.hues = assignHues(store.functions);
    if (this.lanesBy === 'function') this.pack();
    if (this.lanesBy === 'task' && this.waterfall.stale && (this.waterfall.rows.length === 0 || store.count < 200_000 || this.patience++ % 60 === 0)) this.waterfall.update();
    const used = this.lanesBy === 'function' ? this.packing.used.join() + Math.floor(store.version / 16) : '';
    const key = `${this.lanesBy}/${this.feed.names.peek()}/${store.lanes.length}/${store.functions.length}/${this.only}/${used}/${store.count > 0}`;
    if (key !== this.made) {
      this.made = key;
      this.layout = this.lanesBy === 'function' ? functionLayout(store, this.packing, this.only) : slotLayout(store, []);
    }
    if (!this.paused || this.view.fit) this.view.update(this.bounds, this.live ? this.now : -Infinity, stepped);
    if (this.lanesBy === 'task' && this.view.follow && !this.paused) this.scroll = Infinity;
    this.scroll = Math.max(0, Math.min(this.scroll, this.contentHeight - this.height));
  }
  private patience = 0;

  /** While the history loads sub-lanes are made anew now and then, not with each block. */
  private pack(): void {
    const now = performance.now();
    if (this.feed.loading.peek() && now - this.packed < 1000) return;
    this.packing.update();
    this.packed = performance.now();
  }
  private packed = -Infinity;

  get contentHeight(): number {
    return this.lanesBy === 'task' ? this.taskRows * TASK_ROW + 8 : this.layout.height;
  }

  /** Rows of finished tasks, then of those that run. */
  get taskRows(): number {
    return this.waterfall.rows.length + this.open.length;
  }

  /** The row at height `y` of the plot. */
  rowAt(y: number): Row | null {
    return this.layout.rows[rowAtY(this.layout, y + this.scroll)] ?? null;
  }

  /** Index lanes that a span number lies in, in the present rows. */
  laneOf(number: number): number {
    const place = this.store.find(number);
    if (!place) return -1;
    const { columns, sub } = place.chunk;
    if (this.lanesBy === 'function') return columns.function[place.i]! * LANES_PER_FUNCTION + (sub?.[place.i] ?? 0);
    const lane = columns.lane[place.i]!;
    return lane === NO_LANE ? 0 : lane + 1;
  }

  rowOfLane(lane: number): Row | null {
    return this.layout.rows.find((row) => row.kind !== 'head' && row.lane <= lane && lane < row.laneEnd) ?? null;
  }

  /** Top and height, in the plot, of where a span is drawn. */
  placeOf(number: number): { y: number; h: number } | null {
    if (this.lanesBy === 'task') {
      const row = this.store.row(number);
      const n = row ? this.waterfall.rowOf(row.task, row.run ?? 0) : -1;
      return n < 0 ? null : { y: 4 + n * TASK_ROW - this.scroll, h: TASK_ROW - 4 };
    }
    const row = this.rowOfLane(this.laneOf(number));
    return row ? { y: row.y - this.scroll, h: row.h } : null;
  }

  /** What lies at a point of the plot. */
  hitAt(x: number, y: number): Hit | null {
    const time = this.view.time(x);
    const slack = REACH_PX * this.view.usPerPixel;
    if (this.lanesBy === 'task') return this.hitTask(time, slack, y);
    const row = this.rowAt(y);
    if (!row || row.kind === 'head') return null;
    const open = this.openIn(row, time, slack);
    if (open) return { kind: 'open', open };
    const low = y + this.scroll > row.y + row.h - PARKED_PX - 2;
    for (let lane = row.lane; lane < row.laneEnd; lane++) {
      const first = spanAt(this.store, this.layout.indexOf, lane, time, slack, low);
      const number = first >= 0 ? first : spanAt(this.store, this.layout.indexOf, lane, time, low ? slack : 0, !low);
      if (number >= 0 && this.shown(number)) return { kind: 'span', number };
    }
    return null;
  }

  /** The row that a task that has not ended is drawn in. */
  rowOfOpen(open: Open): Row | null {
    if (open.lane === null || open.lane === undefined) return null;
    if (this.lanesBy === 'slot') return this.rowOfLane(open.lane + 1);
    const rows = this.layout.rows.filter((row) => row.fn === open.function);
    if (rows.length <= 1) return rows[0] ?? null;
    const peers = this.open.filter((other) => other.function === open.function && other.state === open.state);
    return rows[peers.indexOf(open) % rows.length] ?? null;
  }

  private shown(number: number): boolean {
    if (this.only < 0) return true;
    const place = this.store.find(number);
    return place !== null && place.chunk.columns.function[place.i] === this.only;
  }

  private openIn(row: Row, time: number, slack: number): Open | null {
    for (const open of this.open) {
      if (!open.start_us || this.rowOfOpen(open) !== row) continue;
      const start = open.start_us - this.store.baseUs;
      if (time >= start - slack && time <= this.now + slack) return open;
    }
    return null;
  }

  private hitTask(time: number, slack: number, y: number): Hit | null {
    const n = Math.floor((y + this.scroll - 4) / TASK_ROW);
    const attempts = this.waterfall.attempts(n);
    if (attempts.length === 0) {
      const open = this.open[n - this.waterfall.rows.length];
      return open ? { kind: 'open', open } : null;
    }
    const hit = attempts.find((number) => {
      const row = this.store.row(number);
      return row && time >= row.start - slack && time <= row.start + row.dur + slack;
    });
    return { kind: 'span', number: hit ?? attempts[0]! };
  }

  /** From when to when the tasks in sight ran. */
  extentInSight(): Bounds | null {
    const first = Math.max(0, Math.floor(this.scroll / TASK_ROW));
    const after = Math.min(this.waterfall.rows.length, Math.ceil((this.scroll + this.height) / TASK_ROW));
    let [from, to] = [Infinity, -Infinity];
    for (let n = first; n < after; n++) {
      for (const number of this.waterfall.attempts(n)) {
        const row = this.store.row(number);
        if (!row) continue;
        from = Math.min(from, row.start);
        to = Math.max(to, row.start + row.dur);
      }
    }
    return to > from ? { from, to } : null;
  }

  /** Scrolls so that a span can be seen. */
  reveal(number: number): void {
    const place = this.placeOf(number);
    if (!place) return;
    if (place.y < 0) this.scroll += place.y - 8;
    else if (place.y + place.h > this.height) this.scroll += place.y + place.h - this.height + 8;
    this.scroll = Math.max(0, Math.min(this.scroll, this.contentHeight - this.height));
  }
}

export const isCrowded = (packing: Packing, fn: number): boolean => (packing.used[fn] ?? 0) > SUB_LANES;
