// The value of a variable, asked for when it is wanted.

import { path } from '../../api/client';
import { useResource } from '../../api/resource';
import { line } from '../../ui/text';

export function VariableValue({ name }: { name: string }) {
  const known = useResource<{ value: unknown }>(path('/sync/variables', name), { every: 5000 });
  if (!known.data) return <span class="quiet">{known.error ? line(known.error.detail, 60) : '…'}</span>;
  return <code class="ellipsis">{line(JSON.stringify(known.data.value) ?? '', 120)}</code>;
}
