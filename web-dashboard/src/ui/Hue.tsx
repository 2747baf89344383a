// The mark of a function: its colour on all canvases, beside its name.

import type { RunFeed } from '../data/feed';
import { assignHues, type Hue } from '../timeline/colours';

export type Hues = ReadonlyMap<string, Hue>;

/** The hues of all functions that the feed knows, as the canvases assign them. */
export function huesOf(feed: RunFeed | null): Hues {
  if (feed === null || feed.names.value === 0) return new Map();
  const names = feed.store.functions;
  const hues = assignHues(names);
  return new Map(names.flatMap((name, index) => (hues[index] ? [[name, hues[index]] as const] : [])));
}

export function HueMark({ hue }: { hue: Hue | undefined }) {
  if (!hue) return <i class="hue none" aria-hidden="true" />;
  return <i class={`hue ${hue.striped ? 'striped' : ''}`} style={{ backgroundColor: `var(--c${hue.hue})` }} aria-hidden="true" />;
}
