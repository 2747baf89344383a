// Every task of a run as a point, and what they need as bundles (docs/dashboard-data.md): the decoder, and walks along the bundles.
// Nothing is copied; nothing is drawn.

/** What was sent is no graph, or one of another version. */
export class PointsError extends Error {
  constructor() {
    super('this page cannot read the graph that the server sent');
  }
}

/** States of tasks, in the order of the wire. */
export const TASK_STATE_NAMES = ['waiting', 'queued', 'no worker', 'running', 'succeeded', 'failed', 'cancelled', 'aborted'] as const;
export const Task = { waiting: 0, queued: 1, noWorker: 2, running: 3, succeeded: 4, failed: 5, cancelled: 6, aborted: 7 } as const;

export interface Points {
  readonly count: number;
  readonly width: number;
  readonly height: number;
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly fn: Uint16Array;
  /** Changed while the run goes on. */
  readonly state: Uint8Array;
  readonly bundles: Bundles;
}

/** Each task of a stretch to each of another, or one to one. */
export interface Bundles {
  readonly count: number;
  readonly from: Uint32Array;
  readonly fromCount: Uint32Array;
  readonly to: Uint32Array;
  readonly toCount: Uint32Array;
  readonly oneToOne: Uint8Array;
}

const HEAD_BYTES = 32;
const padded = (bytes: number): number => (bytes + 7) & ~7;

export function decodePoints(buffer: ArrayBuffer): Points {
  if (buffer.byteLength < HEAD_BYTES) throw new PointsError();
  const head = new DataView(buffer);
  // "WGRF", read as a big-endian number.
  if (head.getUint32(0) !== 0x57475246) throw new PointsError();
  if (head.getUint16(4, true) !== 1) throw new PointsError();
  const count = head.getUint32(8, true);
  const edges = head.getUint32(12, true);
  const size = HEAD_BYTES + 2 * padded(4 * count) + padded(2 * count) + padded(count) + 4 * padded(4 * edges) + padded(edges);
  if (size !== buffer.byteLength) throw new PointsError();
  let at = HEAD_BYTES;
  const take = (bytes: number, rows: number): number => {
    const here = at;
    at += padded(bytes * rows);
    return here;
  };
  return {
    count,
    width: head.getFloat32(16, true),
    height: head.getFloat32(20, true),
    x: new Float32Array(buffer, take(4, count), count),
    y: new Float32Array(buffer, take(4, count), count),
    fn: new Uint16Array(buffer, take(2, count), count),
    state: new Uint8Array(buffer, take(1, count), count),
    bundles: {
      count: edges,
      from: new Uint32Array(buffer, take(4, edges), edges),
      fromCount: new Uint32Array(buffer, take(4, edges), edges),
      to: new Uint32Array(buffer, take(4, edges), edges),
      toCount: new Uint32Array(buffer, take(4, edges), edges),
      oneToOne: new Uint8Array(buffer, take(1, edges), edges),
    },
  };
}

/** Tasks that `task` needs (`way` -1) or that need it (1), at most `most`. */
export function neighboursOf(bundles: Bundles, task: number, way: 1 | -1, most: number): number[] {
  const [mine, mineCount, other, otherCount] = way < 0 ? [bundles.to, bundles.toCount, bundles.from, bundles.fromCount] : [bundles.from, bundles.fromCount, bundles.to, bundles.toCount];
  const found: number[] = [];
  for (let b = 0; b < bundles.count && found.length < most; b++) {
    const offset = task - mine[b]!;
    if (offset < 0 || offset >= mineCount[b]!) continue;
    if (bundles.oneToOne[b] && bundles.fromCount[b] === bundles.toCount[b]) found.push(other[b]! + offset);
    else for (let n = 0; n < otherCount[b]! && found.length < most; n++) found.push(other[b]! + n);
  }
  return found;
}

/** A task with what it hangs on and what hangs on it, by layers around it. */
export interface Neighbourhood {
  readonly tasks: readonly number[];
  /** 0 for the task itself, negative for what it needs. */
  readonly layers: readonly number[];
  /** Positions in `tasks`. */
  readonly edges: readonly (readonly [number, number])[];
  /** There is more than is shown. */
  readonly cut: boolean;
}

/** Ancestors and descendants, the nearest first, at most `most` tasks. */
export function neighbourhood(bundles: Bundles, task: number, most: number): Neighbourhood {
  const layer = new Map([[task, 0]]);
  let cut = false;
  const fronts: [way: 1 | -1, tasks: number[]][] = [[-1, [task]], [1, [task]]];
  while (fronts.some(([, tasks]) => tasks.length > 0)) {
    for (const front of fronts) {
      const [way, tasks] = front;
      const next: number[] = [];
      for (const one of tasks) {
        for (const other of neighboursOf(bundles, one, way, most + 1)) {
          if (layer.has(other)) continue;
          if (layer.size >= most) {
            cut = true;
            continue;
          }
          layer.set(other, layer.get(one)! + way);
          next.push(other);
        }
      }
      front[1] = next;
    }
  }
  const tasks = [...layer.keys()];
  const place = new Map(tasks.map((one, n) => [one, n]));
  const edges: [number, number][] = [];
  for (const one of tasks) {
    for (const other of neighboursOf(bundles, one, 1, 4 * most)) {
      const to = place.get(other);
      if (to !== undefined && edges.length < 8 * most) edges.push([place.get(one)!, to]);
    }
  }
  return { tasks, layers: tasks.map((one) => layer.get(one)!), edges, cut };
}
