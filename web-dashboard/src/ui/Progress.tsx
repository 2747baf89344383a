// A bar of tasks by state. Succeeded is calm, failed is red with a hatch, running is lighter, the rest is empty.

import type { Counts } from '../api/types';
import { count } from './format';
import { line } from './text';

const PARTS = ['succeeded', 'failed', 'aborted', 'cancelled', 'running'] as const;

export function Progress({ counts, label }: { counts: Counts; label?: string }) {
  const total = counts.total ?? 0;
  const parts = PARTS.map((state) => ({ state, part: counts[state] ?? 0 })).filter(({ part }) => part > 0);
  const done = total - (counts.waiting ?? 0) - (counts.queued ?? 0) - (counts['no-worker'] ?? 0) - (counts.running ?? 0);
  const words = parts.map(({ state, part }) => `${count(part)} ${state}`).join(', ');
  return (
    <div
      class="progress" role="progressbar" aria-valuemin={0} aria-valuemax={total} aria-valuenow={done}
      aria-label={line(label ?? 'progress')} aria-valuetext={`${count(done)} of ${count(total)} finished; ${words || 'none yet'}`}
      title={`${count(done)} of ${count(total)} finished${words ? `: ${words}` : ''}`}
    >
      {parts.map(({ state, part }) => (
        // A failure is seen however few they are.
        <i key={state} class={state} style={{ width: `max(${((100 * part) / Math.max(total, 1)).toFixed(3)}%, ${state === 'failed' ? '3px' : '0px'})` }} />
      ))}
    </div>
  );
}
