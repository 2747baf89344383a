// The graph by function: edges go around boxes, progress and the critical path are what the host said.

import { expect, test } from 'vitest';
import { random } from '../data/made';
import { BOX, criticalEdges, placeGroups, progressOf, routeOf, type GroupGraph } from './groups';

/** Points of a path of cubic curves and lines. */
function pointsOf(path: string): [number, number][] {
  const points: [number, number][] = [];
  let at: [number, number] = [0, 0];
  for (const [, command, rest] of path.matchAll(/([MCL])([^MCL]*)/g)) {
    const n = rest!.trim().split(/[ ,]+/).map(Number);
    const to: [number, number] = [n.at(-2)!, n.at(-1)!];
    for (let t = 0.02; command !== 'M' && t <= 1; t += 0.02) {
      const bezier = (a: number, b: number, c: number, d: number) => (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t ** 2 * c + t ** 3 * d;
      points.push(command === 'C' ? [bezier(at[0], n[0]!, n[2]!, to[0]), bezier(at[1], n[1]!, n[3]!, to[1])] : [at[0] + t * (to[0] - at[0]), at[1] + t * (to[1] - at[1])]);
    }
    at = to;
  }
  return points;
}

test('an edge over a column with a box in its way does not cross the box', () => {
  const next = random(1);
  for (let n = 0; n < 200; n++) {
    const at = (column: number) => ({ x: BOX.margin + column * (BOX.width + BOX.gapX), y: BOX.margin + Math.floor(next() * 6) * 0.5 * (BOX.height + BOX.gapY) });
    const boxes = [at(0), at(1), at(2)];
    const { path } = routeOf(boxes[0]!, boxes[2]!, boxes);
    for (const [x, y] of pointsOf(path)) {
      const { x: left, y: top } = boxes[1]!;
      expect(x > left + 2 && x < left + BOX.width - 2 && y > top + 2 && y < top + BOX.height - 2).toBe(false);
    }
  }
});

test('places, progress and the critical path', () => {
  const node = (call: string, x: number, y: number) => ({ id: call, call, tasks: 10, first: 0, x, y, counts: { total: 10, succeeded: 4, failed: 1, aborted: 2 } });
  const graph: GroupGraph = { by: 'function', nodes: [node('a', -0.5, 0), node('b', 1, 2)], edges: [{ from: 0, to: 1, count: 10 }], width: 2, height: 3 };
  const { places, width, height } = placeGroups(graph);
  expect(places[0]).toEqual({ x: BOX.margin, y: BOX.margin });
  expect(width).toBe(places[1]!.x + BOX.width + BOX.margin);
  expect(height).toBe(places[1]!.y + BOX.height + BOX.margin);
  expect(progressOf(graph.nodes[0]!.counts, 10)).toEqual({ succeeded: 4, failed: 1, running: 0, total: 10 });
  expect([...criticalEdges(['a', 'a', 'b'], graph.nodes)]).toEqual(['0/0', '0/1']);
});
