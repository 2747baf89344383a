// The keyboard: which keys do what outside of canvases (those have their own while they are focused), and whether the
// sheet that `?` shows is open; its words are in `index.html`.
// Single keys can be switched off (WCAG 2.1.4) and never act while something is being typed.

import { signal } from '../state/signals';
import { navigate } from './router';

const OFF = 'wask.keys-off';
export const singleKeys = signal(remembered());
export const sheetOpen = signal(false);
export const paletteOpen = signal(false);

const local = new Map<string, () => void>();

/** Adds keys while a component is there; gives back what takes them away. */
export function bindKeys(keys: Record<string, () => void>): () => void {
  for (const [key, act] of Object.entries(keys)) local.set(key, act);
  return () => {
    for (const [key, act] of Object.entries(keys)) if (local.get(key) === act) local.delete(key);
  };
}

export function setSingleKeys(on: boolean): void {
  singleKeys.value = on;
  try {
    localStorage.setItem(OFF, on ? '' : '1');
  } catch {
    // Then it lasts as long as the page.
  }
}

const PAGES: Record<string, string> = { o: '/', r: '/runs', w: '/workers', m: '/modules', s: '/sync', a: '/api' };
const CHORD_MS = 1200;

export function startKeys(): void {
  let chord = 0;
  // The second key of `g o` goes before the canvases, which have their own use for some of these.
  document.addEventListener('keydown', (event) => {
    const began = chord;
    chord = 0;
    const page = PAGES[event.key];
    if (Date.now() - began > CHORD_MS || page === undefined || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    event.preventDefault();
    event.stopPropagation();
    navigate(page);
  }, { capture: true });
  document.addEventListener('keydown', (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      paletteOpen.value = !paletteOpen.value;
      return;
    }
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape') {
      if (!document.querySelector('dialog[open]')) local.get('Escape')?.();
      return;
    }
    if (!singleKeys.value || isTyping(event.target) || document.querySelector('dialog[open]')) return;
    if (event.key === 'g') {
      chord = Date.now();
    } else if (event.key === '?') {
      sheetOpen.value = true;
      event.preventDefault();
    } else if (event.key === '/') {
      const field = document.querySelector<HTMLInputElement>('main input[type=search]');
      if (field) {
        field.focus();
        event.preventDefault();
      }
    } else {
      const act = local.get(event.key);
      // A canvas that has the focus knows better; it prevents the default of keys it takes.
      if (act && !(event.key === 'Enter' && isPressable(event.target))) act();
    }
  });
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function isPressable(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('button, a, summary, [role=tab]') !== null;
}

function remembered(): boolean {
  try {
    return localStorage.getItem(OFF) !== '1';
  } catch {
    return true;
  }
}
