// What is looked at inside a run: the selected task, the range of time, how lanes are made and which function is shown. One value for
// all tabs of a run, kept in the URL's query by `state/query.ts`. It never fetches anything.

import { signal, type Signal } from './signals';

export type LanesBy = 'slot' | 'function' | 'task';

/** Microseconds since the beginning of the run. */
export type TimeRange = [from: number, to: number];

export interface Selection {
  /** Place of the selected task in its run. */
  readonly task: Signal<number | null>;
  readonly range: Signal<TimeRange | null>;
  readonly lanesBy: Signal<LanesBy>;
  /** Only this function (`module/function`) is shown. */
  readonly function: Signal<string | null>;
}

export const selection: Selection = {
  task: signal(null),
  range: signal(null),
  lanesBy: signal('slot'),
  function: signal(null),
};

/** Selects a task of the run that is looked at, which opens its drawer; null closes it. */
export function selectTask(place: number | null): void {
  selection.task.value = place;
}

/** Back to nothing selected, for another run. */
export function clearSelection(): void {
  selection.task.value = null;
  selection.range.value = null;
  selection.lanesBy.value = 'slot';
  selection.function.value = null;
}
