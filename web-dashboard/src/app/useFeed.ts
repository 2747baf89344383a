// A live feed for as long as a component is there, lent to the frame for its banner.

import { useEffect, useState } from 'preact/hooks';
import { type Feed, RunFeed } from './canvases';
import { liveFeed } from './live';

/** Null in the first moment, and with `run` undefined. */
export function useFeed(run: string | null | undefined): Feed | null {
  const [held, setHeld] = useState<{ run: string | null; feed: Feed } | null>(null);
  useEffect(() => {
    if (run === undefined || !RunFeed) return;
    const feed = new RunFeed(run);
    setHeld({ run, feed });
    liveFeed.value = feed;
    feed.start();
    return () => {
      feed.stop();
      if (liveFeed.value === feed) liveFeed.value = null;
    };
  }, [run]);
  return held !== null && held.run === run ? held.feed : null;
}
