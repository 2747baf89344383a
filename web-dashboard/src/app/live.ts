// Which live connection the page has, for the frame's banner. A page that starts a feed lends it here while it shows it.

import { computed, signal, type ReadonlySignal } from '@preact/signals';

interface Connection {
  readonly stale: ReadonlySignal<{ since: number } | null>;
}

export const liveFeed = signal<Connection | null>(null);

/** Since when (milliseconds since 1970) the feed is silent. */
export const feedStale = computed(() => liveFeed.value?.stale.value?.since ?? null);
