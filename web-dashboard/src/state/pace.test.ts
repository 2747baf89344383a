// Goal: live pictures cost little, stop where nobody sees them, give way to work on the same machine, and yet are never a second late.

import { describe, expect, test } from 'vitest';
import { type Circumstances, newsAfter, pauseAfter, PLAIN_MS, RARE_MS, smoothed } from './pace';

const watched: Circumstances = { hidden: false, focused: true, crowded: false, calm: false, idle: 10_000, cost: 5, late: 0 };

test('a page that is watched is drawn a few times each second', () => {
  expect(pauseAfter(watched)).toBe(PLAIN_MS);
});

test('what somebody moves is drawn with each frame, as far as it is cheap', () => {
  expect(pauseAfter({ ...watched, idle: 100, cost: 1 })).toBeLessThan(17);
  expect(pauseAfter({ ...watched, idle: 100, cost: 15 })).toBe(180);
  expect(pauseAfter({ ...watched, idle: 100, cost: 500 })).toBe(PLAIN_MS);
});

test('dear pictures come less often', () => {
  expect(pauseAfter({ ...watched, cost: 40 })).toBe(480);
  expect(pauseAfter({ ...watched, cost: 4000 })).toBe(RARE_MS);
});

test('a page whose frames come late, or that takes time from tasks, steps back, unless somebody uses it', () => {
  expect(pauseAfter({ ...watched, crowded: true })).toBe(RARE_MS);
  expect(pauseAfter({ ...watched, crowded: true, idle: 1000 })).toBe(PLAIN_MS);
  expect(pauseAfter({ ...watched, late: 300 })).toBe(RARE_MS);
  expect(pauseAfter({ ...watched, late: 300, idle: 1000 })).toBe(PLAIN_MS);
});

test('without the focus, or where less movement is wanted, it is drawn less often; hidden not at all', () => {
  expect(pauseAfter({ ...watched, focused: false })).toBe(2 * PLAIN_MS);
  expect(pauseAfter({ ...watched, calm: true, idle: 0 })).toBe(RARE_MS);
  expect(pauseAfter({ ...watched, hidden: true, idle: 0 })).toBe(Infinity);
});

describe('whatever happens', () => {
  const values = [0, 5, 20, 80, 1e6];
  test('a page that is seen is drawn each second', () => {
    for (const focused of [true, false]) for (const crowded of [true, false]) for (const calm of [true, false]) for (const idle of values) for (const cost of values) for (const late of values) {
      const pause = pauseAfter({ hidden: false, focused, crowded, calm, idle, cost, late });
      expect(pause).toBeGreaterThan(0);
      expect(pause).toBeLessThan(1000);
    }
  });
});

test('news that come once a second wait no second more, unless they are dear', () => {
  expect(newsAfter(RARE_MS, 5)).toBe(PLAIN_MS);
  expect(newsAfter(RARE_MS, 500)).toBe(RARE_MS);
  expect(newsAfter(16, 5)).toBe(16);
});

test('means follow what is new', () => {
  let mean = 0;
  for (let n = 0; n < 8; n++) mean = smoothed(mean, 100);
  expect(mean).toBeGreaterThan(95);
});
