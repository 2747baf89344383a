// The hints of a run, when there are any.

import type { RunDetail } from '../../api/types';
import type { Tick } from '../../data/feed';
import { plain } from '../../ui/text';
import { hintsOf } from './hints';

export function Hints({ run, tick }: { run: RunDetail; tick: Tick | null }) {
  const hints = hintsOf(run, tick?.server ?? null);
  if (hints.length === 0) return null;
  return (
    <aside class="hints" aria-label="Hints">
      {hints.map((hint) => <p key={hint}>{plain(hint)}</p>)}
    </aside>
  );
}
