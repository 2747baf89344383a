// Where the guests of a run spent their time, function by function: a flame graph, the heaviest to the left, and the same as a table.

import { useEffect, useMemo, useRef, useSignal } from '../state/hooks';
import { get, isAbort, path, wordsOf } from '../api/client';
import { assignHues } from '../timeline/colours';
import { count, percent } from '../ui/format';
import { DataTable } from '../ui/Table';
import { line } from '../ui/text';
import { byName, layOut, walk, type Frame, type Profile, type Way } from './tree';
import '../timeline/timeline.css';
import './flame.css';

const ROW_PX = 20;

export function FlameView({ run }: { run: string }) {
  const profile = useSignal<Profile | null>(null);
  const problem = useSignal<string | null>(null);
  const chosen = useSignal(0);
  const table = useSignal(false);
  useEffect(() => {
    const stop = new AbortController();
    get<Profile>(`${path('/runs', run)}/profile`, undefined, stop.signal).then(
      (answer) => (profile.value = answer),
      (error: unknown) => { if (!isAbort(error)) problem.value = wordsOf(error); },
    );
    return () => stop.abort();
  }, [run]);
  const one = profile.value?.functions[chosen.value];
  const laid = useMemo(() => (one ? layOut(one.root) : null), [one]);
  if (problem.value) return <p class="graph-wait">{problem.value}</p>;
  if (!profile.value) return <p class="graph-wait">Asking for the profile…</p>;
  if (!one || !laid) return <p class="graph-wait">No samples were taken. Submit the run with “profile”: true to have them.</p>;
  return (
    <figure class="tl flame" aria-labelledby="flame-words">
      <div class="tl-bar" role="toolbar" aria-label="Profile">
        <label class="choice">Function
          <select value={chosen.value} onChange={(event) => (chosen.value = Number(event.currentTarget.value))}>
            {profile.value.functions.map((f, n) => <option key={f.call} value={n}>{`${line(f.call, 60)} (${count(f.samples)})`}</option>)}
          </select>
        </label>
        <span class="tl-space" />
        <button type="button" class="button small" aria-pressed={table.value} onClick={() => (table.value = !table.value)}>Table</button>
      </div>
      <Flame key={one.call} frames={laid.frames} depth={laid.depth} />
      {laid.cut && <p class="tl-notes">The tree has more frames than are drawn.</p>}
      <figcaption id="flame-words" class="tl-words">{`${line(one.call, 80)}: ${count(one.samples)} samples, ${count(laid.frames.length)} frames. A click or Enter zooms, Escape goes back; arrow keys walk.`}</figcaption>
      {table.value && (
        <DataTable
          label="Samples by name" rows={byName(laid.frames)} rowKey={(row) => row.name}
          columns={[
            { id: 'name', head: 'Name', cell: (row) => line(row.name, 120), sort: (row) => row.name, grow: true },
            { id: 'self', head: 'Self', cell: (row) => `${count(row.self)} (${percent(row.self, one.root.total)})`, sort: (row) => row.self, end: true },
            { id: 'total', head: 'Total', cell: (row) => `${count(row.total)} (${percent(row.total, one.root.total)})`, sort: (row) => row.total, end: true },
          ]}
        />
      )}
    </figure>
  );
}

function Flame({ frames, depth }: { frames: readonly Frame[]; depth: number }) {
  const plot = useRef<HTMLDivElement>(null);
  const zoomed = useSignal(0);
  const at = useSignal(0);
  const root = frames[zoomed.value]!;
  const here = frames[at.value]!;
  const share = (samples: number): string => `${(100 * samples) / root.total}%`;
  const placeOf = (frame: Frame) => {
    const from = Math.max(frame.x, root.x);
    const to = Math.min(frame.x + frame.total, root.x + root.total);
    return { left: share(from - root.x), width: share(to - from), top: `${frame.depth * ROW_PX}px` };
  };
  const boxes = useMemo(() => {
    const least = root.total / Math.max(300, plot.current?.clientWidth ?? 1200);
    return frames.flatMap((frame, n) => {
      const isBeside = frame.x >= root.x + root.total || frame.x + frame.total <= root.x;
      if (isBeside || frame.total < least) return [];
      // One hue for all of a module's frames: what stands before the last part of the name.
      const hue = assignHues([frame.name.slice(0, Math.max(0, frame.name.lastIndexOf('::'))) || frame.name])[0]!.hue;
      return [<i key={n} data-n={n} class={`hue-${hue} ${frame.depth < root.depth ? 'faint' : ''}`} style={placeOf(frame)}>{line(frame.name, 120)}</i>];
    });
  }, [frames, root]);

  const frameAt = (event: MouseEvent): number => Number((event.target as HTMLElement).dataset.n ?? -1);
  const key = (event: KeyboardEvent): void => {
    const way = /^Arrow(Up|Down|Left|Right)$/.exec(event.key)?.[1];
    if (way) at.value = walk(frames, at.value, way as Way);
    else if (event.key === 'Enter') zoomed.value = at.value;
    else if ((event.key === 'Escape' || event.key === '0') && zoomed.value !== 0) zoomed.value = 0;
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <>
      <div
        ref={plot} class="flame-plot" style={{ height: `${depth * ROW_PX}px` }} tabIndex={0} role="application" aria-label="Flame graph" aria-describedby="flame-here" onKeyDown={key}
        onPointerOver={(event) => { const hit = frameAt(event); if (hit >= 0) at.value = hit; }}
        onClick={(event) => { const hit = frameAt(event); if (hit >= 0) zoomed.value = hit; }}
      >
        {boxes}
        <b style={placeOf(here)} />
      </div>
      <p id="flame-here" class="flame-here" aria-live="polite">
        <b>{line(here.name, 140)}</b> {percent(here.total, frames[0]!.total)} of the time, {percent(here.self, frames[0]!.total)} itself
      </p>
    </>
  );
}
