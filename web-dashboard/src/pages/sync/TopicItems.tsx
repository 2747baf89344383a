// The last item of a topic.

import { path } from '../../api/client';
import { useResource } from '../../api/resource';
import { line } from '../../ui/text';

export function TopicItems({ name, next }: { name: string; next: number }) {
  // Items come after an offset; the last one after the one before it.
  const query = next >= 2 ? { after: next - 2 } : {};
  const known = useResource<{ items: { offset: number; value: unknown }[] }>(next > 0 ? path('/sync/topics', name) : null, { query });
  const last = known.data?.items.at(-1);
  return last ? <code class="ellipsis">{line(JSON.stringify(last.value) ?? '', 100)}</code> : <span class="quiet">–</span>;
}
