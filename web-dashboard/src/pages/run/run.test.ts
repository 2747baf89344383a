import { expect, test } from 'vitest';
import type { RunDetail } from '../../api/types';
import { hintsOf } from './hints';
import { filterLines, flatten } from './logs';

const run = (change: Partial<RunDetail>): RunDetail => ({
  id: 'r', name: null, state: 'succeeded', open: false, counts: { total: 500 }, created_at: '', started_at: null, finished_at: null, functions: [], outputs: {}, failures: [], ...change,
});

test('hints tell of tiny tasks, stragglers, missing workers and idle slots', () => {
  expect(hintsOf(run({}), null)).toEqual([]);
  const tiny = { call: 'n/sq', counts: { succeeded: 500 }, run_us: { p50: 2, p95: 6, max: 80 } };
  const odd = { call: 'n/slow', counts: { succeeded: 50 }, run_us: { p50: 2000, p95: 9000, max: 900_000 } };
  expect(hintsOf(run({ functions: [tiny, odd] }), null)).toHaveLength(2);
  expect(hintsOf(run({ counts: { 'no-worker': 3 } }), null)[0]).toContain('fit on no worker');
  expect(hintsOf(run({ state: 'running' }), { slots: 8, busy: 1, queued: 90 })[0]).toContain('Only 1 of 8 slots');
});

test('lines of logs by time, level and words', () => {
  const lines = flatten({
    truncated: false,
    attempts: [
      { key: 'a', attempt: 1, lines: [{ at: '2026-01-01T00:00:00.000003Z', level: 'error', message: 'Lost' }] },
      { key: 'b', attempt: 2, lines: [{ at: '2026-01-01T00:00:00.000001Z', level: 'info', message: 'begin' }, { at: '2026-01-01T00:00:00.000001Z', level: 'debug', message: 'more' }] },
    ],
  });
  expect(lines.map((one) => one.message)).toEqual(['begin', 'more', 'Lost']);
  expect(filterLines(lines, 'info', '').map((one) => one.message)).toEqual(['begin', 'Lost']);
  expect(filterLines(lines, 'debug', 'LOST')).toHaveLength(1);
  expect(filterLines(lines, 'debug', 'b')).toHaveLength(2);
});
