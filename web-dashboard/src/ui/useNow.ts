// The time, again and again, for durations that tick; it rests in hidden tabs and when nothing ticks, and moves with whatever else moves.

import { withNext } from '../state/beat';
import { useEffect, useState } from '../state/hooks';

/** Milliseconds since 1970; `every` null: it stands. */
export function useNow(every: number | null): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => (every === null ? undefined : withNext(() => setNow(Date.now()), every)), [every, now]);
  return now;
}
