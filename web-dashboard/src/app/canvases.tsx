// Where the drawn views and the live feed come from.

import type { ReadonlySignal } from '@preact/signals';
import type { ComponentType } from 'preact';
import type { Counts, Run, RunFunction } from '../api/types';

/** What the feed says ten times a second; absolute, so that a missed one does not matter. */
export interface Tick {
  now_us: number;
  total: number;
  running: { run: number; task: number; function: number; lane?: number; attempt: number; start_us?: number; state: string }[];
  running_total: number;
  counts: Counts;
  functions: RunFunction[];
  run?: Run;
  runs?: Run[];
  server: { slots: number; busy: number; tasks_per_s: number; queued: number };
}

export interface Feed {
  readonly tick: ReadonlySignal<Tick | null>;
  readonly stale: ReadonlySignal<{ since: number } | null>;
  readonly store: {
    readonly functions: readonly string[];
    readonly lanes: readonly { worker: number; name: string; slot: number }[];
    readonly runs?: ReadonlyMap<number, { id: string; name: string | null }>;
  };
  start(): void;
  stop(): void;
}

const found = import.meta.glob<Record<string, unknown>>(['../data/feed.ts', '../timeline/Timeline.tsx', '../graph/GraphView.tsx', '../flame/FlameView.tsx'], { eager: true });
const part = <T,>(file: string, name: string) => found[file]?.[name] as T | undefined;

export const RunFeed = part<new (run: string | null) => Feed>('../data/feed.ts', 'RunFeed');
export const Timeline = part<ComponentType<{ feed: Feed; scope: 'run' | 'all' }>>('../timeline/Timeline.tsx', 'Timeline');
export const GraphView = part<ComponentType<{ feed: Feed }>>('../graph/GraphView.tsx', 'GraphView');
export const FlameView = part<ComponentType<{ run: string }>>('../flame/FlameView.tsx', 'FlameView');
