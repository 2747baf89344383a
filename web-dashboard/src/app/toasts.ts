// Short messages that come and go, and words for screen readers. What matters is on the page itself; these only tell that it happened.

import { signal } from '../state/signals';
import { plain } from '../ui/text';
import { ApiError, isAbort, wordsOf } from '../api/client';

export interface Toast {
  id: number;
  text: string;
  tone: 'plain' | 'good' | 'bad';
  link?: { href: string; text: string };
}

const SHOWN_MS = 6000;
let last = 0;

export const toasts = signal<Toast[]>([]);
/** What screen readers hear next. */
export const spoken = signal('');

export function toast(given: { text: string; tone?: Toast['tone']; link?: Toast['link'] }): void {
  last += 1;
  const one: Toast = { id: last, text: given.text, tone: given.tone ?? 'plain', ...(given.link && { link: given.link }) };
  toasts.value = [...toasts.value.slice(-3), one];
  setTimeout(() => dismiss(one.id), one.tone === 'bad' ? 2 * SHOWN_MS : SHOWN_MS);
}

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

/** Says something without showing it. */
export function announce(text: string): void {
  const words = plain(text);
  spoken.value = spoken.value === words ? `${words}\u00a0` : words;
}

/** Tells of anything that was thrown by an action. */
export function tellError(error: unknown): void {
  if (isAbort(error)) return;
  const help = error instanceof ApiError && error.help ? ` ${error.help}` : '';
  toast({ text: wordsOf(error) + help, tone: 'bad' });
}
