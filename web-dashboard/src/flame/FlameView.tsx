// Where the guests of a run spent their time, function by function: a flame graph, the heaviest to the left, and the same as a table.

import { effect, useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { get, isAbort, path, wordsOf } from '../api/client';
import { shade } from '../app/theme';
import { assignHues, HUES, readTheme } from '../timeline/colours';
import { count, percent } from '../ui/format';
import { DataTable } from '../ui/Table';
import { line } from '../ui/text';
import { byName, layOut, matching, walk, type Frame, type Profile } from './tree';
import '../timeline/timeline.css';
import './flame.css';

const ROW_PX = 20;
const ROWS_MOST = 60;

export function FlameView({ run }: { run: string }) {
  const profile = useSignal<Profile | null>(null);
  const problem = useSignal<string | null>(null);
  const chosen = useSignal(0);
  const search = useSignal('');
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
  const found = matching(laid.frames, search.value);
  return (
    <figure class="tl flame" aria-labelledby="flame-words">
      <div class="tl-bar" role="toolbar" aria-label="Profile">
        <label class="choice">Function
          <select value={chosen.value} onChange={(event) => (chosen.value = Number(event.currentTarget.value))}>
            {profile.value.functions.map((f, n) => <option key={f.call} value={n}>{`${line(f.call, 60)} (${count(f.samples)})`}</option>)}
          </select>
        </label>
        <label class="choice">Search <input type="search" value={search.value} onInput={(event) => (search.value = event.currentTarget.value)} placeholder="name" /></label>
        {search.value.trim() !== '' && <span class="tl-quiet">{`${count(found.found.size)} frames, ${percent(found.samples, one.root.total)} of the time`}</span>}
        <span class="tl-space" />
        <button type="button" class="button small" aria-pressed={table.value} onClick={() => (table.value = !table.value)}>Table</button>
      </div>
      <Flame key={one.call} frames={laid.frames} depth={laid.depth} found={search.value.trim() === '' ? null : found.found} />
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

function Flame({ frames, depth, found }: { frames: readonly Frame[]; depth: number; found: ReadonlySet<number> | null }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const zoomed = useSignal(0);
  const at = useSignal(0);
  const width = useSignal(0);
  const root = frames[zoomed.value]!;
  const here = frames[at.value]!;

  const frameAt = (event: MouseEvent): number => {
    const box = canvas.current!.getBoundingClientRect();
    const row = Math.floor((event.clientY - box.top) / ROW_PX);
    const sample = root.x + ((event.clientX - box.left) / box.width) * root.total;
    return frames.findIndex((frame) => frame.depth === row && sample >= frame.x && sample < frame.x + frame.total);
  };

  useEffect(() => {
    const element = canvas.current;
    if (!element?.parentElement) return;
    const watch = new ResizeObserver(() => (width.value = element.parentElement?.clientWidth ?? 0));
    watch.observe(element.parentElement);
    return () => watch.disconnect();
  }, []);

  useEffect(() => effect(() => {
    void [shade.value, width.value, zoomed.value, at.value];
    queueMicrotask(() => {
      if (canvas.current && width.peek() > 0) draw(canvas.current, frames, Math.min(depth, ROWS_MOST), zoomed.peek(), at.peek(), found, width.peek());
    });
  }), [frames, found]);

  const key = (event: KeyboardEvent): void => {
    const ways = { ArrowUp: 'up', ArrowDown: 'down', ArrowLeft: 'left', ArrowRight: 'right' } as const;
    const way = ways[event.key as keyof typeof ways];
    if (way) at.value = walk(frames, at.value, way);
    else if (event.key === 'Enter') zoomed.value = at.value;
    else if ((event.key === 'Escape' || event.key === '0') && zoomed.value !== 0) zoomed.value = 0;
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div class="flame-plot">
      <canvas
        ref={canvas} tabIndex={0} role="application" aria-label="Flame graph" aria-describedby="flame-here" onKeyDown={key}
        onPointerMove={(event) => { const hit = frameAt(event); if (hit >= 0) at.value = hit; }}
        onClick={(event) => { const hit = frameAt(event); if (hit >= 0) zoomed.value = hit; }}
      />
      <p id="flame-here" class="flame-here" aria-live="polite">
        <b>{line(here.name, 140)}</b> {percent(here.total, frames[0]!.total)} of the time, {percent(here.self, frames[0]!.total)} itself
        {depth > ROWS_MOST ? ` · the first ${ROWS_MOST} of ${depth} levels are drawn` : ''}
      </p>
    </div>
  );
}

function draw(canvas: HTMLCanvasElement, frames: readonly Frame[], rows: number, zoomed: number, at: number, found: ReadonlySet<number> | null, width: number): void {
  const ratio = window.devicePixelRatio || 1;
  const height = rows * ROW_PX;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d', { alpha: false });
  if (!context) return;
  const theme = readTheme(canvas);
  context.scale(ratio, ratio);
  context.fillStyle = theme.surface;
  context.fillRect(0, 0, width, height);
  context.font = `11.5px ${theme.font}`;
  context.textBaseline = 'middle';
  const root = frames[zoomed]!;
  const scale = width / root.total;
  const hueOf = new Map<string, number>();
  frames.forEach((frame, n) => {
    const x = Math.max(0, (frame.x - root.x) * scale);
    const to = Math.min(width, (frame.x - root.x + frame.total) * scale);
    if (to - x < 0.5 || frame.depth >= rows) return;
    // One hue for all of a module's frames: what stands before the last part of the name.
    const family = frame.name.slice(0, Math.max(0, frame.name.lastIndexOf('::'))) || frame.name;
    let hue = hueOf.get(family);
    if (hue === undefined) hueOf.set(family, (hue = assignHues([family])[0]!.hue % HUES));
    const y = frame.depth * ROW_PX;
    context.globalAlpha = (found && !found.has(n)) || frame.depth < root.depth ? 0.28 : 1;
    context.fillStyle = theme.hues[hue]!;
    context.fillRect(x, y, Math.max(0.5, to - x - 1), ROW_PX - 1);
    if (to - x > 32) {
      context.fillStyle = context.globalAlpha < 1 ? theme.ink : '#0a0d14';
      context.globalAlpha = 1;
      context.save();
      context.beginPath();
      context.rect(x, y, to - x - 4, ROW_PX);
      context.clip();
      context.fillText(line(frame.name, 120), x + 4, y + ROW_PX / 2);
      context.restore();
    }
    context.globalAlpha = 1;
    if (n === at) {
      context.strokeStyle = theme.ink;
      context.lineWidth = 1.5;
      context.strokeRect(x + 0.75, y + 0.75, Math.max(1, to - x - 2), ROW_PX - 2);
    }
  });
}
