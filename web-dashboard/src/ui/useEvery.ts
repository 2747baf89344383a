// Something done again and again while a component is there, but not in a hidden tab.

import { useEffect } from '../state/hooks';

/** `every` null: never. `act` is that of the time when `deps` changed last. */
export function useEvery(every: number | null, act: () => void, deps: readonly unknown[]): void {
  useEffect(() => {
    if (every === null) return;
    const timer = setInterval(() => {
      if (!document.hidden) act();
    }, every);
    return () => clearInterval(timer);
  }, [every, ...deps]);
}
