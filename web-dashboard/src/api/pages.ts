// Lists that the server answers page by page: more of them on demand, and all loaded ones anew at an interval.

import { useCallback, useEffect, useRef, useState } from '../state/hooks';
import { useEvery } from '../ui/useEvery';
import { type ApiError, asApiError, get, isAbort, type Query, url } from './client';
import type { Page } from './types';

export interface Pages<T> {
  items: T[];
  /** How many there are at the server; null before the first answer. */
  total: number | null;
  error: ApiError | null;
  loading: boolean;
  /** Null when everything is loaded. */
  more: (() => void) | null;
  reload: () => void;
}

interface State<T> {
  address: string;
  items: T[];
  next: string | null;
  total: number | null;
  error: ApiError | null;
  loading: boolean;
}

/** More than this many are not asked for again at an interval; then only the counts of the run tell what is new. */
const REFRESH_MAX = 500;

export function usePages<T>(where: string, query: Query, { size = 200, every = null, anew = 0 }: { size?: number; every?: number | null; anew?: string | number } = {}): Pages<T> {
  const address = url(where, query);
  const blank: State<T> = { address, items: [], next: null, total: null, error: null, loading: true };
  const [kept, setState] = useState<State<T>>(blank);
  const state = kept.address === address ? kept : blank;
  const now = useRef(state);
  now.current = state;
  const busy = useRef<AbortController | null>(null);

  const load = useCallback((cursor: string | null, limit: number) => {
    busy.current?.abort();
    const controller = new AbortController();
    busy.current = controller;
    get<Page<T>>(where, { ...query, cursor, limit }, controller.signal).then(
      (page) => setState((before) => {
        const known = cursor !== null && before.address === address ? before.items : [];
        return { address, items: [...known, ...page.items], next: page.next, total: page.total, error: null, loading: false };
      }),
      (error: unknown) => {
        if (isAbort(error) || controller.signal.aborted) return;
        setState((before) => ({ ...(before.address === address ? before : blank), error: asApiError(error), loading: false }));
      },
    ).finally(() => {
      if (busy.current === controller) busy.current = null;
    });
  }, [address]);

  const reload = useCallback(() => load(null, Math.min(Math.max(now.current.items.length, size), REFRESH_MAX)), [load, size]);

  useEffect(() => {
    load(null, size);
    return () => busy.current?.abort();
  }, [load, size]);

  // What changed since is asked for without losing what is loaded.
  useEffect(() => { if (now.current.total !== null) reload(); }, [anew]);

  useEvery(every, () => {
    if (busy.current === null && now.current.items.length <= REFRESH_MAX) reload();
  }, [reload]);

  const more = useCallback(() => {
    if (busy.current === null && now.current.next !== null) load(now.current.next, Math.max(size, 500));
  }, [load, size]);

  return { items: state.items, total: state.total, error: state.error, loading: state.loading, more: state.next === null ? null : more, reload };
}
