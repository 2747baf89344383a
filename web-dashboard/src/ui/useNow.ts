// The time, again and again, for durations that tick; it rests in hidden tabs and when nothing ticks.

import { useEffect, useState } from '../state/hooks';

/** Milliseconds since 1970; `every` null: it stands. */
export function useNow(every: number | null): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (every === null) return;
    const timer = setInterval(() => {
      if (!document.hidden) setNow(Date.now());
    }, every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
