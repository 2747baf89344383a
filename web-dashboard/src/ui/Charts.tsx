// Small figures: a sparkline and a histogram, as SVG with words for those who do not see them.

import { count, duration } from './format';

/** The last values of something, oldest first. */
export function Spark({ values, top, label }: { values: number[]; top?: number; label: string }) {
  const [width, height] = [120, 28];
  const most = Math.max(top ?? 0, ...values, 1e-9);
  const step = width / Math.max(values.length - 1, 1);
  const points = values.map((value, index) => `${(index * step).toFixed(1)},${(height - 1 - (value / most) * (height - 2)).toFixed(1)}`);
  return (
    <svg class="spark" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
      {values.length > 1 && <polygon points={`0,${height} ${points.join(' ')} ${width},${height}`} />}
      {values.length > 1 && <polyline points={points.join(' ')} />}
    </svg>
  );
}

/** Counts by upper bounds that double; a logarithmic axis of time. */
export function Histogram({ bins }: { bins: { to_us: number; count: number }[] }) {
  if (bins.length === 0) return null;
  const [width, height] = [320, 76];
  const most = Math.max(...bins.map((bin) => bin.count), 1);
  const logs = bins.map((bin) => Math.log2(Math.max(bin.to_us, 1)));
  const low = (logs[0] ?? 0) - 1;
  const high = logs[logs.length - 1] ?? 1;
  const x = (log: number) => ((log - low) / Math.max(high - low, 1e-9)) * width;
  const words = bins.filter((bin) => bin.count > 0).map((bin) => `${count(bin.count)} up to ${duration(bin.to_us)}`).join(', ');
  return (
    <figure class="histogram">
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={`Run times: ${words}`}>
        {bins.map((bin, index) => {
          const left = x(index === 0 ? low : (logs[index - 1] ?? low));
          const tall = (bin.count / most) * (height - 4);
          return (
            <rect key={bin.to_us} x={left + 0.5} width={Math.max(x(logs[index] ?? high) - left - 1, 1)} y={height - tall} height={tall}>
              <title>{`${count(bin.count)} up to ${duration(bin.to_us)}`}</title>
            </rect>
          );
        })}
      </svg>
      <figcaption>
        <span>{duration(2 ** low)}</span>
        <span>{duration(2 ** high)}</span>
      </figcaption>
    </figure>
  );
}
