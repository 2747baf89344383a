// The theme: auto, light or dark, remembered in this browser. `shade` is what is in force; canvases redraw when it changes, reading
// the style sheet's variables (`--c0` to `--c11`, `--bg`, `--ink`, …) again.

import { computed, effect, signal } from '../state/signals';

export type Theme = 'auto' | 'light' | 'dark';

const KEY = 'wask.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');
const systemIsDark = signal(dark.matches);
dark.addEventListener('change', (event) => (systemIsDark.value = event.matches));

export const theme = signal<Theme>(remembered());

export const shade = computed<'light' | 'dark'>(() => {
  if (theme.value !== 'auto') return theme.value;
  return systemIsDark.value ? 'dark' : 'light';
});

effect(() => {
  document.documentElement.dataset.theme = shade.value;
});

export function setTheme(next: Theme): void {
  theme.value = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Storage may be forbidden; then the choice lasts as long as the page.
  }
}

/** auto, light, dark, auto, … */
export function nextTheme(): void {
  setTheme(theme.value === 'auto' ? 'light' : theme.value === 'light' ? 'dark' : 'auto');
}

function remembered(): Theme {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === 'light' || kept === 'dark' ? kept : 'auto';
  } catch {
    return 'auto';
  }
}
