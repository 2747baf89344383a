// A live feed for as long as a component is there, lent to the frame for its banner.

import { useEffect, useState } from '../state/hooks';
import { RunFeed } from '../data/feed';
import { liveFeed } from './live';

/** Of one run, or of all with null. Null in the first moment, and with `run` undefined. */
export function useFeed(run: string | null | undefined): RunFeed | null {
  const [held, setHeld] = useState<RunFeed | null>(null);
  useEffect(() => {
    if (run === undefined) return;
    const feed = new RunFeed(run);
    setHeld(feed);
    liveFeed.value = feed;
    feed.start();
    return () => {
      feed.stop();
      if (liveFeed.value === feed) liveFeed.value = null;
    };
  }, [run]);
  return held !== null && held.run === run ? held : null;
}
