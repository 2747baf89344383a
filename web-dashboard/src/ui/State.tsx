// A state as a chip: a shape, a word and a colour, so that no one of them is needed alone.

import { plain } from './text';

const LOOK: Record<string, { tone: string; shape: string }> = {
  waiting: { tone: 'idle', shape: 'M3 8h10' },
  queued: { tone: 'idle dashed', shape: 'M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 1 1 0-11z' },
  'no-worker': { tone: 'warn dashed', shape: 'M8 2.5v6M8 11.5v1.5' },
  assigned: { tone: 'busy dashed', shape: 'M5 3l7 5-7 5z' },
  parked: { tone: 'idle', shape: 'M5.5 3v10M10.5 3v10' },
  running: { tone: 'busy fill', shape: 'M5 3l7 5-7 5z' },
  succeeded: { tone: 'good', shape: 'M3 8.5l3.5 3.5L13 4.5' },
  failed: { tone: 'bad', shape: 'M4 4l8 8M12 4l-8 8' },
  retried: { tone: 'warn', shape: 'M12.5 8a4.5 4.5 0 1 1-1.5-3.3M11 2v3H8' },
  cancelled: { tone: 'idle', shape: 'M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 1 1 0-11zM4.2 4.2l7.6 7.6' },
  aborted: { tone: 'idle', shape: 'M3 8h4M9 4.5l4 7M13 4.5l-4 7' },
};

export const toneOf = (state: string) => LOOK[state]?.tone.split(' ')[0] ?? 'idle';

export function StateGlyph({ state }: { state: string }) {
  const look = LOOK[state] ?? { tone: 'idle', shape: 'M3 8h10' };
  return (
    <svg class={`glyph ${look.tone}`} viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      <path d={look.shape} />
    </svg>
  );
}

export function StateChip({ state, label }: { state: string; label?: string }) {
  return (
    <span class={`chip ${toneOf(state)}`}>
      <StateGlyph state={state} />
      {plain(label ?? state)}
    </span>
  );
}
