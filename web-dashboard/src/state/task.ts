// The selected task by its key. Canvases know tasks by their place, tables and links by their key; this keeps both in step, asking
// the server for what it does not know. `selection.task` stays the canvases' word.

import { batch, effect, signal } from './signals';
import { get, path } from '../api/client';
import { selection } from './selection';

export const selectedKey = signal<string | null>(null);

/** Whether the drawer shall take the focus: not when a canvas selects, so that its keys go on working. */
export const focusDrawer = signal(0);

let run: string | null = null;
const keys = new Map<number, string>();
const places = new Map<string, number>();

/** A place and its key belong together. */
export function learnTask(place: number, key: string): void {
  keys.set(place, key);
  places.set(key, place);
  // Another place may have been selected since, whose key is still to come.
  if (selectedKey.peek() === key && selection.task.peek() === null) selection.task.value = place;
}

/** Opens the drawer of a task of the run that is looked at. */
export function openTask(key: string, place?: number): void {
  if (place !== undefined) learnTask(place, key);
  batch(() => {
    selectedKey.value = key;
    selection.task.value = place ?? places.get(key) ?? null;
    focusDrawer.value += 1;
  });
}

export function closeTask(): void {
  batch(() => {
    selectedKey.value = null;
    selection.task.value = null;
  });
}

/** Another run is looked at: what was known of keys and places belongs to the one before. True when it changed. */
export function lookAtRun(id: string | null): boolean {
  if (run === id) return false;
  run = id;
  keys.clear();
  places.clear();
  return true;
}

/** The keys of places, as far as the server knows them. */
export async function namesOf(id: string, wanted: number[], signal?: AbortSignal): Promise<Map<number, string>> {
  const missing = wanted.filter((place) => !keys.has(place));
  if (missing.length > 0) {
    const where = `${path('/runs', id)}/names`;
    const answer = await get<{ items: { task: number; key: string }[] }>(where, { tasks: missing.slice(0, 1000).join(',') }, signal);
    if (run === id) for (const { task, key } of answer.items) learnTask(task, key);
    else return new Map(answer.items.map(({ task, key }) => [task, key]));
  }
  return new Map(wanted.flatMap((place) => (keys.has(place) ? [[place, keys.get(place) ?? ''] as const] : [])));
}

/** Follows the canvases: a place was selected, so its key is looked up. */
export function startTaskNames(): void {
  effect(() => {
    const place = selection.task.value;
    if (place === null) {
      const key = selectedKey.peek();
      if (key !== null && places.has(key)) selectedKey.value = null;
      return;
    }
    const known = keys.get(place);
    if (known !== undefined) {
      if (selectedKey.peek() !== known) selectedKey.value = known;
      return;
    }
    const id = run;
    if (id === null) return;
    namesOf(id, [place]).then(
      (found) => {
        if (run === id && selection.task.peek() === place) selectedKey.value = found.get(place) ?? null;
      },
      () => {
        if (run === id && selection.task.peek() === place) selectedKey.value = null;
      },
    );
  });
}
