// States of tasks while a run goes on: those the graph came with, moved on by spans as they end and by ticks that name what runs.

import type { RunFeed } from '../data/feed';
import { Task, type Points } from './points';

const AFTER = [Task.succeeded, Task.failed, Task.queued, Task.cancelled, Task.succeeded] as const;

export class LiveStates {
  private next = 0;
  private running: number[] = [];
  private readonly stop: () => void;

  constructor(private readonly points: Points, private readonly feed: RunFeed) {
    // Blocks that come late are older than what is known, so all are read again, in order.
    this.stop = feed.store.onRewritten(() => (this.next = 0));
  }

  close(): void {
    this.stop();
  }

  /** Brings states up to date. */
  update(): void {
    const { store } = this.feed;
    const { state, count } = this.points;
    for (const chunk of store.chunks) {
      if (chunk.end <= this.next) continue;
      const { task, state: ended } = chunk.columns;
      for (let i = Math.max(0, this.next - chunk.first); i < chunk.count; i++) {
        const place = task[i]!;
        if (place >= count) continue;
        const after = AFTER[ended[i]!] ?? Task.succeeded;
        // A task that was tried again may run or have ended since; the span that says so comes later.
        if (after === Task.queued && state[place]! >= Task.succeeded) continue;
        state[place] = after;
      }
    }
    this.next = store.end;
    this.updateRunning();
  }

  private updateRunning(): void {
    const { state, count } = this.points;
    const open = this.feed.tick.peek()?.running ?? [];
    const before = this.running;
    this.running = open.filter((one) => one.state !== 'assigned' && one.task < count).map((one) => one.task);
    // What ran and is not named any more has ended or waits; its span tells, until then it counts as queued.
    for (const task of before) if (state[task] === Task.running) state[task] = Task.queued;
    for (const task of this.running) if (state[task]! < Task.succeeded) state[task] = Task.running;
  }
}
