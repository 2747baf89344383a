// Graphs in columns: the decoder, and neighbourhoods against brute force over expanded edges.

import { describe, expect, test } from 'vitest';
import { random } from '../data/made';
import { decodePoints, neighbourhood, neighboursOf, PointsError, type Bundles } from './points';

function encode(count: number, bundles: number[][]): ArrayBuffer {
  const padded = (bytes: number) => (bytes + 7) & ~7;
  const size = 32 + 2 * padded(4 * count) + padded(2 * count) + padded(count) + 4 * padded(4 * bundles.length) + padded(bundles.length);
  const buffer = new ArrayBuffer(size);
  const view = new DataView(buffer);
  view.setUint32(0, 0x57475246);
  view.setUint16(4, 1, true);
  view.setUint32(8, count, true);
  view.setUint32(12, bundles.length, true);
  view.setFloat32(16, 7, true);
  view.setFloat32(20, 3, true);
  const points = decodePoints(buffer);
  for (let n = 0; n < count; n++) points.x[n] = n;
  bundles.forEach(([from, fromCount, to, toCount, kind], b) => {
    points.bundles.from[b] = from!;
    points.bundles.fromCount[b] = fromCount!;
    points.bundles.to[b] = to!;
    points.bundles.toCount[b] = toCount!;
    points.bundles.oneToOne[b] = kind!;
  });
  return buffer;
}

test('what is encoded is decoded', () => {
  const points = decodePoints(encode(5, [[0, 2, 2, 2, 1], [2, 2, 4, 1, 0]]));
  expect([points.count, points.width, points.height]).toEqual([5, 7, 3]);
  expect([...points.x]).toEqual([0, 1, 2, 3, 4]);
  expect(neighboursOf(points.bundles, 3, -1, 10)).toEqual([1]);
  expect(neighboursOf(points.bundles, 4, -1, 10)).toEqual([2, 3]);
  expect(neighboursOf(points.bundles, 2, 1, 10)).toEqual([4]);
  expect(neighbourhood(points.bundles, 3, 300)).toEqual({ tasks: [3, 1, 4], layers: [0, -1, 1], edges: [[0, 2], [1, 0]], cut: false });
});

test('wrong bytes are refused', () => {
  const good = encode(5, []);
  expect(() => decodePoints(good.slice(0, 40))).toThrow(PointsError);
  expect(() => decodePoints(new ArrayBuffer(4))).toThrow(PointsError);
  const other = good.slice(0);
  new DataView(other).setUint16(4, 9, true);
  expect(() => decodePoints(other)).toThrow(PointsError);
});

describe.each([1, 2, 3, 4])('a random graph, seed %i', (seed) => {
  const next = random(seed);
  const count = 200;
  const bundles: number[][] = [];
  for (let b = 0; b < 60; b++) {
    const from = Math.floor(next() * 150);
    const size = 1 + Math.floor(next() * 3);
    const one = next() < 0.5;
    const to = Math.min(count - 4, from + size + Math.floor(next() * 40));
    bundles.push([from, size, to, one ? size : 1 + Math.floor(next() * 3), one ? 1 : 0]);
  }
  const edges = bundles.flatMap(([from, a, to, b, one]) =>
    one && a === b
      ? Array.from({ length: a! }, (_, n) => [from! + n, to! + n] as const)
      : Array.from({ length: a! * b! }, (_, n) => [from! + Math.floor(n / b!), to! + (n % b!)] as const));
  const columns: Bundles = decodePoints(encode(count, bundles)).bundles;

  const reach = (task: number, way: 1 | -1): Set<number> => {
    const seen = new Set<number>();
    const open = [task];
    for (let one = open.pop(); one !== undefined; one = open.pop()) {
      for (const [from, to] of edges) {
        const [mine, other] = way > 0 ? [from, to] : [to, from];
        if (mine === one && !seen.has(other)) {
          seen.add(other);
          open.push(other);
        }
      }
    }
    return seen;
  };

  test('ancestors and descendants are brute force', () => {
    for (let task = 0; task < count; task += 7) {
      const found = neighbourhood(columns, task, 1000);
      expect(new Set(found.tasks)).toEqual(new Set([task, ...reach(task, -1), ...reach(task, 1)]));
      expect(found.cut).toBe(false);
      const cut = neighbourhood(columns, task, 5);
      expect(cut.tasks.length).toBeLessThanOrEqual(5);
      expect(cut.cut).toBe(found.tasks.length > 5);
    }
  });
});
