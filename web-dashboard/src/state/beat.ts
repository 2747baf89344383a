// One clock for whatever moves by itself: feeds, pictures and counters ask here, and move together in one frame. `pace.ts` says when.

import { newsAfter, pauseAfter, RARE_MS, smoothed } from './pace';
import { signal } from './signals';

/** Pictures that move with the time alone wait a little longer than those with news, so that one drawing shows both. */
const PATIENCE = 1.25;
const FRAME_MS = 17;
/** One frame that came when the page was shown again says little. */
const LATE_MOST_MS = 200;

const inPage = typeof document !== 'undefined';
const calm = inPage ? matchMedia('(prefers-reduced-motion: reduce)') : null;
/** What to do, and how long after the last drawing; undefined: it is news. */
const due = new Map<() => void, number | undefined>();
let last = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
let dueAt = Infinity;
let touched = -Infinity;
let cost = 0;
let late = 0;

/** Whether the server is on this machine, and has more tasks than slots. */
export const crowded = signal(false);
/** Whether the page is drawn about once a second, or not at all. */
export const rare = signal(false);

function pause(): number {
  const hidden = document.hidden;
  const ms = pauseAfter({ hidden, focused: document.hasFocus(), crowded: crowded.peek(), calm: calm!.matches, idle: performance.now() - touched, cost, late });
  rare.value = ms >= RARE_MS;
  return ms;
}

/** Calls `act` once, with the next drawing; at once where nothing is drawn. With `waitMs` it is only that time has passed. */
export function withNext(act: () => void, waitMs?: number): () => void {
  if (!inPage || (document.hidden && waitMs === undefined)) {
    act();
    return () => undefined;
  }
  due.set(act, waitMs);
  plan();
  return () => due.delete(act);
}

function plan(): void {
  if (due.size === 0) return;
  const ms = pause();
  let least = Infinity;
  for (const wait of due.values()) least = Math.min(least, wait === undefined ? newsAfter(ms, cost) : Math.max(PATIENCE * ms, wait));
  const at = Math.max(performance.now(), last + least);
  if (timer !== undefined && at >= dueAt && dueAt > performance.now()) return;
  clearTimeout(timer);
  timer = undefined;
  if (at === Infinity) return;
  dueAt = at;
  timer = setTimeout(beat, at - performance.now());
}

function beat(): void {
  timer = undefined;
  last = performance.now();
  const delay = last - dueAt;
  // What is added meanwhile has its turn too.
  for (const act of due.keys()) {
    due.delete(act);
    act();
  }
  const script = performance.now() - last;
  requestAnimationFrame(() => {
    const framed = performance.now();
    late = smoothed(late, Math.min(LATE_MOST_MS, Math.max(delay, framed - last - script - FRAME_MS)));
    setTimeout(() => (cost = smoothed(cost, script + performance.now() - framed)));
  });
  plan();
}

/** Draws now. */
function wake(): void {
  last = 0;
  pause();
  plan();
}

if (inPage) {
  document.addEventListener('visibilitychange', wake);
  for (const name of ['focus', 'blur']) addEventListener(name, wake);
  for (const name of ['pointermove', 'pointerdown', 'keydown', 'wheel']) {
    addEventListener(name, () => {
      const before = touched;
      touched = performance.now();
      if (touched - before > FRAME_MS) plan();
    }, { capture: true, passive: true });
  }
}
