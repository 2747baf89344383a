// Hints above the timeline, each with its numbers and what to do; one that was dismissed stays away while the page lives.

import { useEffect, useSignal } from '../state/hooks';
import type { RunFeed } from '../data/feed';
import { hintsOf, type Hint } from '../data/hints';
import { Icon } from '../ui/Icon';
import type { Control } from './control';

const EVERY_MS = 5000;
/** At once; others follow when these are dismissed. */
const MOST = 3;

export function HintList({ feed, control }: { feed: RunFeed; control: Control }) {
  const hints = useSignal<readonly Hint[]>([]);
  const dismissed = useSignal<readonly string[]>([]);
  useEffect(() => {
    let version = -1;
    const look = (): void => {
      if (feed.store.version === version || document.visibilityState === 'hidden') return;
      version = feed.store.version;
      hints.value = hintsOf(feed.store, feed.tick.peek());
    };
    look();
    const timer = setInterval(look, EVERY_MS);
    return () => clearInterval(timer);
  }, [feed]);
  const shown = hints.value.filter((hint) => !dismissed.value.includes(hint.id));
  if (shown.length === 0) return null;
  return (
    <ul class="tl-hints" aria-label="Hints">
      {shown.slice(0, MOST).map((hint) => (
        <li key={hint.id}>
          <span><b>{hint.title}</b> {hint.text}</span>
          {hint.span !== undefined && <button type="button" class="button small" onClick={() => control.select(hint.span!, true)}>Show it</button>}
          <button type="button" class="icon-button" aria-label={`Dismiss: ${hint.title}`} onClick={() => (dismissed.value = [...dismissed.value, hint.id])}><Icon name="close" /></button>
        </li>
      ))}
    </ul>
  );
}
