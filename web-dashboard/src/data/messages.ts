// What the feed says in text, and what the manifest of a run holds (docs/dashboard-data.md).

import type { Counts, Run, RunFunction } from '../api/types';
import type { Lane, RunName } from './store';

export interface Manifest {
  readonly run: string;
  readonly total: number;
  readonly block: number;
  readonly sealed: number;
  readonly base_us: number;
  readonly functions: readonly string[];
  readonly lanes: readonly Lane[];
}

export interface Names {
  readonly type: 'names';
  readonly epoch?: string;
  readonly functions: readonly string[];
  readonly lanes: readonly Lane[];
  /** New ones, in the feed of all runs. */
  readonly runs?: Readonly<Record<string, RunName>>;
}

/** A task that has not ended: in a slot, parked, or held ready by a worker. */
export interface Open {
  /** Index in `runs`, or the id of its run. */
  readonly run: number | string;
  readonly task: number;
  readonly function: number;
  /** Null while no span of its slot has ended; then `worker` and `slot` tell where it runs. */
  readonly lane?: number | null;
  readonly worker?: number | null;
  readonly slot?: number | null;
  readonly attempt: number;
  readonly start_us?: number | null;
  readonly state: 'running' | 'parked' | 'assigned';
}

export interface Tick {
  readonly type: 'tick';
  readonly now_us: number;
  readonly total: number;
  readonly running: readonly Open[];
  readonly running_total: number;
  readonly counts: Counts;
  readonly functions: readonly RunFunction[];
  readonly run?: Run;
  readonly runs?: readonly Run[];
  readonly server: { readonly slots: number; readonly busy: number; readonly tasks_per_s: number; readonly queued: number };
}

/** The message in `text`, or null when it is none that this page knows. */
export function parseMessage(text: string): Names | Tick | null {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof message !== 'object' || message === null) return null;
  const { type } = message as { type?: unknown };
  return type === 'names' || type === 'tick' ? (message as Names | Tick) : null;
}
