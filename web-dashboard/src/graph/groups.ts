// The graph by function: what the host sends, and where boxes and edges are in pixels.

import type { Counts } from '../api/types';

export interface GroupNode {
  readonly id: string;
  readonly call: string;
  readonly tasks: number;
  readonly first: number;
  readonly x: number;
  readonly y: number;
  readonly counts: Counts;
}

export interface GroupGraph {
  readonly by: string;
  readonly nodes: readonly GroupNode[];
  readonly edges: readonly { readonly from: number; readonly to: number; readonly count: number }[];
  readonly width: number;
  readonly height: number;
}

export const BOX = { width: 196, height: 58, gapX: 92, gapY: 26, margin: 20 } as const;

export interface Place {
  readonly x: number;
  readonly y: number;
}

/** Upper left corners, and the size of all of it. */
export function placeGroups(graph: GroupGraph): { places: Place[]; width: number; height: number } {
  const least = Math.min(0, ...graph.nodes.map((node) => node.x));
  const places = graph.nodes.map((node) => ({
    x: BOX.margin + (node.x - least) * (BOX.width + BOX.gapX),
    y: BOX.margin + node.y * (BOX.height + BOX.gapY),
  }));
  const most = (of: (place: Place) => number): number => Math.max(0, ...places.map(of));
  return { places, width: most((place) => place.x) + BOX.width + BOX.margin, height: most((place) => place.y) + BOX.height + BOX.margin };
}

/** How an edge goes: its path, and where its words stand. */
export interface Route {
  readonly path: string;
  readonly words: Place;
}

/** A curve from the right edge of one box to the left edge of another. It goes around the boxes in between, above or below them,
 *  whichever is nearer; what leads back goes around below. */
export function routeOf(from: Place, to: Place, boxes: readonly Place[]): Route {
  const [x0, y0] = [from.x + BOX.width, from.y + BOX.height / 2];
  const [x1, y1] = [to.x - 5, to.y + BOX.height / 2];
  const middle = { x: (x0 + x1) / 2, y: (y0 + y1) / 2 };
  if (x1 <= x0) {
    const low = Math.max(from.y, to.y) + BOX.height + 16;
    return { path: `M${x0} ${y0}C${x0 + BOX.gapX} ${y0} ${x0 + BOX.gapX} ${low} ${middle.x} ${low}S${x1 - BOX.gapX} ${y1} ${x1} ${y1}`, words: { x: middle.x, y: low - 4 } };
  }
  const between = boxes.filter((box) => box.x > from.x && box.x < to.x);
  const inWay = between.filter((box) => box.y < Math.max(y0, y1) + 8 && box.y + BOX.height > Math.min(y0, y1) - 8);
  if (inWay.length === 0) {
    const bend = Math.max(30, (x1 - x0) * 0.5);
    return { path: `M${x0} ${y0}C${x0 + bend} ${y0} ${x1 - bend} ${y1} ${x1} ${y1}`, words: { x: middle.x, y: middle.y - 4 } };
  }
  const left = Math.min(...inWay.map((box) => box.x)) - 8;
  const right = Math.max(...inWay.map((box) => box.x)) + BOX.width + 8;
  const column = between.filter((box) => box.x >= left && box.x <= right);
  const above = Math.min(...column.map((box) => box.y)) - 12;
  const below = Math.max(...column.map((box) => box.y)) + BOX.height + 12;
  const y = middle.y - above <= below - middle.y ? above : below;
  const bend = 36;
  return { path: `M${x0} ${y0}C${x0 + bend} ${y0} ${left - bend} ${y} ${left} ${y}L${right} ${y}C${right + bend} ${y} ${x1 - bend} ${y1} ${x1} ${y1}`, words: { x: (left + right) / 2, y: y - 4 } };
}

/** Thicker for more, slowly. */
export const edgeWidth = (count: number): number => Math.min(6, 1.2 + Math.log10(Math.max(1, count)));

export interface Progress {
  readonly succeeded: number;
  readonly failed: number;
  readonly running: number;
  readonly total: number;
}

export function progressOf(counts: Counts, total: number): Progress {
  const of = (name: string): number => counts[name] ?? 0;
  return { succeeded: of('succeeded'), failed: of('failed'), running: of('running'), total: Math.max(1, counts['total'] ?? total) };
}

/** Edges that a chain of calls goes along, as `from/to`. */
export function criticalEdges(calls: readonly string[], nodes: readonly GroupNode[]): Set<string> {
  const at = new Map(nodes.map((node, n) => [node.call, n]));
  const edges = new Set<string>();
  for (let n = 1; n < calls.length; n++) edges.add(`${at.get(calls[n - 1]!)}/${at.get(calls[n]!)}`);
  return edges;
}
