// The last minutes of each worker's figures, kept while the page is open: the server keeps none.

import type { Worker } from '../../api/types';

export interface Sample {
  at: number;
  cpu: number | null;
  memory: number | null;
  busy: number;
  finished: number;
}

const KEPT = 180;
const kept = new Map<number, Sample[]>();

export function remember(workers: Worker[], at: number): void {
  const there = new Set(workers.map((worker) => worker.id));
  for (const id of kept.keys()) if (!there.has(id)) kept.delete(id);
  for (const worker of workers) {
    const samples = kept.get(worker.id) ?? [];
    const last = samples.at(-1);
    if (last && at - last.at < 500) continue;
    samples.push({ at, cpu: worker.cpu ?? null, memory: worker.memory ?? null, busy: worker.running, finished: worker.finished });
    if (samples.length > KEPT) samples.shift();
    kept.set(worker.id, samples);
  }
}

export function historyOf(id: number): Sample[] {
  return kept.get(id) ?? [];
}

/** Attempts per second between samples. */
export function rates(samples: Sample[]): number[] {
  return samples.slice(1).map((sample, index) => {
    const before = samples[index] ?? sample;
    return Math.max(0, sample.finished - before.finished) / Math.max((sample.at - before.at) / 1000, 0.001);
  });
}
