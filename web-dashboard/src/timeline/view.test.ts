// Windows of time, hues, ticks of the axis and rows: what can be checked without a canvas.

import { describe, expect, test } from 'vitest';
import { random } from '../data/made';
import { SpanStore } from '../data/store';
import { stepFor, ticks, tickWord } from './axis';
import { assignHues, HUES, SHADES, shadeTable } from './colours';
import { rowAtY, slotLayout } from './layout';
import { View } from './view';

describe('a window of time', () => {
  const all = { from: 0, to: 1_000_000 };

  test('zooms at the pointer', () => {
    const view = new View();
    view.width = 1000;
    view.show(0, 1_000_000);
    view.zoom(0.5, 250, all);
    expect(view.time(250)).toBeCloseTo(250_000);
    expect(view.to - view.from).toBeCloseTo(500_000);
  });

  test('any zooming and panning leaves it finite and near what there is', () => {
    const next = random(1);
    const view = new View();
    view.width = 777;
    for (let n = 0; n < 3000; n++) {
      if (next() < 0.5) view.zoom(0.5 + next() * 1.5, next() * 777, all);
      else view.pan((next() - 0.5) * 5000, all);
      const width = view.to - view.from;
      expect(width).toBeGreaterThanOrEqual(19.99);
      expect(width).toBeLessThanOrEqual(1_300_001);
      expect(view.to).toBeGreaterThan(all.from);
      expect(view.from).toBeLessThan(all.to);
    }
  });

  test('follows now, until somebody pans', () => {
    const view = new View();
    view.width = 100;
    view.show(0, 1000);
    view.follow = true;
    view.update(all, 5000, false);
    expect(view.to).toBeCloseTo(5080);
    expect(view.to - view.from).toBeCloseTo(1000);
    view.pan(-10, all);
    expect(view.follow).toBe(false);
    const { from } = view;
    view.update(all, 9000, false);
    expect(view.from).toBe(from);
  });

  test('shows all of a run that grows, or the latest of all runs', () => {
    const view = new View();
    view.update(all, 0, false);
    expect([view.from, view.to]).toEqual([-10_000, 1_010_000]);
    const recent = new View(1000);
    recent.follow = true;
    recent.update(all, 1_000_500, false);
    expect(recent.from).toBeGreaterThan(999_000);
    expect(recent.to).toBeGreaterThan(1_000_500);
  });
});

test('the first twelve functions have hues of their own, and keep them', () => {
  const names = Array.from({ length: 30 }, (_, n) => `module/function-${n}`);
  const hues = assignHues(names);
  expect(new Set(hues.slice(0, HUES).map((one) => one.hue)).size).toBe(HUES);
  expect(hues.slice(0, HUES).every((one) => !one.striped)).toBe(true);
  expect(hues.slice(HUES).every((one) => one.striped)).toBe(true);
  expect(assignHues(names.slice(0, 5))).toEqual(hues.slice(0, 5));
});

test('shades go from faint to full', () => {
  const table = shadeTable([[255, 0, 0]], [0, 0, 0]);
  expect(table.length).toBe(SHADES);
  expect(table[SHADES - 1]).toBe(0xff0000ff);
  expect(table[0]! & 0xff).toBeGreaterThan(40);
});

test('steps are round, words are as fine as they', () => {
  expect([0.3, 3, 11, 90_000, 600_000, 1_500_000, 61_000_000].map(stepFor)).toEqual([1, 5, 20, 100_000, 1_000_000, 2_000_000, 120_000_000]);
  const word = (time: number, step: number) => tickWord(time, step).replace('\u202f', ' ');
  expect(word(1500, 500)).toBe('1.5 ms');
  expect(word(12, 2)).toBe('12 µs');
  expect(word(2_500_000, 500_000)).toBe('2.5 s');
  expect(word(75_000_000, 5_000_000)).toBe('1:15');
  expect(word(75_250_000, 250_000)).toBe('1:15.3');
  expect(word(3_675_000_000, 5_000_000)).toBe('1:01:15');
  expect(ticks(0, 1000, 100).length).toBe(11);
  const next = random(2);
  for (let n = 0; n < 200; n++) {
    const width = 10 ** (1 + next() * 10);
    const from = (next() - 0.3) * width * 3;
    const made = ticks(from, from + width, width / 10);
    expect(made.length).toBeGreaterThan(1);
    expect(made.length).toBeLessThan(13);
  }
});

test('slots are grouped by worker and found by height', () => {
  const store = new SpanStore();
  store.setNames([], [{ worker: 2, name: 'b', slot: 0 }, { worker: 1, name: 'a', slot: 1 }, { worker: 1, name: 'a', slot: 0 }]);
  const layout = slotLayout(store, []);
  expect(layout.rows.map((row) => (row.kind === 'head' ? row.label : row.lane))).toEqual(['a', 3, 2, 'b', 1]);
  layout.rows.forEach((row, n) => {
    expect(rowAtY(layout, row.y)).toBe(n);
    expect(rowAtY(layout, row.y + row.h - 0.5)).toBe(n);
  });
  expect(rowAtY(layout, -1)).toBe(-1);
});
