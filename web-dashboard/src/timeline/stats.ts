// Figures for tests, since a canvas has no DOM: `window.__dash` says what is drawn, how long frames took and what the store holds.

const FRAMES = 240;

export class FrameTimes {
  private readonly times = new Float64Array(FRAMES);
  private count = 0;

  add(ms: number): void {
    this.times[this.count++ % FRAMES] = ms;
  }

  reset(): void {
    this.count = 0;
  }

  /** Of the last 240 frames, in milliseconds. */
  get summary(): { frames: number; p50: number; p95: number; max: number } {
    const sorted = this.times.slice(0, Math.min(this.count, FRAMES)).sort();
    const at = (q: number): number => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
    return { frames: this.count, p50: at(0.5), p95: at(0.95), max: at(1) };
  }
}

export type Probe = () => Record<string, unknown>;

declare global {
  interface Window {
    __dash?: Record<string, unknown>;
  }
}

/** Puts `probe` at `window.__dash[name]`; answers how to take it away. */
export function expose(name: string, probe: unknown): () => void {
  const all = (window.__dash ??= {});
  all[name] = probe;
  return () => {
    if (all[name] === probe) delete all[name];
  };
}
