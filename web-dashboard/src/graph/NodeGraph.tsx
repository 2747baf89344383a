// The canvas of tasks: window, pointer and keys, and the loop that draws it when something changed.

import { effect } from '../state/signals';
import { useEffect, useRef, useSignal } from '../state/hooks';
import { shade } from '../app/theme';
import { singleKeys } from '../app/keys';
import type { RunFeed } from '../data/feed';
import type { TaskKeys } from '../data/keys';
import { selection, selectTask } from '../state/selection';
import { focusDrawer } from '../state/task';
import { assignHues, readTheme } from '../timeline/colours';
import { listenTo } from '../timeline/input';
import { expose } from '../timeline/stats';
import { line } from '../ui/text';
import { drawNodes, fitView, nearView, nodeAt, nodePaint, type NodePaint, type NodeView } from './nodes';
import { TASK_STATE_NAMES, type Points } from './points';
import { LiveStates } from './states';

interface Properties {
  feed: RunFeed;
  points: Points;
  keys: TaskKeys;
  /** Places of the run by position in `points`, where only some tasks are shown. */
  places: readonly number[] | null;
  edges: readonly (readonly [number, number])[] | null;
  onFocus: (task: number) => void;
}

export function NodeGraph({ feed, points, keys, places, edges, onFocus }: Properties) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const tip = useSignal<{ x: number; y: number; task: number } | null>(null);
  const act = useRef<(event: KeyboardEvent) => void>(() => undefined);

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d', { alpha: false });
    if (!element || !context) return;
    const live = places ? null : new LiveStates(points, feed);
    let frameMs = 0;
    let view: NodeView | null = null;
    let paint: NodePaint | null = null;
    let size = { width: 0, height: 0 };
    let asked = 0;
    let visible = 0;
    const placeOf = (position: number): number => places?.[position] ?? position;
    const positionOf = (place: number | null): number => (place === null ? -1 : places ? places.indexOf(place) : place < points.count ? place : -1);

    const draw = (): void => {
      asked = 0;
      const width = element.parentElement?.clientWidth ?? 0;
      const height = Math.max(320, Math.min(720, window.innerHeight - 320));
      const ratio = Math.min(3, window.devicePixelRatio || 1);
      if (width < 50) return;
      if (size.width !== width || size.height !== height || element.width !== Math.round(width * ratio)) {
        size = { width, height };
        element.width = Math.round(width * ratio);
        element.height = Math.round(height * ratio);
        element.style.height = `${height}px`;
      }
      view ??= edges ? nearView(points, 0, width, height) : fitView(points, width, height);
      if (!paint) {
        const theme = readTheme(element);
        const hues = assignHues(feed.store.functions);
        paint = nodePaint(theme, hues.length, (fn) => hues[fn]?.hue ?? 0);
      }
      const begun = performance.now();
      live?.update();
      const only = selection.function.peek();
      visible = drawNodes(context, {
        points, view, ...size, ratio, paint, edges, selected: positionOf(selection.task.peek()),
        only: only === null ? -1 : feed.store.functions.indexOf(only), keyOf: (position) => keys.get(placeOf(position)),
      }).visible;
      frameMs = performance.now() - begun;
    };
    const ask = (): void => void (asked ||= requestAnimationFrame(draw));
    keys.onChange = ask;

    const zoom = (factor: number, x: number, y: number): void => {
      if (!view) return;
      const scale = Math.max(0.02, Math.min(160, view.scale * factor));
      view = { scale, x: view.x + x / view.scale - x / scale, y: view.y + y / view.scale - y / scale };
      ask();
    };
    const pan = (dx: number, dy: number): void => {
      if (!view) return;
      view = { ...view, x: view.x + dx / view.scale, y: view.y + dy / view.scale };
      ask();
    };
    const reveal = (position: number): void => {
      if (!view) return;
      const x = (points.x[position]! - view.x) * view.scale;
      const y = (points.y[position]! - view.y) * view.scale;
      if (x < 0 || y < 0 || x > size.width || y > size.height) view = { ...view, x: points.x[position]! - size.width / 2 / view.scale, y: points.y[position]! - size.height / 2 / view.scale };
      ask();
    };
    const step = (by: number): void => {
      const next = Math.max(0, Math.min(points.count - 1, positionOf(selection.task.peek()) + by));
      selectTask(placeOf(next));
      reveal(next);
    };
    const middle = (factor: number): void => zoom(factor, size.width / 2, size.height / 2);
    const KEYS: Record<string, () => void> = {
      w: () => middle(1.3), '+': () => middle(1.3), '=': () => middle(1.3), s: () => middle(1 / 1.3), '-': () => middle(1 / 1.3),
      a: () => pan(-80, 0), d: () => pan(80, 0), ArrowLeft: () => pan(-80, 0), ArrowRight: () => pan(80, 0), ArrowUp: () => pan(0, -80), ArrowDown: () => pan(0, 80),
      '0': () => { view = null; ask(); }, '.': () => step(1), ',': () => step(-1),
      f: () => { const task = selection.task.peek(); if (task !== null) onFocus(task); },
      Enter: () => { focusDrawer.value += 1; },
    };
    act.current = (event) => {
      const key = KEYS[event.key];
      if (!key || event.ctrlKey || event.metaKey || event.altKey || (event.key.length === 1 && !singleKeys.peek())) return;
      event.preventDefault();
      event.stopPropagation();
      key();
    };

    const touches = new Map<number, [number, number]>();
    let moved = false;
    const at = (event: MouseEvent): [number, number] => {
      const box = element.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const down = (event: PointerEvent): void => {
      touches.set(event.pointerId, at(event));
      element.setPointerCapture(event.pointerId);
      moved = touches.size > 1;
    };
    const move = (event: PointerEvent): void => {
      const [x, y] = at(event);
      const before = touches.get(event.pointerId);
      if (!before) {
        const position = view ? nodeAt(points, view, x, y) : -1;
        tip.value = position < 0 ? null : { x, y, task: position };
        return;
      }
      if (!moved && Math.hypot(x - before[0], y - before[1]) < 4) return;
      moved = true;
      tip.value = null;
      const other = [...touches].find(([id]) => id !== event.pointerId)?.[1];
      if (other) {
        const factor = Math.hypot(x - other[0], y - other[1]) / Math.max(1, Math.hypot(before[0] - other[0], before[1] - other[1]));
        zoom(factor, (x + other[0]) / 2, (y + other[1]) / 2);
      } else pan(before[0] - x, before[1] - y);
      touches.set(event.pointerId, [x, y]);
    };
    const up = (event: PointerEvent): void => {
      const click = touches.delete(event.pointerId) && !moved;
      if (!click || !view) return;
      const position = nodeAt(points, view, ...at(event));
      selectTask(position < 0 ? null : placeOf(position));
    };
    const twice = (event: MouseEvent): void => {
      const position = view ? nodeAt(points, view, ...at(event)) : -1;
      if (position >= 0) onFocus(placeOf(position));
    };
    const leave = (): void => void (tip.value = null);
    const wheel = (event: WheelEvent): void => {
      event.preventDefault();
      const unit = event.deltaMode === 1 ? 16 : 1;
      if (event.ctrlKey || event.metaKey) zoom(Math.exp(-event.deltaY * unit * 0.004), ...at(event));
      else pan((event.shiftKey ? event.deltaY : event.deltaX) * unit, (event.shiftKey ? 0 : event.deltaY) * unit);
    };
    const watch = new ResizeObserver(ask);
    if (element.parentElement) watch.observe(element.parentElement);
    const stops = [
      listenTo(element, { pointerdown: down, pointermove: move, pointerup: up, pointerleave: leave, dblclick: twice, wheel }),
      effect(() => { void [selection.task.value, selection.function.value, feed.tick.value]; ask(); }),
      effect(() => { void shade.value; paint = null; queueMicrotask(ask); }),
      expose('graph', () => ({ tasks: points.count, visible, frameMs, scale: view?.scale })),
    ];
    return () => {
      cancelAnimationFrame(asked);
      watch.disconnect();
      live?.close();
      for (const stop of stops) stop();
    };
  }, [points, feed]);

  const shown = tip.value;
  const place = shown ? (places?.[shown.task] ?? shown.task) : 0;
  return (
    <div class="graph-plot">
      <canvas ref={canvas} class="graph-canvas" tabIndex={0} role="application" aria-label={`Graph of ${points.count} tasks`} onKeyDown={(event) => act.current(event)} />
      {shown && (
        <div class="tl-tip" style={{ transform: `translate(${Math.round(Math.min(shown.x + 14, 2000))}px, ${Math.round(shown.y + 14)}px)` }} aria-hidden="true">
          <strong>{line(keys.get(place) ?? `task ${place}`, 60)}</strong>
          <span>{line(feed.store.functions[points.fn[shown.task]!] ?? '', 60)}</span>
          <span class="tl-quiet">{TASK_STATE_NAMES[points.state[shown.task]! as 0]}</span>
        </div>
      )}
    </div>
  );
}
