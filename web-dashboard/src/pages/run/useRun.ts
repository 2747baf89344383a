// Everything about a run, live: asked once, kept current by the feed's ticks, or by asking again where there are none.

import { useEffect } from '../../state/hooks';
import { useResource } from '../../api/resource';
import type { ApiError } from '../../api/client';
import { path } from '../../api/client';
import type { RunDetail } from '../../api/types';
import { shownTick } from '../../app/live';
import type { RunFeed } from '../../data/feed';
import { useEvery } from '../../ui/useEvery';

const POLL_MS = 1000;

export interface LiveRun {
  run: RunDetail | null;
  error: ApiError | null;
  reload: () => void;
  /** Microseconds since 1970 at the server. */
  nowUs: number | null;
}

export function useRun(id: string, feed: RunFeed | null): LiveRun {
  const tick = shownTick(feed);
  const stale = feed?.stale.value ?? null;
  const live = tick !== null && stale === null && tick.run !== undefined;
  const asked = useResource<RunDetail>(path('/runs', id), { every: live ? null : POLL_MS });
  const state = tick?.run?.state ?? null;

  // Outputs and failures come only with the whole answer: asked for when the run changes its state, and now and then while it works.
  const asksAnew = live && state === 'running';
  useEffect(() => {
    if (state !== null && asked.data !== null && asked.data.state !== state) asked.reload();
  }, [state, asked.data?.state]);
  useEvery(asksAnew ? 5000 : null, asked.reload, []);

  const base = asked.data;
  const isSame = base !== null && tick?.run !== undefined && tick.run.id === base.id;
  const run = base !== null && isSame && tick?.run !== undefined
    ? { ...base, ...tick.run, counts: tick.counts, functions: tick.functions }
    : base;
  return { run, error: asked.error, reload: asked.reload, nowUs: tick?.now_us ?? null };
}
