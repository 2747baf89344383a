// The server's token, where it asks for one: given in the page's fragment (`#token=…`) or typed into the dialog, kept for this tab,
// and never part of a request's address.

import { signal } from '../state/signals';

const KEY = 'wask.token';

export const token = signal<string | null>(null);

/** Whether the server refused a request for want of a token. */
export const tokenWanted = signal(false);

export function setToken(next: string): void {
  token.value = next;
  tokenWanted.value = false;
  try {
    sessionStorage.setItem(KEY, next);
  } catch {
    // Without storage the token lasts as long as the page.
  }
}

/** Takes the token out of the address, so that it is neither kept in the history nor copied along. */
export function takeToken(): void {
  try {
    token.value = sessionStorage.getItem(KEY);
  } catch {
    token.value = null;
  }
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given === null) return;
  setToken(given);
  history.replaceState(history.state, '', location.pathname + location.search);
}
