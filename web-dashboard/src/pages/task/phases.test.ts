import { expect, test } from 'vitest';
import type { TaskDetail } from '../../api/types';
import { phasesOf } from './phases';

const task = (change: Partial<TaskDetail>): TaskDetail => ({
  run: 'r', key: 'k', call: 'm/f', state: 'succeeded', attempt: 1, cached: false, worker: 1, slot: 0, created_at: '2026-11-21T15:55:59.000000Z',
  queued_at: '2026-11-21T15:55:59.000000Z', started_at: '2026-11-21T15:55:59.001000Z', finished_at: '2026-11-21T15:55:59.002000Z',
  queue_us: 1000, start_us: 100, run_us: 880, peak_memory: 1, deps: [], deps_total: 0, result: null, failure: null, attempts: [], reason: null, cause: null, ...change,
});
const short = (phases: ReturnType<typeof phasesOf>) => phases.map((phase) => `${phase.name} ${phase.us}`);

test('fetching is a part of being queued', () => {
  expect(short(phasesOf(task({ fetch_us: 300, store_us: 20 }), 0))).toEqual(['queued 700', 'fetch 300', 'start 100', 'run 880', 'store 20']);
});

test('what is left of the attempt is shown', () => {
  expect(short(phasesOf(task({ run_us: 100 }), 0))).toEqual(['queued 1000', 'start 100', 'run 100', 'other 800']);
});

test('a running task has run until now', () => {
  const now = Date.parse('2026-11-21T15:55:59.005Z') * 1000;
  expect(short(phasesOf(task({ state: 'running', finished_at: null, start_us: null, run_us: null }), now))).toEqual(['queued 1000', 'running 4000']);
  expect(short(phasesOf(task({ state: 'queued', started_at: null, finished_at: null, queue_us: null, start_us: null, run_us: null }), now))).toEqual(['queued 5000']);
});
