// What happened in the selected range of time, by function. Quantiles are exact, of the time inside the guest.

import type { Window } from '../data/queries';
import { count, duration, percent } from '../ui/format';
import { line } from '../ui/text';
import type { Control } from './control';

const ROWS = 8;

export function RangePanel({ control, sums, range }: { control: Control; sums: Window; range: readonly [number, number] }) {
  const { scene } = control;
  const width = range[1] - range[0];
  const capacity = width * Math.max(1, scene.store.lanes.length);
  return (
    <section class="tl-range" aria-label="Selected range">
      <header>
        <b>{duration(width)}</b>
        <span>{count(sums.count)} attempts</span>
        <span>{percent(sums.busyUs, capacity)} busy</span>
        {sums.failed > sums.retried && <span class="bad">{count(sums.failed - sums.retried)} failed</span>}
        {sums.retried > 0 && <span class="tl-state warn">{count(sums.retried)} tried again</span>}
        <span class="tl-space" />
        <button type="button" class="button small" onClick={() => control.show(range[0], range[1])}>Zoom to it</button>
        <button type="button" class="button small" onClick={() => control.setRange(null)}>Clear</button>
      </header>
      <table>
        <thead><tr><th scope="col">Function</th><th scope="col" class="end">Attempts</th><th scope="col" class="end">Failed</th><th scope="col" class="end">Share of slots</th><th scope="col" class="end">p50</th><th scope="col" class="end">p95</th><th scope="col" class="end">Longest</th></tr></thead>
        <tbody>
          {sums.functions.slice(0, ROWS).map((f) => (
            <tr key={f.function}>
              <th scope="row"><i class={`tl-dot hue-${scene.hues[f.function]?.hue ?? 0}`} />{line(scene.store.functions[f.function] ?? '?', 60)}</th>
              <td class="end">{count(f.count)}</td><td class={`end ${f.failed ? 'bad' : ''}`}>{count(f.failed)}</td><td class="end">{percent(f.busyUs, capacity)}</td>
              <td class="end">{duration(f.p50)}</td><td class="end">{duration(f.p95)}</td><td class="end">{duration(f.max)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {sums.functions.length > ROWS && <p class="tl-quiet">{sums.functions.length - ROWS} more functions took less time.</p>}
    </section>
  );
}
