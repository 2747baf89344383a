// A state as a chip: a shape, a word and a colour, so that no one of them is needed alone. The shapes are in
// `icons.svg`.

import { plain } from './text';

/** Classes of the states that are not plain. */
const LOOK: Record<string, string> = {
  queued: 'idle dashed',
  'no-worker': 'warn dashed',
  assigned: 'busy dashed',
  running: 'busy fill',
  succeeded: 'good',
  failed: 'bad',
  retried: 'warn',
};

const lookOf = (state: string): string => LOOK[state] ?? 'idle';

export function StateGlyph({ state }: { state: string }) {
  return <svg class={`glyph ${lookOf(state)}`} width="14" height="14" aria-hidden="true"><use href={`#s-${state}`} /></svg>;
}

export function StateChip({ state, label }: { state: string; label?: string }) {
  return (
    <span class={`chip ${lookOf(state).split(' ')[0]}`}>
      <StateGlyph state={state} />
      {plain(label ?? state)}
    </span>
  );
}
