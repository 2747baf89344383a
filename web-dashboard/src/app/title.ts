// The page's title and its small picture in the tab: both tell how the run that is looked at is doing.

import { effect, signal } from '@preact/signals';
import { plain } from '../ui/text';

/** `failed 3 - run 42`; the name of the program is added. */
export const title = signal('');
/** What the tab's picture shows: nothing, work, success or failure. */
export const badge = signal<'none' | 'running' | 'succeeded' | 'failed' | 'cancelled'>('none');

const DOTS: Record<string, string> = {
  running: '<circle cx="24" cy="24" r="7" fill="#fff"/><circle cx="24" cy="24" r="5.5" fill="#1d62c4"/>',
  succeeded: '<circle cx="24" cy="24" r="8" fill="#177a4b"/><path d="M20 24l3 3 5-6" stroke="#fff" stroke-width="2.4" fill="none"/>',
  failed: '<circle cx="24" cy="24" r="8" fill="#c4232f"/><path d="M21 21l6 6M27 21l-6 6" stroke="#fff" stroke-width="2.4"/>',
  cancelled: '<circle cx="24" cy="24" r="8" fill="#626c7f"/><path d="M20 24h8" stroke="#fff" stroke-width="2.4"/>',
};

const BASE =
  '<rect width="32" height="32" rx="7" fill="#2f4bd8"/><g fill="#fff"><rect x="6" y="8" width="12" height="4" rx="1"/>' +
  '<rect x="20" y="8" width="6" height="4" rx="1" opacity=".6"/><rect x="6" y="14" width="5" height="4" rx="1" opacity=".6"/>' +
  '<rect x="13" y="14" width="13" height="4" rx="1"/><rect x="6" y="20" width="9" height="4" rx="1"/></g>';

export function startTitle(): void {
  effect(() => {
    const text = plain(title.value);
    document.title = text ? `${text} · Wask` : 'Wask';
  });
  effect(() => {
    const link = document.querySelector<HTMLLinkElement>('link[rel=icon]');
    const dot = DOTS[badge.value];
    if (!link) return;
    const picture = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${BASE}${dot ?? ''}</svg>`;
    link.href = dot ? `data:image/svg+xml,${encodeURIComponent(picture)}` : '/icon.svg';
  });
}
