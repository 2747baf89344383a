// Hints above the timeline, each with its numbers and what to do; one that was dismissed stays away while the page lives.

import { useEffect, useSignal } from '../state/hooks';
import type { RunFeed } from '../data/feed';
import { hintsOf, type Hint } from '../data/hints';
import { Icon } from '../ui/Icon';
import type { Control } from './control';

const EVERY_MS = 5000;
/** Shown before somebody asks for more. */
const FIRST = 2;

export function HintList({ feed, control }: { feed: RunFeed; control: Control }) {
  const hints = useSignal<readonly Hint[]>([]);
  const all = useSignal(false);
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
  const some = all.value ? shown : shown.slice(0, FIRST);
  return (
    <ul class="tl-hints" aria-label="Hints">
      {some.map((hint) => (
        <li key={hint.id}>
          <span><b>{hint.title}</b> {hint.text}</span>
          {hint.span !== undefined && <button type="button" class="button small" onClick={() => control.select(hint.span!, true)}>Show it</button>}
          <button type="button" class="icon-button" aria-label={`Dismiss: ${hint.title}`} onClick={() => (dismissed.value = [...dismissed.value, hint.id])}><Icon name="close" /></button>
        </li>
      ))}
      {shown.length > FIRST && (
        <li><button type="button" class="link small" aria-expanded={all.value} onClick={() => (all.value = !all.value)}>{all.value ? 'Fewer hints' : `${shown.length - FIRST} more hints`}</button></li>
      )}
    </ul>
  );
}
