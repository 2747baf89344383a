// What a page shows instead of, or above, its content: an error as the server put it, emptiness, waiting.

import type { ComponentChildren } from 'preact';
import type { ApiError } from '../api/client';
import { plain } from './text';

export function Problem({ error, retry }: { error: ApiError; retry?: () => void }) {
  return (
    <div class="notice bad" role="alert">
      <strong>{plain(error.title)}</strong>
      {error.detail && <p>{plain(error.detail)}</p>}
      {error.errors.length > 0 && (
        <ul>
          {error.errors.slice(0, 20).map((one) => <li key={`${one.pointer}${one.detail}`}><code>{plain(one.pointer ?? '')}</code> {plain(one.detail)}</li>)}
        </ul>
      )}
      {error.help && <p>{plain(error.help)}</p>}
      {retry && <button type="button" class="button small" onClick={retry}>Ask again</button>}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** Grey lines where something will be; only heard, not seen, while it is quick. */
export function Loading({ what = 'Loading' }: { what?: string }) {
  return <div class="loading" role="status" aria-label={what}><i /><i /><i /></div>;
}

export function Section({ title, children, actions, id, class: extra = '' }: {
  title: ComponentChildren; children: ComponentChildren; actions?: ComponentChildren; id?: string; class?: string;
}) {
  return (
    <section class={`card ${extra}`} {...(id ? { id } : {})}>
      <header class="card-head"><h2>{title}</h2>{actions && <div class="actions">{actions}</div>}</header>
      {children}
    </section>
  );
}

/** Name and value, one line each. */
export function Facts({ rows }: { rows: [name: string, value: ComponentChildren][] }) {
  return <dl class="facts">{rows.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>;
}
