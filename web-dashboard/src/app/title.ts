// The page's title and its small picture in the tab: both tell how the run that is looked at is doing.

import { effect, signal } from '../state/signals';
import { plain } from '../ui/text';

/** `failed 3 - run 42`; the name of the program is added. */
export const title = signal('');
/** What the tab's picture shows: nothing, work, success or failure. */
export const badge = signal<'none' | 'running' | 'succeeded' | 'failed' | 'cancelled'>('none');

const DOTS: Record<string, string> = {
  running: '<circle cx="23" cy="23" r="8" fill="#1d62c4"/>',
  succeeded: '<circle cx="23" cy="23" r="8" fill="#177a4b"/>',
  failed: '<path d="M15 15h16v16h-16z" fill="#c4232f"/>',
  cancelled: '<path d="M15 20h16v7h-16z" fill="#626c7f"/>',
};

export function startTitle(): void {
  effect(() => {
    const text = plain(title.value);
    document.title = text ? `${text} · Wask` : 'Wask';
  });
  effect(() => {
    const link = document.querySelector<HTMLLinkElement>('link[rel=icon]');
    const dot = DOTS[badge.value];
    const brand = document.getElementById('i-brand');
    if (!link || !brand) return;
    const picture = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${new XMLSerializer().serializeToString(brand)}<use href="#i-brand"/><g stroke="#fff" stroke-width="2">${dot}</g></svg>`;
    link.href = dot ? `data:image/svg+xml,${encodeURIComponent(picture)}` : '/icon.svg';
  });
}
