// How long what moves by itself rests between two drawings. Pure: it is told how things are, and knows no clock and no page.

/** All times in milliseconds. */
export interface Circumstances {
  readonly hidden: boolean;
  readonly focused: boolean;
  /** The tasks run on this machine and want all of it. */
  readonly crowded: boolean;
  /** Less movement was asked for. */
  readonly calm: boolean;
  /** Since somebody moved, pressed or typed here. */
  readonly idle: number;
  /** What a drawing took lately, and how long after it was due it came. */
  readonly cost: number;
  readonly late: number;
}

export const PLAIN_MS = 250;
/** What is drawn so rarely needs no more than one message each second. */
export const RARE_MS = 900;
const FRAME_MS = 16;
const AWAY_MS = 500;
const ACTING_MS = 700;
const WATCHED_MS = 5000;
const LATE_MS = 60;
/** Drawing takes at most this part of the time. */
const SHARE = 1 / 12;

/** Infinity: until the page is seen again. */
export function pauseAfter({ hidden, focused, crowded, calm, idle, cost, late }: Circumstances): number {
  if (hidden) return Infinity;
  if (calm) return RARE_MS;
  const least = Math.min(cost / SHARE, RARE_MS);
  if (idle < ACTING_MS) return Math.max(FRAME_MS, Math.min(least, PLAIN_MS));
  if ((crowded || late > LATE_MS) && idle > WATCHED_MS) return RARE_MS;
  return Math.max(least, focused ? PLAIN_MS : AWAY_MS);
}

/** What is sent once a second is drawn when it comes, unless that is dear. */
export const newsAfter = (pause: number, cost: number): number => Math.min(pause, Math.max(PLAIN_MS, cost / SHARE));

/** A mean in which the latest values count most. */
export const smoothed = (before: number, value: number): number => before + 0.5 * (value - before);
