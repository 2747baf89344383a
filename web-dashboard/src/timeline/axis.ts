// Ticks of a time axis: round steps, and words that are as fine as the step.

const STEPS = [1, 2, 5];
const SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 43_200, 86_400];

/** A round number of microseconds, at least `least`. */
export function stepFor(least: number): number {
  if (least > 1_000_000) {
    const seconds = SECONDS.find((step) => step * 1_000_000 >= least);
    return (seconds ?? 86_400 * Math.ceil(least / 86_400_000_000)) * 1_000_000;
  }
  let power = 1;
  while (power * 5 < least) power *= 10;
  return power * (STEPS.find((step) => step * power >= least) ?? 10);
}

const THIN = '\u202f';

/** `time` after the beginning, as fine as `step` asks. */
export function tickWord(time: number, step: number): string {
  if (time === 0) return '0';
  const sign = time < 0 ? '−' : '';
  const us = Math.abs(time);
  if (step >= 1_000_000 || us >= 60_000_000) {
    const total = us / 1_000_000;
    const digits = step >= 1_000_000 ? 0 : step >= 1000 ? Math.min(3, Math.ceil(-Math.log10(step / 1_000_000))) : 6;
    const h = Math.floor(total / 3600);
    const m = Math.floor((total % 3600) / 60);
    const s = (total % 60).toFixed(digits);
    if (total < 60) return `${sign}${s}${THIN}s`;
    const width = digits > 0 ? 3 + digits : 2;
    return h > 0 ? `${sign}${h}:${String(m).padStart(2, '0')}:${s.padStart(width, '0')}` : `${sign}${m}:${s.padStart(width, '0')}`;
  }
  const places = (unit: number): number => Math.max(0, Math.ceil(-Math.log10(step / unit) - 1e-9));
  if (us >= 1_000_000) return `${sign}${(us / 1_000_000).toFixed(Math.min(6, places(1_000_000)))}${THIN}s`;
  if (step >= 1000 || us >= 1000) return `${sign}${(us / 1000).toFixed(Math.min(3, places(1000)))}${THIN}ms`;
  return `${sign}${us.toFixed(0)}${THIN}µs`;
}

export interface AxisTick {
  readonly time: number;
  readonly word: string;
}

/** Ticks between two instants that are no closer than `least` microseconds. */
export function ticks(from: number, to: number, least: number): AxisTick[] {
  const step = stepFor(least);
  const found: AxisTick[] = [];
  for (let n = Math.ceil(from / step); n * step <= to && found.length < 200; n++) found.push({ time: n * step, word: tickWord(n * step, step) });
  return found;
}
