// Hints: each one appears with its numbers when there is reason, and only then.

import { expect, test } from 'vitest';
import type { SpanRow } from './block';
import type { Tick } from './feed';
import { hintsOf } from './hints';
import { blockOf, makeRows } from './made';
import { SpanStore } from './store';

function storeOf(change: (row: SpanRow, n: number) => Partial<SpanRow>, spans = 200): SpanStore {
  const store = new SpanStore();
  store.setNames(['m/f'], []);
  const plain = { dur: 20_000, startup: 10, fetch: 0, store: 0, parked: 0, flags: 0, state: 0, function: 0, output: 100, lane: 0 };
  const rows = makeRows(1, { spans }).map((row, n) => ({ ...row, ...plain, ...change({ ...row, ...plain }, n) }));
  store.append(blockOf(rows, 0));
  return store;
}

const ids = (store: SpanStore, tick: Tick | null = null) => hintsOf(store, tick).map((hint) => hint.id.split('/')[0]);
const tick = (server: Tick['server']): Tick => ({ type: 'tick', now_us: 0, total: 0, running: [], running_total: 0, counts: {}, functions: [], server });

test('an ordinary run has no hints', () => {
  expect(ids(storeOf(() => ({})), tick({ slots: 4, busy: 4, tasks_per_s: 1, queued: 100 }))).toEqual([]);
  expect(hintsOf(new SpanStore(), null)).toEqual([]);
});

test('tiny tasks under more overhead than work', () => {
  const hints = hintsOf(storeOf(() => ({ dur: 150, startup: 100, store: 20 })), null);
  expect(hints[0]?.id).toBe('tiny/m/f');
  expect(hints[0]?.text).toMatch(/200 calls run for 50.µs each, beside 120.µs/);
  expect(hints[0]?.text).toMatch(/work of \d/);
});

test('a straggler, with its span', () => {
  const hints = hintsOf(storeOf((_, n) => (n === 77 ? { dur: 900_000 } : {})), null);
  expect(hints.map((hint) => [hint.id, hint.span])).toEqual([['straggler/m/f', 77]]);
  expect(hints[0]?.text).toMatch(/900.ms, 45 times/);
  expect(ids(storeOf((_, n) => (n === 77 ? { dur: 40_000 } : { dur: 1000, startup: 0 })))).toEqual([]);
});

test('cold starts and large results', () => {
  expect(ids(storeOf((_, n) => ({ flags: n % 3 === 0 ? 1 : 0 })))).toEqual(['cold']);
  expect(ids(storeOf((_, n) => ({ flags: n % 10 === 0 ? 1 : 0 })))).toEqual([]);
  expect(ids(storeOf((_, n) => ({ output: n === 5 ? 64 * 1024 * 1024 : 0 })))).toEqual(['large']);
});

test('idle slots beside a queue', () => {
  expect(ids(storeOf(() => ({})), tick({ slots: 8, busy: 2, tasks_per_s: 1, queued: 100 }))).toEqual(['idle']);
  expect(ids(storeOf(() => ({})), tick({ slots: 8, busy: 2, tasks_per_s: 1, queued: 3 }))).toEqual([]);
});
