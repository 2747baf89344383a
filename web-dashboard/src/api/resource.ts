// A GET that a component shows: asked again when its address changes, at an interval, or on demand; given up when the component goes.
// A hidden tab does not ask.

import { useCallback, useEffect, useRef, useState } from '../state/hooks';
import { useEvery } from '../ui/useEvery';
import { type ApiError, asApiError, get, isAbort, type Query, url } from './client';

export interface Resource<T> {
  /** The last answer; it stays while the next one is on its way, and when that fails. */
  data: T | null;
  error: ApiError | null;
  loading: boolean;
  reload: () => void;
}

export interface ResourceOptions {
  query?: Query;
  /** Milliseconds between questions; null or absent: asked once. */
  every?: number | null;
  /** When it is another one, the same is asked again. */
  anew?: string | number;
}

/** With `where` null nothing is asked. */
export function useResource<T>(where: string | null, { query = {}, every = null, anew = 0 }: ResourceOptions = {}): Resource<T> {
  const address = where === null ? null : url(where, query);
  const [state, setState] = useState<{ address: string | null; data: T | null; error: ApiError | null; loading: boolean }>({
    address, data: null, error: null, loading: address !== null,
  });
  const [round, setRound] = useState(0);
  const asking = useRef<AbortController | null>(null);
  const reload = useCallback(() => setRound((before) => before + 1), []);

  useEffect(() => {
    if (where === null) return;
    const controller = new AbortController();
    asking.current = controller;
    setState((before) => ({ address, data: before.address === address ? before.data : null, error: before.error, loading: true }));
    get<T>(where, query, controller.signal).then(
      (data) => setState({ address, data, error: null, loading: false }),
      (error: unknown) => {
        if (isAbort(error) || controller.signal.aborted) return;
        setState((before) => ({ ...before, error: asApiError(error), loading: false }));
      },
    );
    return () => controller.abort();
    // The query is part of the address.
  }, [address, round, anew]);

  useEffect(() => {
    if (where === null || every === null) return;
    const again = (): void => { if (!document.hidden) reload(); };
    document.addEventListener('visibilitychange', again);
    return () => document.removeEventListener('visibilitychange', again);
  }, [address, every]);
  useEvery(where === null ? null : every, reload, [address]);

  const current = state.address === address;
  return { data: current ? state.data : null, error: current ? state.error : null, loading: state.loading || !current, reload };
}
