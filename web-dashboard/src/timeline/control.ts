// What one can do with a timeline, whether by pointer, key or button: move the window, select, walk, follow, mark. Each changes the
// scene and has it drawn.

import { effect, signal } from '../state/signals';
import type { Open } from '../data/feed';
import { neighbour, nextFailure, spanAt, spansOfTasks } from '../data/queries';
import type { LanesBy } from '../state/selection';
import type { Engine } from './engine';
import type { Arrow } from './overlay';
import type { Hit, Scene } from './scene';

export interface Callbacks {
  /** A task was selected, by its place. */
  select(task: number | null): void;
  range(range: [number, number] | null): void;
  /** The selected task is to be read; `run` is the id of its run in the timeline of all runs. */
  open(task: number, run: string | null): void;
}

export class Control {
  readonly scene: Scene;
  readonly hover = signal<{ hit: Hit; x: number; y: number; low: boolean } | null>(null);
  readonly follow = signal(false);
  readonly paused = signal(false);
  /** What a key did, for those who do not see it. */
  readonly said = signal('');

  constructor(readonly engine: Engine, private readonly callbacks: Callbacks) {
    this.scene = engine.scene;
    const { view, feed } = this.scene;
    // Whoever opens a run that goes on wants to see it go on.
    const stop = effect(() => {
      if (!feed.tick.value) return;
      if (this.scene.live) this.setFollow(true);
      queueMicrotask(() => stop());
    });
    this.stopFirst = stop;
    view.follow = false;
    this.stopRows = effect(() => {
      void this.engine.seen.value;
      if (!this.unfitted || this.scene.waterfall.rows.length === 0) return;
      this.unfitted = false;
      if (this.scene.view.fit) this.fitRows();
      this.engine.redraw();
    });
  }
  private readonly stopFirst: () => void;
  private readonly stopRows: () => void;

  close(): void {
    this.stopFirst();
    this.stopRows();
  }

  /** Tells buttons what the window does now. */
  private tell(): void {
    this.follow.value = this.scene.view.follow;
    this.engine.moved();
  }

  setFollow(on: boolean): void {
    this.scene.view.follow = on && this.scene.live;
    if (on && this.paused.peek()) this.setPaused(false);
    this.tell();
  }

  setPaused(on: boolean): void {
    this.scene.pause(on);
    this.paused.value = on;
    this.engine.redraw();
  }

  zoom(factor: number, x: number | null): void {
    this.scene.view.zoom(factor, x, this.scene.bounds);
    this.tell();
  }

  /** Pixels; rows of the waterfall come along, so that what is in the window is in sight. */
  pan(pixels: number): void {
    this.scene.view.pan(pixels, this.scene.bounds);
    this.alignTasks();
    this.tell();
  }

  scrollBy(pixels: number): boolean {
    const { scene } = this;
    const before = scene.scroll;
    scene.scroll = Math.max(0, Math.min(scene.scroll + pixels, scene.contentHeight - scene.height));
    if (scene.scroll === before) return false;
    if (scene.lanesBy === 'task') this.alignTime();
    this.engine.moved();
    return true;
  }

  fitAll(): void {
    this.scene.view.fit = true;
    this.scene.view.follow = this.scene.live;
    this.tell();
  }

  show(from: number, to: number): void {
    this.scene.view.show(from, to);
    this.alignTasks();
    this.tell();
  }

  private alignTasks(): void {
    const { scene } = this;
    if (scene.lanesBy !== 'task') return;
    const first = scene.waterfall.rowAt(scene.view.from);
    const after = scene.waterfall.rowAt(scene.view.to);
    const [top, bottom] = [first * 18, after * 18];
    if (scene.scroll + scene.height < top || scene.scroll > bottom) scene.scroll = Math.max(0, top - 18);
  }

  setLanes(by: LanesBy): void {
    if (this.scene.lanesBy === by) return;
    this.scene.lanesBy = by;
    this.scene.scroll = 0;
    this.scene.update(false);
    if (by === 'task' && this.scene.view.fit) this.fitRows();
    else this.alignTasks();
    this.unfitted = by === 'task' && this.scene.waterfall.rows.length === 0;
    this.engine.redraw();
  }
  /** Rows of tasks were asked for before there were any. */
  private unfitted = false;

  /** Of more tasks than fit the time of those in sight is shown, not that of all. */
  private fitRows(): void {
    const { scene } = this;
    if (scene.contentHeight < 2 * scene.height) return;
    const { follow } = scene.view;
    if (follow) scene.scroll = scene.contentHeight - scene.height;
    const seen = scene.extentInSight();
    if (!seen) return;
    const to = follow ? Math.max(seen.to, scene.now) : seen.to;
    scene.view.show(seen.from - 0.05 * (to - seen.from), to + 0.08 * (to - seen.from));
    scene.view.follow = follow;
  }

  /** The window goes where the rows are that one scrolled to. */
  private alignTime(): void {
    const { view } = this.scene;
    const seen = this.scene.extentInSight();
    view.follow = false;
    if (!seen || (seen.from >= view.from && seen.from <= view.to)) return;
    const width = view.to - view.from;
    view.show(seen.from - 0.1 * width, seen.from + 0.9 * width);
    this.follow.value = false;
  }

  setOnly(name: string | null): void {
    this.scene.only = name === null ? -1 : this.scene.store.functions.indexOf(name);
    this.engine.redraw();
  }

  /** Selects a span by its number. */
  select(number: number, reveal = false): void {
    const { scene } = this;
    scene.selected = number;
    const row = scene.store.row(number);
    scene.selectedTask = row?.task ?? null;
    if (reveal && row) this.reveal(number, row.start, row.dur);
    this.selectedRun = row?.run ?? null;
    if (row) this.callbacks.select(row.task);
    this.said.value = row ? `${scene.store.functions[row.function] ?? 'task'}, task ${row.task}, attempt ${row.attempt}` : '';
    this.engine.redraw();
  }

  /** Selects a task that has not ended. */
  selectOpen(open: Open): void {
    this.scene.selected = -1;
    this.scene.selectedTask = open.task;
    this.selectedRun = open.run;
    this.callbacks.select(open.task);
    this.engine.redraw();
  }

  /** A task was selected elsewhere. */
  selectTask(task: number | null): void {
    const { scene } = this;
    if (task === scene.selectedTask && (task === null || scene.selected >= 0)) return;
    scene.selectedTask = task;
    scene.selected = task === null ? -1 : (spansOfTasks(scene.store, new Set([task])).get(task) ?? -1);
    if (task === null) this.engine.arrows = [];
    this.engine.redraw();
  }

  private reveal(number: number, start: number, dur: number): void {
    const { view } = this.scene;
    this.scene.reveal(number);
    if (start + dur >= view.from && start <= view.to) return;
    const half = (view.to - view.from) / 2;
    view.show(start + dur / 2 - half, start + dur / 2 + half);
    this.tell();
  }

  clear(): void {
    this.scene.selected = -1;
    this.scene.selectedTask = null;
    this.engine.arrows = [];
    this.callbacks.select(null);
    this.engine.redraw();
  }

  /** Shows the selected span; when it is in sight already, fits it. */
  focus(): void {
    const { scene } = this;
    const row = scene.selected < 0 ? null : scene.store.row(scene.selected);
    if (!row) return;
    const { view } = scene;
    const seen = row.start >= view.from && row.start + row.dur <= view.to && this.inSight(scene.selected);
    if (seen) view.fitSpan(row.start, row.start + row.dur);
    else this.reveal(scene.selected, row.start, row.dur);
    this.tell();
  }

  private inSight(number: number): boolean {
    const place = this.scene.placeOf(number);
    return place !== null && place.y >= 0 && place.y + place.h <= this.scene.height;
  }

  fitSpan(number: number): void {
    const row = this.scene.store.row(number);
    if (!row) return;
    this.scene.view.fitSpan(row.start, row.start + row.dur);
    this.tell();
  }

  failure(step: 1 | -1): void {
    const { scene } = this;
    const row = scene.selected >= 0 ? scene.store.row(scene.selected) : null;
    const from = row?.start ?? (step > 0 ? scene.view.from : scene.view.to);
    const found = nextFailure(scene.store, from, row ? scene.selected : -1, step);
    if (found >= 0) this.select(found, true);
    else this.said.value = step > 0 ? 'no later failure' : 'no earlier failure';
  }

  next(step: 1 | -1): void {
    const { scene } = this;
    if (scene.lanesBy === 'task') return this.lane(step);
    if (scene.selected < 0) return this.first();
    const found = neighbour(scene.store, scene.layout.indexOf, scene.laneOf(scene.selected), scene.selected, step);
    if (found >= 0) this.select(found, true);
  }

  /** The span of the lane above or below that is nearest in time. */
  lane(step: 1 | -1): void {
    const { scene } = this;
    if (scene.selected < 0) return this.first();
    const row = scene.store.row(scene.selected);
    if (!row) return;
    if (scene.lanesBy === 'task') {
      const at = scene.waterfall.rowOf(row.task, row.run ?? 0) + step;
      const number = scene.waterfall.attempts(at)[0];
      if (number !== undefined) this.select(number, true);
      return;
    }
    const rows = scene.layout.rows.filter((one) => one.kind !== 'head');
    const mine = scene.rowOfLane(scene.laneOf(scene.selected));
    for (let at = rows.indexOf(mine!) + step; at >= 0 && at < rows.length; at += step) {
      const other = rows[at]!;
      const middle = row.start + row.dur / 2;
      for (const slack of [0, (scene.view.to - scene.view.from) / 8, scene.view.to - scene.view.from, Infinity]) {
        const found = spanAt(scene.store, scene.layout.indexOf, other.lane, middle, slack);
        if (found >= 0) return this.select(found, true);
      }
    }
  }

  private first(): void {
    const { scene } = this;
    const middle = (scene.view.from + scene.view.to) / 2;
    for (const row of scene.layout.rows) {
      if (row.kind === 'head') continue;
      const found = spanAt(scene.store, scene.layout.indexOf, row.lane, middle, scene.view.to - scene.view.from);
      if (found >= 0) return this.select(found, true);
    }
  }

  open(): void {
    const { selectedTask, store } = this.scene;
    if (selectedTask !== null) this.callbacks.open(selectedTask, store.runId(this.selectedRun));
  }
  private selectedRun: number | string | null = null;

  setRange(range: [number, number] | null): void {
    this.scene.range = range;
    this.callbacks.range(range);
    this.engine.redrawOverlay();
  }

  mark(): void {
    const { scene } = this;
    const at = scene.hoverX === null ? (scene.view.from + scene.view.to) / 2 : scene.view.time(scene.hoverX);
    scene.mark = scene.mark === null ? at : null;
    this.engine.redrawOverlay();
  }

  /** Arrows from what task `place` waited for, and to what waited for it. */
  setArrows(place: number, deps: readonly number[], dependents: readonly number[]): void {
    const { scene } = this;
    if (scene.selectedTask !== place) return;
    const spans = spansOfTasks(scene.store, new Set([place, ...deps, ...dependents]));
    const mine = spans.get(place);
    const arrows: Arrow[] = [];
    if (mine !== undefined) {
      for (const dep of deps) if (spans.has(dep)) arrows.push({ from: spans.get(dep)!, to: mine });
      for (const dependent of dependents) if (spans.has(dependent)) arrows.push({ from: mine, to: spans.get(dependent)! });
    }
    this.engine.arrows = arrows;
    this.engine.redrawOverlay();
  }
}
