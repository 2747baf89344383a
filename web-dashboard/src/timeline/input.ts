// Pointers, wheel and keys of a timeline, turned into what `Control` does.

import { singleKeys } from '../app/keys';
import type { Control } from './control';
import { AXIS_PX } from './frame';
import { minimapSpan } from './minimap';

const DRAG_PX = 4;
const ZOOM_STEP = 1.25;

/** Keys by `event.key`; those of one letter can be switched off. */
const KEYS: Record<string, (control: Control) => void> = {
  w: (control) => control.zoom(1 / ZOOM_STEP, null),
  '+': (control) => control.zoom(1 / ZOOM_STEP, null),
  '=': (control) => control.zoom(1 / ZOOM_STEP, null),
  s: (control) => control.zoom(ZOOM_STEP, null),
  '-': (control) => control.zoom(ZOOM_STEP, null),
  a: (control) => control.pan(-control.scene.view.width / 8),
  d: (control) => control.pan(control.scene.view.width / 8),
  ArrowLeft: (control) => control.pan(-control.scene.view.width / 8),
  ArrowRight: (control) => control.pan(control.scene.view.width / 8),
  ArrowUp: (control) => control.lane(-1),
  ArrowDown: (control) => control.lane(1),
  PageUp: (control) => void control.scrollBy(-control.scene.height * 0.9),
  PageDown: (control) => void control.scrollBy(control.scene.height * 0.9),
  '0': (control) => control.fitAll(),
  Home: (control) => control.fitAll(),
  f: (control) => control.focus(),
  '.': (control) => control.next(1),
  ',': (control) => control.next(-1),
  e: (control) => control.failure(1),
  E: (control) => control.failure(-1),
  Enter: (control) => control.open(),
  ' ': (control) => control.setFollow(!control.scene.view.follow),
  m: (control) => control.mark(),
};

export function onKey(control: Control, event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'Escape' && control.scene.range) {
    control.setRange(null);
    event.stopPropagation();
    return;
  }
  const act = KEYS[event.key];
  if (!act || (event.key.length === 1 && event.key !== ' ' && !singleKeys.peek())) return;
  event.preventDefault();
  event.stopPropagation();
  act(control);
}

/** Calls these at events of `canvas`, which they may keep from the page; answers how to stop. */
export function listenTo(canvas: HTMLCanvasElement, acts: Readonly<Record<string, (event: never) => void>>): () => void {
  const stop = new AbortController();
  for (const name in acts) canvas.addEventListener(name, acts[name] as EventListener, { signal: stop.signal, passive: false });
  return () => stop.abort();
}

interface Drag {
  readonly kind: 'range' | 'pan' | 'scroll';
  readonly x: number;
  readonly time: number;
  lastX: number;
  lastY: number;
  moved: boolean;
}

/** Listens on the canvas over the lanes; answers how to stop. */
export function listen(control: Control, canvas: HTMLCanvasElement): () => void {
  const { scene, engine } = control;
  const touches = new Map<number, { x: number; y: number }>();
  let drag: Drag | null = null;
  let pinch = 0;

  const at = (event: MouseEvent): { x: number; y: number } => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left - engine.gutter, y: event.clientY - box.top - AXIS_PX };
  };

  const hover = (x: number, y: number, low: boolean): void => {
    const inside = x >= 0 && y >= 0;
    const hit = inside ? scene.hitAt(x, y) : null;
    scene.hover = hit;
    scene.hoverX = x >= 0 ? x : null;
    control.hover.value = hit ? { hit, x: x + engine.gutter, y: y + AXIS_PX, low } : null;
    engine.redrawOverlay();
  };

  const leave = (): void => {
    scene.hover = null;
    scene.hoverX = null;
    control.hover.value = null;
    engine.redrawOverlay();
  };

  const down = (event: PointerEvent): void => {
    const { x, y } = at(event);
    touches.set(event.pointerId, { x, y });
    if (touches.size === 2) {
      drag = null;
      pinch = distance(touches);
      return;
    }
    if (event.button > 1 || (x < 0 && event.pointerType === 'mouse')) return;
    canvas.setPointerCapture(event.pointerId);
    const pans = event.shiftKey || event.button === 1 || y < 0 || event.pointerType === 'touch';
    const onBar = x > scene.view.width - 12 && scene.contentHeight > scene.height;
    drag = { kind: onBar ? 'scroll' : pans ? 'pan' : 'range', x, time: scene.view.time(x), lastX: x, lastY: y, moved: false };
  };

  const move = (event: PointerEvent): void => {
    const { x, y } = at(event);
    if (touches.has(event.pointerId)) touches.set(event.pointerId, { x, y });
    if (touches.size === 2) {
      const wide = distance(touches);
      const middle = [...touches.values()].reduce((sum, touch) => sum + touch.x / 2, 0);
      if (pinch > 0 && wide > 0) control.zoom(pinch / wide, middle);
      pinch = wide;
      return;
    }
    if (!drag) {
      if (event.pointerType !== 'touch') hover(x, y, isLow(event));
      return;
    }
    if (!drag.moved && Math.abs(x - drag.x) < DRAG_PX && Math.abs(y - drag.lastY) < DRAG_PX) return;
    drag.moved = true;
    control.hover.value = null;
    if (drag.kind === 'pan') {
      control.pan(drag.lastX - x);
      if (event.pointerType !== 'touch') control.scrollBy(drag.lastY - y);
    } else if (drag.kind === 'scroll') control.scrollBy(((y - drag.lastY) * scene.contentHeight) / scene.height);
    else {
      const time = scene.view.time(Math.max(0, Math.min(scene.view.width, x)));
      control.setRange([Math.min(drag.time, time), Math.max(drag.time, time)]);
    }
    drag.lastX = x;
    drag.lastY = y;
  };

  const up = (event: PointerEvent): void => {
    touches.delete(event.pointerId);
    const ended = drag;
    drag = null;
    if (!ended || ended.moved) return;
    const { x, y } = at(event);
    const hit = scene.hitAt(x, y);
    if (hit?.kind === 'span') control.select(hit.number);
    else if (hit?.kind === 'open') control.selectOpen(hit.open);
    // Of all runs the task's own run is the place to read it.
    if (hit && scene.all) control.open();
    if (!hit) {
      control.setRange(null);
      control.clear();
    }
    if (event.pointerType === 'touch') hover(x, y, isLow(event));
  };

  const cancel = (event: PointerEvent): void => {
    touches.delete(event.pointerId);
    drag = null;
  };

  const twice = (event: MouseEvent): void => {
    const { x, y } = at(event);
    const hit = scene.hitAt(x, y);
    if (hit?.kind === 'span') control.fitSpan(hit.number);
  };

  const wheel = (event: WheelEvent): void => {
    const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      control.zoom(Math.exp(Math.max(-1, Math.min(1, event.deltaY * unit * 0.004))), at(event).x);
      return;
    }
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (Math.abs(sideways) > (event.shiftKey ? 0 : Math.abs(event.deltaY))) {
      event.preventDefault();
      control.pan(sideways * unit);
    } else if (control.scrollBy(event.deltaY * unit)) event.preventDefault();
  };

  return listenTo(canvas, { pointerdown: down, pointermove: move, pointerup: up, pointercancel: cancel, pointerleave: leave, dblclick: twice, wheel });
}

/** Whether there is no room for words below the pointer. */
const isLow = (event: PointerEvent): boolean => event.clientY > window.innerHeight - 230;

function distance(touches: Map<number, { x: number; y: number }>): number {
  const [a, b] = [...touches.values()];
  return a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0;
}

/** A drag chooses the window, or moves the one that is there by its middle; a press brings it there. */
export function listenMinimap(control: Control, canvas: HTMLCanvasElement): () => void {
  const { scene } = control;
  let grab: { time: number; moves: boolean; from: number; to: number } | null = null;
  const timeAt = (event: PointerEvent): number => {
    const box = canvas.getBoundingClientRect();
    const span = minimapSpan(scene);
    return span.from + ((event.clientX - box.left) / box.width) * (span.to - span.from);
  };
  const down = (event: PointerEvent): void => {
    const time = timeAt(event);
    const { from, to } = scene.view;
    grab = { time, moves: time > from && time < to && !scene.view.fit, from, to };
    canvas.setPointerCapture(event.pointerId);
  };
  const move = (event: PointerEvent): void => {
    if (!grab) return;
    const time = timeAt(event);
    if (grab.moves) control.show(grab.from + time - grab.time, grab.to + time - grab.time);
    else if (Math.abs(time - grab.time) > scene.view.usPerPixel * 0.01) control.show(Math.min(time, grab.time), Math.max(time, grab.time));
  };
  const up = (event: PointerEvent): void => {
    const time = timeAt(event);
    if (grab && !grab.moves && Math.abs(time - grab.time) < 1) {
      const half = (scene.view.to - scene.view.from) / 2;
      control.show(time - half, time + half);
    }
    grab = null;
  };
  return listenTo(canvas, { pointerdown: down, pointermove: move, pointerup: up });
}
