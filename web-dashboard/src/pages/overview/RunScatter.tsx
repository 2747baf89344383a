// Runs as points: when they began, and how long they were (logarithmic). Shape and colour tell how they ended.

import type { Run } from '../../api/types';
import { navigate, runPath } from '../../app/router';
import { between, bothTimes, count, dateTime, duration, micros } from '../../ui/format';
import { line } from '../../ui/text';

const [WIDTH, HEIGHT, LEFT, BOTTOM] = [640, 190, 62, 22];

export function RunScatter({ runs, total }: { runs: Run[]; total: number }) {
  const nowUs = Date.now() * 1000;
  const points = runs.flatMap((run) => {
    const at = micros(run.created_at);
    if (at === null) return [];
    const took = Math.max(run.finished_at ? (between(run.created_at, run.finished_at) ?? 1) : nowUs - at, 100);
    return [{ run, at, took }];
  });
  if (points.length === 0) return <p class="quiet">No runs.</p>;
  const times = points.map((point) => point.at);
  const logs = points.map((point) => Math.log10(point.took));
  const [t0, t1] = [Math.min(...times), Math.max(...times)];
  const [low, high] = [Math.floor(Math.min(...logs)), Math.ceil(Math.max(...logs) + 0.001)];
  const x = (at: number) => LEFT + 10 + (t1 > t0 ? (at - t0) / (t1 - t0) : 0.5) * (WIDTH - LEFT - 24);
  const y = (log: number) => HEIGHT - BOTTOM - 8 - ((log - low) / Math.max(high - low, 1)) * (HEIGHT - BOTTOM - 20);
  const grid = Array.from({ length: high - low + 1 }, (_, index) => low + index);
  const failed = points.filter((point) => point.run.state === 'failed').length;
  return (
    <figure class="scatter">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="group" aria-label={`${count(points.length)} runs, ${count(failed)} failed`}>
        {grid.map((log) => (
          <g key={log} class="grid">
            <line x1={LEFT} x2={WIDTH} y1={y(log)} y2={y(log)} />
            <text x={LEFT - 8} y={y(log) + 4} text-anchor="end">{duration(10 ** log)}</text>
          </g>
        ))}
        <g class="grid">
          <text x={LEFT} y={HEIGHT - 4}>{dateTime(t0 / 1000)}</text>
          {t1 > t0 && <text x={WIDTH - 4} y={HEIGHT - 4} text-anchor="end">{dateTime(t1 / 1000)}</text>}
        </g>
        {points.map(({ run, at, took }) => (
          <a key={run.id} href={runPath(run.id)} aria-label={`${run.name ?? run.id}: ${run.state}, ${duration(took)}`} onClick={(event) => { event.preventDefault(); navigate(runPath(run.id)); }}>
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
