// A value in one line, asked for when its row is there: what a variable holds, or the last item of a topic.

import type { Query } from '../../api/client';
import { useResource } from '../../api/resource';
import { line } from '../../ui/text';

interface Answer {
  value?: unknown;
  items?: { value: unknown }[];
}

export function Peek({ where, query = {} }: { where: string; query?: Query }) {
  const { data } = useResource<Answer>(where, { query, every: 5000 });
  const value = data?.items ? data.items.at(-1)?.value : data?.value;
  return value === undefined ? <span class="quiet">–</span> : <code class="ellipsis">{line(JSON.stringify(value), 120)}</code>;
}
