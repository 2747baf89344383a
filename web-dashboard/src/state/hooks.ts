// What components keep between two drawings: memory, state, effects; and that a component is drawn again when a signal changed that it
// read while it was drawn. Effects run after the browser painted, those of children first.

import { Component, options, type ComponentChild, type RefObject, type VNode } from 'preact';
import { signal, track, Watcher, type Signal } from './signals';

/** What one call of a hook keeps. */
interface Slot {
  value?: unknown;
  deps?: readonly unknown[];
  /** An effect that is due, and what ends the one before. */
  act?: (() => Ending) | undefined;
  end?: Ending;
}

type Ending = void | (() => unknown);

interface Kept {
  readonly slots: Slot[];
  readonly watcher: Watcher;
  due: boolean;
}

/** Hidden tabs paint nothing; their effects run all the same. */
const LATEST_MS = 100;

const memory = new WeakMap<Component, Kept>();
const waiting = new Set<Kept>();
let drawn: Component;
let kept: Kept;
let at = 0;
let ids = 0;

/** The next slot of the component that is being drawn, and whether what it depends on changed. */
function next(deps: readonly unknown[] | undefined): [slot: Slot, changed: boolean] {
  const slot = (kept.slots[at++] ??= {});
  const before = slot.deps;
  const changed = !before || !deps || deps.length !== before.length || deps.some((one, n) => !Object.is(one, before[n]));
  if (changed) slot.deps = deps ?? [];
  return [slot, changed];
}

/** Made anew when one of `deps` changed. */
export function useMemo<T>(make: () => T, deps: readonly unknown[]): T {
  const [slot, changed] = next(deps);
  if (changed) slot.value = make();
  return slot.value as T;
}

export const useCallback = <F>(callback: F, deps: readonly unknown[]): F => useMemo(() => callback, deps);

export const useRef = <T>(first: T | null): RefObject<T> & { current: T } => useMemo(() => ({ current: first }), []) as RefObject<T> & { current: T };

/** A signal that lives as long as the component. */
export const useSignal = <T>(first: T): Signal<T> => useMemo(() => signal(first), []);

/** An id for elements of this component. */
export const useId = (): string => useMemo(() => `id-${++ids}`, []);

/** A value, and how to give the component another one, which draws it again. */
export function useState<T>(first: T | (() => T)): [T, (next: T | ((before: T) => T)) => void] {
  const mine = drawn;
  const state = useMemo(() => ({
    value: first instanceof Function ? first() : first,
    set: (given: T | ((before: T) => T)): void => {
      const value = given instanceof Function ? given(state.value) : given;
      if (Object.is(value, state.value)) return;
      state.value = value;
      mine.forceUpdate();
    },
  }), []);
  return [state.value, state.set];
}

/** Runs `act` when the component was drawn first, and when one of `deps` changed; what it gives back ends it. */
export function useEffect(act: () => Ending, deps?: readonly unknown[]): void {
  const [slot, changed] = next(deps);
  if (!changed) return;
  slot.act = act;
  kept.due = true;
}

function end(slot: Slot): void {
  const { end } = slot;
  slot.end = undefined;
  end?.();
}

function run({ slots }: Kept): void {
  const due = slots.filter((slot) => slot.act);
  due.forEach(end);
  for (const slot of due) {
    const { act } = slot;
    slot.act = undefined;
    slot.end = act?.();
  }
}

function runAll(): void {
  for (const one of waiting) {
    waiting.delete(one);
    run(one);
  }
}

/** After the next painting, or soon where nothing is painted. */
function later(): void {
  let late: ReturnType<typeof setTimeout>;
  const go = (): void => {
    clearTimeout(late);
    cancelAnimationFrame(frame);
    setTimeout(runAll);
  };
  late = setTimeout(go, LATEST_MS);
  const frame = requestAnimationFrame(go);
}

// Preact calls these when it begins and ends to draw a node, and when the node goes. Their names are Preact's.
type Drawn = VNode & { __c?: Component };
interface Calls {
  __r?: (node: Drawn) => void;
  diffed?: (node: Drawn) => void;
  unmount?: (node: Drawn) => void;
}
const calls = options as Calls;

calls.__r = ({ __c: component }) => {
  if (!component) return;
  const known = memory.get(component);
  if (known && waiting.delete(known)) run(known);
  drawn = component;
  at = 0;
  if (known) {
    kept = known;
    return;
  }
  kept = { slots: [], watcher: new Watcher(() => component.forceUpdate()), due: false };
  memory.set(component, kept);
  const { watcher } = kept;
  const draw = component.render;
  component.render = (...given): ComponentChild => track(watcher, () => draw.apply(component, given) as ComponentChild);
};

calls.diffed = ({ __c: component }) => {
  const mine = component && memory.get(component);
  if (!mine?.due) return;
  mine.due = false;
  if (waiting.size === 0) later();
  waiting.add(mine);
};

calls.unmount = ({ __c: component }) => {
  const mine = component && memory.get(component);
  if (!mine) return;
  waiting.delete(mine);
  mine.watcher.stop();
  mine.slots.forEach(end);
};

/** A component that reads signals is drawn again for those and for other properties, not each time its parent is. */
Component.prototype.shouldComponentUpdate = function (this: Component, next: object): boolean {
  if (!memory.get(this)?.watcher.sources.size) return true;
  const [mine, others] = [this.props as Record<string, unknown>, next as Record<string, unknown>];
  return Object.keys({ ...mine, ...others }).some((name) => mine[name] !== others[name]);
};
