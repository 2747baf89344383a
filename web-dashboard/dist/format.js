// Figures as words. Pure: no page, no network.

export const STATES = ['waiting', 'queued', 'no-worker', 'running', 'succeeded', 'failed', 'cancelled', 'aborted'];

/** Microseconds as people read them. */
export function duration(us) {
  if (us === null || us === undefined) return '';
  if (us < 1000) return `${us} µs`;
  if (us < 1e6) return `${(us / 1e3).toFixed(us < 1e4 ? 2 : 1)} ms`;
  if (us < 6e7) return `${(us / 1e6).toFixed(2)} s`;
  return `${Math.floor(us / 6e7)} min ${Math.round((us % 6e7) / 1e6)} s`;
}

export function bytes(n) {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let unit = 0;
  while (n >= 1024 && unit < units.length - 1) { n /= 1024; unit += 1; }
  return `${unit ? n.toFixed(1) : n} ${units[unit]}`;
}

export const count = (n) => (n ?? 0).toLocaleString('en');

/** The time of day of an RFC 3339 time, and the date when it is not today. */
export function time(text) {
  if (!text) return '';
  const at = new Date(text);
  const day = at.toDateString() === new Date().toDateString() ? '' : `${at.toLocaleDateString()} `;
  return day + at.toLocaleTimeString();
}

/** Microseconds since the epoch; the last three digits, which Date drops, are kept. */
export function micros(text) {
  const digits = /\.(\d+)/.exec(text)?.[1] ?? '';
  return Date.parse(text) * 1000 + Number((digits + '000000').slice(3, 6));
}
