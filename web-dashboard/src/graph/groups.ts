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

export const BOX = { width: 196, height: 58, gapX: 44, gapY: 58, margin: 20 } as const;

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

/** A curve from the lower edge of one box to the upper edge of another; edges that skip layers bow aside. */
export function edgePath(from: Place, to: Place): string {
  const [x0, y0] = [from.x + BOX.width / 2, from.y + BOX.height];
  const [x1, y1] = [to.x + BOX.width / 2, to.y - 5];
  const bend = Math.max(24, Math.abs(y1 - y0) * 0.5);
  const aside = y1 - y0 > BOX.height + 2 * BOX.gapY && Math.abs(x1 - x0) < 1 ? BOX.width * 0.62 : 0;
  return `M${x0} ${y0}C${x0 + aside} ${y0 + bend} ${x1 + aside} ${y1 - bend} ${x1} ${y1}`;
}

/** Thicker for more, slowly. */
export const edgeWidth = (count: number): number => Math.min(6, 1.2 + Math.log10(Math.max(1, count)));

export interface Progress {
  readonly succeeded: number;
  readonly failed: number;
  readonly running: number;
  readonly stopped: number;
  readonly total: number;
}

export function progressOf(counts: Counts, total: number): Progress {
  const of = (name: string): number => counts[name] ?? 0;
  return { succeeded: of('succeeded'), failed: of('failed'), running: of('running'), stopped: of('cancelled') + of('aborted'), total: Math.max(1, counts['total'] ?? total) };
}

/** Edges that a chain of calls goes along, as `from/to`. */
export function criticalEdges(calls: readonly string[], nodes: readonly GroupNode[]): Set<string> {
  const at = new Map(nodes.map((node, n) => [node.call, n]));
  const edges = new Set<string>();
  for (let n = 1; n < calls.length; n++) edges.add(`${at.get(calls[n - 1]!)}/${at.get(calls[n]!)}`);
  return edges;
}
