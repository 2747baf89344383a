// Where the time of a task went: queued, fetch, start, run, parked, store, out of what the server knows. A phase that is
// not known is left out; what is left of the whole attempt is shown as other.

import type { TaskDetail } from '../../api/types';
import { between } from '../../ui/format';

export interface Phase {
  name: 'queued' | 'fetch' | 'start' | 'run' | 'parked' | 'store' | 'other' | 'running';
  us: number;
  says: string;
}

const SAYS: Record<Phase['name'], string> = {
  queued: 'ready, waiting for a slot',
  fetch: 'bringing inputs and the compiled module',
  start: 'making the sandbox',
  run: 'inside the function',
  parked: 'without a slot, waiting for tasks it submitted',
  store: 'storing the result',
  other: 'parked while tasks it submitted ran, or telling the server',
  running: 'since it began',
};

export function phasesOf(task: TaskDetail, nowUs: number): Phase[] {
  const fetch = task.fetch_us ?? null;
  const store = task.store_us ?? null;
  const parked = task.parked_us ?? null;
  const queue = task.queue_us ?? (task.queued_at && !task.started_at ? since(task.queued_at, nowUs) : null);
  const phases: Phase[] = [];
  const add = (name: Phase['name'], us: number | null) => {
    if (us !== null && us > 0) phases.push({ name, us, says: SAYS[name] });
  };
  add('queued', queue === null ? null : Math.max(0, queue - (fetch ?? 0)));
  add('fetch', fetch);
  if (task.state === 'running' && task.started_at) {
    add('running', since(task.started_at, nowUs));
    return phases;
  }
  add('start', task.start_us);
  add('run', task.run_us);
  add('parked', parked);
  add('store', store);
  const whole = between(task.started_at, task.finished_at);
  const known = (task.start_us ?? 0) + (task.run_us ?? 0) + (parked ?? 0) + (store ?? 0);
  if (whole !== null && whole - known > Math.max(50, whole * 0.02)) add('other', whole - known);
  return phases;
}

function since(instant: string, nowUs: number): number {
  return Math.max(0, nowUs - Date.parse(instant) * 1000);
}
