// Which live connection the page has, for the frame's banner: a page that starts a feed lends it here while it shows it. And what
// pages draw of it.

import { computed, signal, type ReadonlySignal } from '../state/signals';
import type { RunFeed, Tick } from '../data/feed';

interface Connection {
  readonly stale: ReadonlySignal<{ since: number } | null>;
}

export const liveFeed = signal<Connection | null>(null);

/** Since when (milliseconds since 1970) the feed is silent. */
export const feedStale = computed(() => liveFeed.value?.stale.value?.since ?? null);

const hidden = signal(typeof document !== 'undefined' && document.hidden);
if (typeof document !== 'undefined') document.addEventListener('visibilitychange', () => (hidden.value = document.hidden));

/** What the feed said last; in a hidden tab it stands still, so that nothing is drawn there. */
export function shownTick(feed: RunFeed | null): Tick | null {
  if (feed === null) return null;
  return hidden.value ? feed.tick.peek() : feed.tick.value;
}
