// The timeline as a part of a page: its canvases with their buttons, legend, hints, range panel, table and words.

import { effect } from '../state/signals';
import { useEffect, useMemo, useRef, useSignal } from '../state/hooks';
import { get, path } from '../api/client';
import { navigate, runPath } from '../app/router';
import type { RunFeed } from '../data/feed';
import { TaskKeys } from '../data/keys';
import { windowSums, type Window } from '../data/queries';
import { selection, selectTask, type LanesBy } from '../state/selection';
import { focusDrawer, namesOf } from '../state/task';
import { count } from '../ui/format';
import { Control } from './control';
import { Engine } from './engine';
import { HintList } from './HintList';
import { listen, listenMinimap, onKey } from './input';
import { Legend } from './Legend';
import { RangePanel } from './RangePanel';
import { Scene } from './scene';
import { expose } from './stats';
import { summaryOf } from './summary';
import { TableView } from './TableView';
import { Tooltip } from './Tooltip';
import './timeline.css';

const LANES: [LanesBy, string][] = [['slot', 'By slot'], ['function', 'By function'], ['task', 'By task']];
const SUMS_EVERY_MS = 150;
const ANNOUNCE_EVERY_MS = 5000;
const LOOK_EVERY_MS = 400;

interface TaskEdges {
  readonly deps_at?: readonly number[];
  readonly dependents_at?: readonly number[];
}

interface Properties {
  feed: RunFeed;
  scope: 'run' | 'all';
  /** What tasks are called and what they wait for, where there is no server to ask. */
  keys?: TaskKeys;
}

export function Timeline({ feed, scope, keys }: Properties) {
  const all = scope === 'all';
  const offline = keys !== undefined;
  const sums = useSignal<Window | null>(null);
  const table = useSignal(false);
  const words = useSignal('');
  const base = useRef<HTMLCanvasElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const minimap = useRef<HTMLCanvasElement>(null);
  const stage = useRef<HTMLDivElement>(null);

  const control = useMemo(() => {
    const scene = new Scene(feed, all);
    const book = keys ?? new TaskKeys(all || feed.run === null ? null : (places) => namesOf(feed.run!, places));
    const engine = new Engine(scene, book, () => Math.max(220, Math.min(all ? 420 : 760, window.innerHeight - (all ? 420 : 330))));
    return new Control(engine, {
      select: (task) => { if (!all) selectTask(task); },
      range: (range) => (selection.range.value = range),
      open: (task, run) => {
        if (!all) focusDrawer.value += 1;
        else if (run) navigate(`${runPath(run)}?task=${task}`);
      },
    });
  }, [feed, all]);
  const { scene, engine } = control;

  useEffect(() => {
    if (!base.current || !overlay.current || !minimap.current || !stage.current) return;
    engine.attach(stage.current, base.current, overlay.current, minimap.current);
    const stops = [listen(control, overlay.current), listenMinimap(control, minimap.current), expose('timeline', () => probe(control))];
    if (!all) stops.push(...followSelection(control, offline));
    stops.push(effect(() => {
      control.setLanes(selection.lanesBy.value);
      void feed.names.value;
      control.setOnly(selection.function.value);
    }));
    return () => {
      for (const stop of stops) stop();
      control.close();
      engine.detach();
    };
  }, [control]);

  // Sums of the range: with the picture, but not with each frame.
  useEffect(() => {
    let summed = 0;
    return effect(() => {
      const range = selection.range.value;
      void engine.seen.value;
      if (!range) sums.value = null;
      else if (performance.now() - summed > SUMS_EVERY_MS || !sums.peek()) {
        sums.value = windowSums(scene.store, range[0], range[1], scene.only);
        summed = performance.now();
      }
    });
  }, [control]);

  // The words for those who do not see the canvas: soon when the run ends, else now and then.
  useEffect(() => {
    let [spoken, seen, live] = [-Infinity, -1, scene.live];
    const look = (): void => {
      const now = performance.now();
      const isDue = now - spoken > ANNOUNCE_EVERY_MS || scene.live !== live || words.peek() === '';
      if (!isDue || engine.seen.peek() === seen || engine.busy) return;
      [spoken, seen, live] = [now, engine.seen.peek(), scene.live];
      words.value = summaryOf(scene);
    };
    const timer = setInterval(look, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [control]);

  const range = selection.range.value;
  return (
    <figure class="tl" aria-labelledby="tl-words">
      {!all && <HintList feed={feed} control={control} />}
      <Toolbar control={control} table={table} />
      <div class="tl-stage" ref={stage}>
        <canvas ref={minimap} class="tl-minimap" aria-hidden="true" />
        <div class="tl-plot">
          <canvas ref={base} aria-hidden="true" />
          <canvas
            ref={overlay} class="tl-overlay" tabIndex={0} role="application" aria-label={all ? 'Timeline of all runs' : 'Timeline of the run'}
            aria-describedby="tl-words tl-keys" onKeyDown={(event) => onKey(control, event)}
          />
          <Tooltip control={control} />
        </div>
      </div>
      <Notes control={control} />
      <Legend control={control} />
      {sums.value && range && <RangePanel control={control} sums={sums.value} range={range} />}
      {table.value && <TableView control={control} />}
      <figcaption id="tl-words" class="tl-words">{words.value}</figcaption>
      <p class="tl-unseen" aria-live="polite">{control.said.value}</p>
    </figure>
  );
}

function Toolbar({ control, table }: { control: Control; table: { value: boolean } }) {
  const by = selection.lanesBy.value;
  void control.engine.seen.value;
  return (
    <div class="tl-bar" role="toolbar" aria-label="Timeline">
      <div class="tl-segments" role="group" aria-label="Lanes">
        {LANES.map(([id, label]) => (
          <button key={id} type="button" aria-pressed={by === id} onClick={() => (selection.lanesBy.value = id)}>{label}</button>
        ))}
      </div>
      <span class="tl-space" />
      {control.scene.live && (
        <>
          <button type="button" class="button small" aria-pressed={control.follow.value} onClick={() => control.setFollow(!control.follow.value)}>Follow</button>
          <button type="button" class="button small" aria-pressed={control.paused.value} onClick={() => control.setPaused(!control.paused.value)}>{control.paused.value ? 'Resume' : 'Pause'}</button>
        </>
      )}
      <Steps name="Failures" steps={[['‹ ✕', 'Previous failure', 'Shift E', () => control.failure(-1)], ['✕ ›', 'Next failure', 'E', () => control.failure(1)]]} />
      <Steps name="Zoom" steps={[['−', 'Zoom out', 'S', () => control.zoom(1.6, null)], ['+', 'Zoom in', 'W', () => control.zoom(1 / 1.6, null)], ['Fit', 'Fit', '0', () => control.fitAll()]]} />
      <button type="button" class="button small" aria-pressed={table.value} onClick={() => (table.value = !table.value)}>Table</button>
    </div>
  );
}

function Steps({ name, steps }: { name: string; steps: [sign: string, label: string, key: string, act: () => void][] }) {
  return (
    <div class="tl-segments" role="group" aria-label={name}>
      {steps.map(([sign, label, key, act]) => <button key={sign} type="button" onClick={act} title={`${label} (${key})`} aria-label={label}>{sign}</button>)}
    </div>
  );
}

const PROBLEMS: Record<NonNullable<RunFeed['problem']['value']>['kind'], string> = {
  missing: 'The server does not know this run any more.',
  deleted: 'This run was deleted; this page shows what it had.',
  shorter: 'The server had fewer attempts than this page, which began anew.',
  unreadable: 'Some of the history cannot be read',
};

/** What the picture does not have: said on screen, with the total. */
function Notes({ control }: { control: Control }) {
  const { scene } = control;
  const { feed, store } = scene;
  void control.engine.seen.value;
  const loading = feed.loading.value;
  const problem = feed.problem.value;
  const notes: string[] = [];
  if (loading) notes.push(`Loading the history: ${count(loading.have)} of ${count(loading.total)} attempts, the newest first.`);
  if (store.dropped > 0) notes.push(`The newest ${count(store.count)} attempts are shown, ${count(store.dropped)} older ones are not. A run's own page has all of them.`);
  const hidden = (feed.tick.value?.running_total ?? 0) - scene.open.length;
  if (hidden > 0) notes.push(`${count(scene.open.length)} of ${count(scene.open.length + hidden)} unfinished tasks are drawn.`);
  if (problem) notes.push(PROBLEMS[problem.kind] + (problem.kind === 'unreadable' ? `: ${problem.message}.` : ''));
  return notes.length === 0 ? null : <p class="tl-notes" role="status">{notes.join(' ')}</p>;
}

/** Selects what was selected elsewhere, and asks for its arrows. */
function followSelection(control: Control, offline: boolean): (() => void)[] {
  const { feed } = control.scene;
  let asked = new AbortController();
  const task = effect(() => {
    const place = selection.task.value;
    control.selectTask(place);
    asked.abort();
    if (place === null || feed.run === null || offline) return;
    asked = new AbortController();
    void askArrows(control, feed.run, place, asked.signal);
  });
  const range = effect(() => {
    const wanted = selection.range.value;
    if (wanted !== control.scene.range) {
      control.scene.range = wanted;
      control.engine.redrawOverlay();
    }
  });
  return [task, range, () => asked.abort()];
}

async function askArrows(control: Control, run: string, place: number, signal: AbortSignal): Promise<void> {
  try {
    const key = (await namesOf(run, [place], signal)).get(place);
    if (key === undefined) return;
    const task = await get<TaskEdges>(path('/runs', run, 'tasks', key), undefined, signal);
    if (!signal.aborted) control.setArrows(place, task.deps_at ?? [], task.dependents_at ?? []);
  } catch {
    // Arrows are an extra: without them the timeline is as good.
  }
}

function probe(control: Control): Record<string, unknown> {
  const { scene, engine } = control;
  return {
    spans: scene.store.count, visible: engine.strips.spans, open: scene.open.length, failures: engine.strips.ticks.length / 3, frameMs: engine.lastCost,
    view: [scene.view.from, scene.view.to], lanes: scene.layout.rows.length, selected: scene.selected, follow: scene.view.follow, arrows: engine.arrows.length,
  };
}
