// Runs as points: when they began, and how long they were (logarithmic). Shape and colour tell how they ended.

import type { Run } from '../../api/types';
import { navigate, runPath } from '../../app/router';
import { between, bothTimes, count, dateTime, duration, micros } from '../../ui/format';
import { line } from '../../ui/text';
import { useWidth } from '../../ui/useWidth';

const [HEIGHT, LEFT, BOTTOM] = [200, 66, 22];

export function RunScatter({ runs, total }: { runs: readonly Run[]; total: number }) {
  const [box, width] = useWidth<HTMLElement>(640);
  const nowUs = Date.now() * 1000;
  const points = runs.flatMap((run) => {
    const at = micros(run.created_at);
    if (at === null) return [];
    const took = Math.max(run.finished_at ? (between(run.created_at, run.finished_at) ?? 1) : nowUs - at, 100);
    return [{ run, at, took }];
  });
  const times = points.map((point) => point.at);
  const logs = points.map((point) => Math.log10(point.took));
  const [t0, t1] = [Math.min(...times, nowUs), Math.max(...times, 0)];
  const [low, high] = [Math.floor(Math.min(...logs, 9)), Math.ceil(Math.max(...logs, 2) + 0.001)];
  const x = (at: number) => LEFT + 10 + (t1 > t0 ? (at - t0) / (t1 - t0) : 0.5) * (width - LEFT - 24);
  const y = (log: number) => HEIGHT - BOTTOM - 8 - ((log - low) / Math.max(high - low, 1)) * (HEIGHT - BOTTOM - 20);
  const grid = Array.from({ length: high - low + 1 }, (_, index) => low + index);
  const failed = points.filter((point) => point.run.state === 'failed').length;
  return (
    <figure class="scatter" ref={box}>
      <svg viewBox={`0 0 ${width} ${HEIGHT}`} height={HEIGHT} role="group" aria-label={`${count(points.length)} runs, ${count(failed)} failed`}>
        {grid.map((log) => (
          <g key={log} class="grid">
            <line x1={LEFT} x2={width} y1={y(log)} y2={y(log)} />
            <text x={LEFT - 8} y={y(log) + 4} text-anchor="end">{duration(10 ** log)}</text>
          </g>
        ))}
        <g class="grid">
          <text x={LEFT} y={HEIGHT - 4}>{dateTime(t0 / 1000)}</text>
          {t1 > t0 && <text x={width - 4} y={HEIGHT - 4} text-anchor="end">{dateTime(t1 / 1000)}</text>}
        </g>
        {points.map(({ run, at, took }) => (
          <a key={run.id} href={runPath(run.id)} onClick={(event) => { event.preventDefault(); navigate(runPath(run.id)); }}>
            <title>{`${line(run.name ?? run.id)}\n${run.state}, ${duration(took)}\n${bothTimes(run.created_at)}`}</title>
            <circle class="target" cx={x(at)} cy={y(Math.log10(took))} r="12" />
            <Point state={run.state} cx={x(at)} cy={y(Math.log10(took))} />
          </a>
        ))}
      </svg>
      {total > points.length && <figcaption class="quiet">The newest {count(points.length)} of {count(total)} runs.</figcaption>}
    </figure>
  );
}

function Point({ state, cx, cy }: { state: string; cx: number; cy: number }) {
  if (state === 'failed') return <path class="point bad" d={`M${cx - 4} ${cy - 4}l8 8M${cx + 4} ${cy - 4}l-8 8`} />;
  if (state === 'running') return <circle class="point busy" cx={cx} cy={cy} r="4.5" />;
  if (state === 'cancelled') return <path class="point idle" d={`M${cx - 5} ${cy}h10`} />;
  return <circle class="point good" cx={cx} cy={cy} r="4" />;
}
