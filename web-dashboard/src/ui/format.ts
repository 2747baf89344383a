// Figures as people read them: durations in SI units, sizes in binary ones, times in the reader's zone.

const NARROW = '\u202f';

/** Three digits that count: `832 µs`, `1.24 s`, `2 min 05 s`, `3 h 12 min`. */
export function duration(us: number | null | undefined): string {
  if (us === null || us === undefined || !Number.isFinite(us)) return '–';
  const amount = Math.max(0, us);
  if (amount < 1e3) return `${Math.round(amount)}${NARROW}µs`;
  if (amount < 999_500) return `${digits(amount / 1e3)}${NARROW}ms`;
  if (amount < 59_950_000) return `${digits(amount / 1e6)}${NARROW}s`;
  const seconds = Math.round(amount / 1e6);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}${NARROW}min ${pad(seconds % 60)}${NARROW}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)}${NARROW}h ${pad(minutes % 60)}${NARROW}min`;
  return `${Math.floor(minutes / 1440)}${NARROW}d ${Math.floor((minutes % 1440) / 60)}${NARROW}h`;
}

/** `64 MiB`. */
export function bytes(count: number | null | undefined): string {
  if (count === null || count === undefined || !Number.isFinite(count)) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let amount = count;
  let unit = 0;
  while (amount >= 1023.5 && unit < units.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(amount) : digits(amount)}${NARROW}${units[unit] ?? 'B'}`;
}

/** `1 234 567`, with thin spaces. */
export function count(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  return String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, NARROW);
}

/** `48.1 k` for figures that change all the time. */
export function rate(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  if (value < 999.5) return digits(value);
  if (value < 999_500) return `${digits(value / 1e3)}${NARROW}k`;
  return `${digits(value / 1e6)}${NARROW}M`;
}

export function percent(part: number, whole: number): string {
  if (whole <= 0) return '–';
  const share = (100 * part) / whole;
  if (share > 0 && share < 1) return `<${NARROW}1${NARROW}%`;
  if (share > 99 && share < 100) return `>${NARROW}99${NARROW}%`;
  return `${Math.round(share)}${NARROW}%`;
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** RFC 3339 to microseconds since 1970; the date keeps milliseconds, the rest comes from the text. */
export function micros(instant: string | null | undefined): number | null {
  if (!instant) return null;
  const ms = Date.parse(instant);
  if (Number.isNaN(ms)) return null;
  const fraction = /\.(\d+)/.exec(instant)?.[1] ?? '';
  const below = Number(fraction.slice(3, 6).padEnd(3, '0') || 0);
  return Math.floor(ms) * 1000 + below;
}

/** Microseconds between two instants. */
export function between(from: string | null | undefined, to: string | null | undefined): number | null {
  const [begin, end] = [micros(from), micros(to)];
  return begin === null || end === null ? null : end - begin;
}

/** `just now`, `12 s ago`, `5 min ago`, or the date. */
export function ago(instant: string | number | null | undefined, now = Date.now()): string {
  const at = typeof instant === 'string' ? Date.parse(instant) : instant;
  if (at === null || at === undefined || Number.isNaN(at)) return '–';
  const seconds = Math.round((now - at) / 1000);
  if (seconds < 2) return 'just now';
  if (seconds < 60) return `${seconds}${NARROW}s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}${NARROW}min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}${NARROW}h ago`;
  return dateTime(at);
}

/** `14:03:22.118`, in the reader's zone. */
export function clock(instant: string | null | undefined): string {
  const at = instant ? new Date(instant) : null;
  if (!at || Number.isNaN(at.getTime())) return '–';
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

export function dateTime(instant: string | number): string {
  const at = new Date(instant);
  if (Number.isNaN(at.getTime())) return '–';
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
}

/** What is shown when the pointer rests on a time: here and in UTC. */
export function bothTimes(instant: string): string {
  return `${dateTime(instant)} local, ${instant} UTC`;
}

function digits(amount: number): string {
  if (amount >= 99.95) return String(Math.round(amount));
  if (amount >= 9.995) return trim(amount.toFixed(1));
  return trim(amount.toFixed(2));
}

function trim(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
