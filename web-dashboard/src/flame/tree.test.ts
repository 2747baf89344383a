// Flame graphs: places, sums by name and walking.

import { expect, test } from 'vitest';
import { byName, layOut, walk, type ProfileNode } from './tree';

const node = (name: string, self: number, ...children: ProfileNode[]): ProfileNode =>
  ({ name, self, total: self + children.reduce((sum, child) => sum + child.total, 0), children });

const ROOT = node('main', 1, node('sort', 5), node('parse', 2, node('read', 10), node('parse', 4)), node('free', 3));

test('frames lie under their callers, the heaviest first, without gaps', () => {
  const { frames, depth, cut } = layOut(ROOT);
  expect(depth).toBe(3);
  expect(cut).toBe(false);
  const place = (name: string) => frames.filter((frame) => frame.name === name).map((frame) => [frame.x, frame.total, frame.depth]);
  expect(place('main')).toEqual([[0, 25, 0]]);
  expect(place('parse')).toEqual(expect.arrayContaining([[0, 16, 1], [10, 4, 2]]));
  expect(place('sort')).toEqual([[16, 5, 1]]);
  expect(place('free')).toEqual([[21, 3, 1]]);
  for (const frame of frames) {
    const parent = frames[frame.parent];
    if (parent) expect(frame.x >= parent.x && frame.x + frame.total <= parent.x + parent.total).toBe(true);
  }
});

test('what calls itself counts once', () => {
  const { frames } = layOut(ROOT);
  expect(byName(frames).find((one) => one.name === 'parse')).toEqual({ name: 'parse', self: 6, total: 16 });
  expect(byName(frames).reduce((sum, one) => sum + one.self, 0)).toBe(25);
});

test('keys walk the tree', () => {
  const { frames } = layOut(ROOT);
  const name = (at: number) => frames[at]!.name;
  const parse = walk(frames, 0, 'Down');
  expect(name(parse)).toBe('parse');
  expect(name(walk(frames, parse, 'Right'))).toBe('sort');
  expect(walk(frames, parse, 'Left')).toBe(parse);
  expect(name(walk(frames, parse, 'Down'))).toBe('read');
  expect(walk(frames, parse, 'Up')).toBe(0);
});

test('a stack of ten thousand frames is laid out', () => {
  let deep = node('leaf', 1);
  for (let n = 0; n < 10_000; n++) deep = node(`f${n}`, 0, deep);
  expect(layOut(deep).depth).toBe(10_001);
});
