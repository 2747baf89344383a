// Profiles as trees: laid out by depth, the heaviest to the left, and summed by name. Nothing is drawn here.

/** As the host sends it. */
export interface ProfileNode {
  readonly name: string;
  readonly self: number;
  readonly total: number;
  readonly children: readonly ProfileNode[];
}

export interface Profile {
  readonly functions: readonly { readonly call: string; readonly samples: number; readonly root: ProfileNode }[];
}

/** A frame with its place: samples from the left, rows from the top. */
export interface Frame {
  readonly name: string;
  readonly self: number;
  readonly total: number;
  readonly x: number;
  readonly depth: number;
  /** Position of the caller, or -1. */
  readonly parent: number;
}

const FRAMES_MOST = 50_000;

/** Frames of a tree, callers before callees; `cut` when there were more than are kept. */
export function layOut(root: ProfileNode): { frames: Frame[]; depth: number; cut: boolean } {
  const frames: Frame[] = [];
  let depth = 0;
  let cut = false;
  // A list instead of recursion: trees may be as deep as the guest's stack.
  const open: { node: ProfileNode; x: number; depth: number; parent: number }[] = [{ node: root, x: 0, depth: 0, parent: -1 }];
  for (let one = open.pop(); one; one = open.pop()) {
    if (frames.length >= FRAMES_MOST) {
      cut = true;
      break;
    }
    const { node } = one;
    const at = frames.length;
    frames.push({ name: node.name, self: node.self, total: node.total, x: one.x, depth: one.depth, parent: one.parent });
    depth = Math.max(depth, one.depth + 1);
    let { x } = one;
    for (const child of [...node.children].sort((a, b) => b.total - a.total || (a.name < b.name ? -1 : 1))) {
      open.push({ node: child, x, depth: one.depth + 1, parent: at });
      x += child.total;
    }
  }
  return { frames, depth, cut };
}

export interface Named {
  readonly name: string;
  readonly self: number;
  readonly total: number;
}

/** Samples by name; one that calls itself counts once for each sample. */
export function byName(frames: readonly Frame[]): Named[] {
  const sums = new Map<string, { self: number; total: number }>();
  for (const frame of frames) {
    let sum = sums.get(frame.name);
    if (!sum) sums.set(frame.name, (sum = { self: 0, total: 0 }));
    sum.self += frame.self;
    let inside = false;
    for (let at = frame.parent; at >= 0 && !inside; at = frames[at]!.parent) inside = frames[at]!.name === frame.name;
    if (!inside) sum.total += frame.total;
  }
  return [...sums].map(([name, sum]) => ({ name, ...sum })).sort((a, b) => b.self - a.self || b.total - a.total);
}

export type Way = 'Up' | 'Down' | 'Left' | 'Right';

/** The frame that keys go to from `at`: caller, heaviest callee, or a neighbour under the same caller. */
export function walk(frames: readonly Frame[], at: number, way: Way): number {
  const here = frames[at];
  if (!here) return 0;
  if (way === 'Up') return Math.max(0, here.parent);
  const family = way === 'Down' ? at : here.parent;
  const members = frames.flatMap((frame, n) => (frame.parent === family ? [n] : [])).sort((a, b) => frames[a]!.x - frames[b]!.x);
  if (way === 'Down') return members[0] ?? at;
  return members[members.indexOf(at) + (way === 'Right' ? 1 : -1)] ?? at;
}
