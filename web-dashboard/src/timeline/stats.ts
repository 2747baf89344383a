// Figures for tests, since a canvas has no DOM: `window.__dash` says what is drawn, and what the last frame cost.

declare global {
  interface Window {
    __dash?: Record<string, unknown>;
  }
}

/** Puts `probe` at `window.__dash[name]`; answers how to take it away. */
export function expose(name: string, probe: () => Record<string, unknown>): () => void {
  const all = (window.__dash ??= {});
  all[name] = probe;
  return () => {
    if (all[name] === probe) delete all[name];
  };
}
