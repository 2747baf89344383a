import { expect, test } from 'vitest';
import { filterLines, flatten } from './logs';

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
