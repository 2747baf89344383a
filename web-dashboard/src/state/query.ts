// The selection of a run in the URL's query and back, so that a link shows what its sender saw: `task` or `key`, `from` and `to`
// (microseconds since the run began), `lanes`, `fn`. The tab and the filters of tables use `queryParam`.

import { batch, computed, effect, type ReadonlySignal } from './signals';
import { query, route, setQuery } from '../app/router';
import { type LanesBy, selection, type TimeRange } from './selection';
import { lookAtRun, selectedKey } from './task';

const LANES: readonly LanesBy[] = ['slot', 'function', 'task'];

export interface View {
  task: number | null;
  key: string | null;
  range: TimeRange | null;
  lanesBy: LanesBy;
  function: string | null;
}

export function parseView(params: URLSearchParams): View {
  const from = number(params.get('from'));
  const to = number(params.get('to'));
  const lanes = LANES.find((name) => name === params.get('lanes')) ?? 'slot';
  return {
    task: place(params.get('task')),
    key: params.get('key') || null,
    range: from !== null && to !== null && to > from ? [from, to] : null,
    lanesBy: lanes,
    function: params.get('fn') || null,
  };
}

/** What the query has to say of a view; null where it is as always. */
export function viewParams(view: View): Record<string, string | null> {
  return {
    key: view.key,
    task: view.key === null && view.task !== null ? String(view.task) : null,
    from: view.range ? String(Math.round(view.range[0])) : null,
    to: view.range ? String(Math.round(view.range[1])) : null,
    lanes: view.lanesBy === 'slot' ? null : view.lanesBy,
    fn: view.function,
  };
}

function currentView(): View {
  return {
    task: selection.task.value,
    key: selectedKey.value,
    range: selection.range.value,
    lanesBy: selection.lanesBy.value,
    function: selection.function.value,
  };
}

/** Ties the selection to the query while a run is looked at. */
export function startQuery(): void {
  let written = '';
  const run = computed(() => (route.value.page === 'run' ? route.value.id : null));
  effect(() => {
    const changed = lookAtRun(run.value);
    if (run.value === null) return;
    const view = parseView(query.value);
    const text = JSON.stringify(viewParams(view));
    if (text === written && !changed) return;
    written = text;
    batch(() => {
      if (selection.task.peek() !== view.task && view.key === null) selection.task.value = view.task;
      if (selectedKey.peek() !== view.key) {
        selectedKey.value = view.key;
        if (view.key !== null) selection.task.value = null;
      }
      if (JSON.stringify(selection.range.peek()) !== JSON.stringify(view.range)) selection.range.value = view.range;
      selection.lanesBy.value = view.lanesBy;
      selection.function.value = view.function;
    });
  });
  let timer = 0;
  effect(() => {
    const params = viewParams(currentView());
    if (run.peek() === null) return;
    const text = JSON.stringify(params);
    if (text === written) return;
    // Dragging changes the range with every movement; browsers limit how often the address may change.
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      if (run.peek() === null) return;
      written = text;
      setQuery(params);
    }, 150);
  });
}

/** A parameter of the query as a signal; set it with `setQuery`. */
export function queryParam(name: string): ReadonlySignal<string | null> {
  return computed(() => query.value.get(name));
}

function number(text: string | null): number | null {
  if (text === null || text === '') return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

function place(text: string | null): number | null {
  return text !== null && /^\d{1,10}$/.test(text) ? Number(text) : null;
}
