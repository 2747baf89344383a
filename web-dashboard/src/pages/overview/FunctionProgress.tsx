// A bar for each function: how many of its tasks are in which state, and how long it takes.

import type { RunFunction } from '../../api/types';
import { count, duration } from '../../ui/format';
import { HueMark, type Hues } from '../../ui/Hue';
import { Progress } from '../../ui/Progress';
import { line } from '../../ui/text';

export function FunctionProgress({ functions, hues, most = 50, onPick, picked = null }: {
  functions: readonly RunFunction[]; hues: Hues; most?: number; onPick?: (call: string) => void; picked?: string | null;
}) {
  const left = (one: RunFunction) => (one.counts.total ?? 0) - (one.counts.succeeded ?? 0);
  const shown = functions.length > most ? [...functions].sort((a, b) => left(b) - left(a)).slice(0, most) : functions;
  return (
    <div class="function-list">
      {shown.map((one) => (
        <div key={one.call} class={`function-row ${picked === one.call ? 'picked' : ''}`}>
          <HueMark hue={hues.get(one.call)} />
          {onPick
            ? <button type="button" class="link name" aria-pressed={picked === one.call} onClick={() => onPick(one.call)} title={line(one.call, 300)}>{line(one.call, 80)}</button>
            : <span class="name" title={line(one.call, 300)}>{line(one.call, 80)}</span>}
          <Progress counts={one.counts} label={one.call} />
          <span class="number">{count(one.counts.succeeded ?? 0)} / {count(one.counts.total ?? 0)}</span>
          <span class="times">{one.run_us ? <>{duration(one.run_us.p50)} <small>p50</small> {duration(one.run_us.p95)} <small>p95</small></> : ''}</span>
        </div>
      ))}
      {functions.length > shown.length && <p class="quiet">{count(functions.length - shown.length)} more functions, with less to do, are not shown.</p>}
    </div>
  );
}
