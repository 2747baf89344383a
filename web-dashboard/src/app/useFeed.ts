// A live feed for as long as a component is there, lent to the frame for its banner; and to the beat, whether it would disturb the tasks.

import { effect } from '../state/signals';
import { crowded } from '../state/beat';
import { useEffect, useState } from '../state/hooks';
import { RunFeed } from '../data/feed';
import { liveFeed } from './live';

const isHere = /^(localhost|127\.|\[::1)/.test(location.hostname);

/** Of one run, or of all with null. Null in the first moment, and with `run` undefined. `spans`: whether they are kept. */
export function useFeed(run: string | null | undefined, spans = true): RunFeed | null {
  const [held, setHeld] = useState<RunFeed | null>(null);
  useEffect(() => {
    if (run === undefined) return;
    const feed = new RunFeed(run, spans);
    setHeld(feed);
    liveFeed.value = feed;
    feed.start();
    const stop = effect(() => {
      const server = feed.tick.value?.server;
      crowded.value = isHere && server !== undefined && (server.queued > 0 || server.busy >= server.slots);
    });
    return () => {
      stop();
      crowded.value = false;
      feed.stop();
      if (liveFeed.value === feed) liveFeed.value = null;
    };
  }, [run]);
  return held !== null && held.run === run ? held : null;
}
