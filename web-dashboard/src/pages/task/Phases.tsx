// The bar of a task's phases with its legend. Overhead is grey and hatched, the function's own time has the colour of work.

import { duration, percent } from '../../ui/format';
import type { Phase } from './phases';

export function Phases({ phases }: { phases: Phase[] }) {
  if (phases.length === 0) return null;
  const total = phases.reduce((sum, phase) => sum + phase.us, 0);
  return (
    <figure class="phases">
      <div class="phase-bar" role="img" aria-label={phases.map((phase) => `${phase.name} ${duration(phase.us)}`).join(', ')}>
        {phases.map((phase) => (
          <i key={phase.name} class={`phase ${phase.name}`} style={{ flexGrow: String(Math.max(phase.us / total, 0.004)) }} title={`${phase.name}: ${duration(phase.us)}`} />
        ))}
      </div>
      <figcaption>
        {phases.map((phase) => (
          <span key={phase.name} title={`${phase.says}: ${percent(phase.us, total)} of ${duration(total)}`}>
            <i class={`phase ${phase.name}`} aria-hidden="true" /><span>{phase.name}</span> <b>{duration(phase.us)}</b>
          </span>
        ))}
      </figcaption>
    </figure>
  );
}
