// The graph of a run: by function, or task by task, or one task with what it hangs on. It asks the host for what it shows; a report
// hands it over instead.

import { useEffect, useMemo, useRef, useSignal } from '../state/hooks';
import { ask, get, isAbort, path, wordsOf } from '../api/client';
import type { Counts, CriticalPath } from '../api/types';
import { setQuery } from '../app/router';
import type { RunFeed } from '../data/feed';
import { TaskKeys } from '../data/keys';
import { selection } from '../state/selection';
import { namesOf } from '../state/task';
import { count, plural } from '../ui/format';
import { placeGroups, type GroupGraph } from './groups';
import { GroupView } from './GroupView';
import { NodeGraph } from './NodeGraph';
import { decodePoints, neighbourhood, type Neighbourhood, type Points } from './points';
import '../timeline/timeline.css';
import './graph.css';

const FOCUS_MOST = 300;

type Mode = 'function' | 'task' | 'focus';

/** What a report has instead of a server. */
export interface GivenGraph {
  readonly graph: GroupGraph | null;
  readonly critical: CriticalPath | null;
}

export function GraphView({ feed, given }: { feed: RunFeed; given?: GivenGraph }) {
  const mode = useSignal<Mode>('function');
  const group = useSignal<GroupGraph | null>(given?.graph ?? null);
  const critical = useSignal<CriticalPath | null>(given?.critical ?? null);
  const points = useSignal<Points | null>(null);
  const problem = useSignal<string | null>(null);
  const focus = useSignal<number | null>(null);
  const scale = useSignal<number | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const keys = useMemo(() => new TaskKeys(feed.run === null || given ? null : (places) => namesOf(feed.run!, places)), [feed]);
  void feed.names.value;
  const tick = feed.tick.value;
  const finished = tick?.run?.finished_at ?? null;

  useEffect(() => {
    if (given || feed.run === null) return;
    const stop = new AbortController();
    const here = path('/runs', feed.run);
    const failed = (error: unknown): void => {
      if (!isAbort(error)) problem.value = wordsOf(error);
    };
    get<GroupGraph>(`${here}/graph`, { format: 'json', by: 'function' }, stop.signal).then((answer) => (group.value = answer), failed);
    get<CriticalPath>(`${here}/critical-path`, undefined, stop.signal).then((answer) => (critical.value = answer), () => undefined);
    return () => stop.abort();
  }, [feed, finished]);

  useEffect(() => {
    if (mode.value === 'function' || points.value || given || feed.run === null) return;
    const stop = new AbortController();
    problem.value = null;
    ask(`${path('/runs', feed.run)}/graph`, { query: { by: 'task', format: 'columns' }, accept: 'application/octet-stream', signal: stop.signal })
      .then((answer) => answer.arrayBuffer())
      .then((bytes) => (points.value = decodePoints(bytes)))
      .catch((error: unknown) => {
        if (!isAbort(error)) problem.value = wordsOf(error);
      });
    return () => stop.abort();
  }, [feed, mode.value === 'function']);

  const counts = new Map<string, Counts>(tick?.functions.map((one) => [one.call, one.counts]));
  const near = useMemo(() => (mode.value === 'focus' && points.value && focus.value !== null ? focusOn(points.value, focus.value) : null), [mode.value, points.value, focus.value]);
  const show = (next: Mode): void => {
    if (next === 'focus') focus.value = selection.task.peek() ?? focus.peek();
    mode.value = next;
  };
  const fitted = group.value && box.current ? Math.min(1, (box.current.clientWidth - 2) / placeGroups(group.value).width) : 1;
  const zoom = scale.value ?? Math.max(0.35, fitted);
  const selected = selection.task.value;

  return (
    <figure class="tl graph" aria-labelledby="graph-words">
      <div class="tl-bar" role="toolbar" aria-label="Graph">
        <div class="tl-segments" role="group" aria-label="Boxes">
          <button type="button" aria-pressed={mode.value === 'function'} onClick={() => show('function')}>By function</button>
          {!given && <button type="button" aria-pressed={mode.value === 'task'} onClick={() => show('task')}>Every task</button>}
          {!given && <button type="button" aria-pressed={mode.value === 'focus'} disabled={selected === null && focus.value === null} onClick={() => show('focus')} title="What the selected task hangs on, and what hangs on it (F)">Around the selected task</button>}
        </div>
        <span class="tl-space" />
        {mode.value === 'function' && (
          <div class="tl-segments" role="group" aria-label="Zoom">
            <button type="button" aria-label="Zoom out" onClick={() => (scale.value = Math.max(0.2, zoom / 1.25))}>−</button>
            <button type="button" aria-label="Zoom in" onClick={() => (scale.value = Math.min(2, zoom * 1.25))}>+</button>
            <button type="button" onClick={() => (scale.value = null)}>Fit</button>
          </div>
        )}
        {mode.value !== 'function' && <button type="button" class="button small" onClick={() => setQuery({ tab: 'tasks' }, { push: true })}>Table</button>}
      </div>
      {problem.value && <p class="tl-notes" role="status">{problem.value}</p>}
      {mode.value === 'function' && (
        <div class="graph-scroll" ref={box} tabIndex={0} role="region" aria-label="Functions">
          {group.value ? (
            <GroupView
              graph={group.value} counts={counts} critical={critical.value} functions={feed.store.functions} selected={selection.function.value} scale={zoom}
              onSelect={(call) => (selection.function.value = call)}
              onOpen={(call) => { selection.function.value = call; if (!given) show('task'); }}
            />
          ) : !problem.value && <p class="graph-wait">Asking for the graph…</p>}
        </div>
      )}
      {mode.value === 'task' && (points.value
        ? <NodeGraph feed={feed} points={points.value} keys={keys} places={null} edges={null} onFocus={(task) => { focus.value = task; mode.value = 'focus'; }} />
        : !problem.value && <p class="graph-wait">Asking for the tasks…</p>)}
      {mode.value === 'focus' && near && points.value && (
        <NodeGraph key={focus.value} feed={feed} points={near.points} keys={keys} places={near.around.tasks} edges={near.around.edges} onFocus={(task) => (focus.value = task)} />
      )}
      {mode.value === 'focus' && near?.around.cut && <p class="tl-notes" role="status">The nearest {count(near.around.tasks.length)} tasks are shown; there are more.</p>}
      <figcaption id="graph-words" class="tl-words">{wordsFor(mode.value, group.value, points.value, near?.around ?? null, critical.value)}</figcaption>
    </figure>
  );
}

/** The neighbourhood laid out by itself: a column for each layer, centred. */
function focusOn(all: Points, task: number): { points: Points; around: Neighbourhood } {
  const around = neighbourhood(all.bundles, task, FOCUS_MOST);
  const layers = new Map<number, number[]>();
  around.layers.forEach((layer, n) => layers.set(layer, [...(layers.get(layer) ?? []), n]));
  const least = Math.min(...layers.keys());
  const tallest = Math.max(...[...layers.values()].map((members) => members.length));
  const count = around.tasks.length;
  const [x, y] = [new Float32Array(count), new Float32Array(count)];
  for (const [layer, members] of layers) {
    members.forEach((n, row) => {
      x[n] = (layer - least) * 4;
      y[n] = row + (tallest - members.length) / 2;
    });
  }
  const points: Points = {
    count, x, y, width: (Math.max(...layers.keys()) - least) * 4 + 4, height: tallest, bundles: { ...all.bundles, count: 0 },
    fn: Uint16Array.from(around.tasks, (one) => all.fn[one]!), state: Uint8Array.from(around.tasks, (one) => all.state[one]!),
  };
  return { points, around };
}

function wordsFor(mode: Mode, group: GroupGraph | null, points: Points | null, around: Neighbourhood | null, critical: CriticalPath | null): string {
  if (mode === 'function') {
    if (!group) return '';
    const path = critical && critical.total > 0 ? `, critical path of ${plural(critical.total, 'task')}` : '';
    return `${plural(group.nodes.length, 'function')}, ${plural(group.edges.length, 'edge')}${path}. Press a box to show its function alone; Enter or a double click shows its tasks.`;
  }
  if (mode === 'task') return points ? `${plural(points.count, 'task')}, ${plural(points.bundles.count, 'bundle')} of edges. Ctrl and wheel zoom, drag pans, a double click shows what a task hangs on.` : '';
  return around ? `${plural(around.tasks.length, 'task')} around the selected one, ${plural(around.edges.length, 'edge')}.` : 'Select a task first.';
}
