// Where the page is: path and query as signals over the browser's history, the table of pages, and links that do not load anew.

import { computed, signal } from '../state/signals';

export type Route =
  | { page: 'overview' }
  | { page: 'runs' }
  | { page: 'run'; id: string }
  | { page: 'workers' }
  | { page: 'modules' }
  | { page: 'module'; reference: string }
  | { page: 'sync' }
  | { page: 'api' }
  | { page: 'unknown'; path: string };

/** What a path names. */
export function parsePath(path: string): Route {
  const parts = path.split('/').filter((part) => part !== '');
  const [head, second] = parts;
  if (parts.length === 0) return { page: 'overview' };
  const id = second === undefined ? null : decode(second);
  if (parts.length === 1) {
    if (head === 'runs' || head === 'workers' || head === 'modules' || head === 'sync' || head === 'api') return { page: head };
  }
  if (parts.length === 2 && id !== null) {
    if (head === 'runs') return { page: 'run', id };
    if (head === 'modules') return { page: 'module', reference: id };
  }
  return { page: 'unknown', path };
}

export const runPath = (id: string) => `/runs/${encodeURIComponent(id)}`;
export const modulePath = (reference: string) => `/modules/${encodeURIComponent(reference)}`;

const here = typeof location === 'undefined' ? null : location;
export const pathname = signal(here?.pathname ?? '/');
export const search = signal(here?.search ?? '');
export const route = computed(() => parsePath(pathname.value));
export const query = computed(() => new URLSearchParams(search.value));

/** Another page; `replace` leaves no step to go back to. */
export function navigate(to: string, { replace = false } = {}): void {
  const target = new URL(to, location.href);
  const there = target.pathname + target.search;
  if (there === location.pathname + location.search) return;
  if (replace) history.replaceState(null, '', there);
  else history.pushState(null, '', there);
  read();
}

/** Changes parameters of the query; null takes one away. */
export function setQuery(changes: Record<string, string | null>, { push = false } = {}): void {
  const next = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') next.delete(name);
    else next.set(name, value);
  }
  const text = next.toString();
  navigate(location.pathname + (text ? `?${text}` : ''), { replace: !push });
}

function read(): void {
  pathname.value = location.pathname;
  search.value = location.search;
}

/** Takes over clicks on links to pages of ours, and the browser's back and forward. */
export function startRouter(): void {
  addEventListener('popstate', read);
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
    if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (link.hash && link.pathname === location.pathname) return;
    if (parsePath(link.pathname).page === 'unknown') return;
    event.preventDefault();
    navigate(link.href);
  });
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
