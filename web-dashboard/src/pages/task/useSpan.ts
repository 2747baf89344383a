// What the feed's span of a task knows beyond what the server tells of the task: fetching, parking and storing.

import { useEffect, useMemo } from '../../state/hooks';
import type { TaskDetail } from '../../api/types';
import type { RunFeed } from '../../data/feed';
import { spansOfTasks } from '../../data/queries';
import { selection } from '../../state/selection';
import { learnTask } from '../../state/task';
import type { SpanTimes } from './phases';

export function useSpan(feed: RunFeed | null, task: TaskDetail): SpanTimes | null {
  const place = task.index ?? selection.task.value;
  useEffect(() => { if (task.index !== undefined) learnTask(task.index, task.key); }, [task.index, task.key]);
  // Only an attempt that ended has a span; the search is not repeated with every tick.
  return useMemo(() => {
    if (feed === null || place === null || task.finished_at === null) return null;
    const number = spansOfTasks(feed.store, new Set([place])).get(place);
    const row = number === undefined ? null : feed.store.row(number);
    return row && { fetch_us: row.fetch, store_us: row.store, parked_us: row.parked };
  }, [feed, place, task.finished_at, feed?.loading.value]);
}
