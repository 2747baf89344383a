// The only file that talks to the server.

const BASE = '/api/v1';

export async function get(path) {
  const answer = await fetch(BASE + path, { headers: { accept: 'application/json' } });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail ?? body.title ?? `HTTP ${answer.status}`);
  return body;
}

/** Calls `changed` soon after something happened; several events make one call. */
export function watch(path, changed, lost) {
  const source = new EventSource(BASE + path);
  let planned = false;
  const soon = () => {
    if (planned) return;
    planned = true;
    setTimeout(() => { planned = false; changed(); }, 500);
  };
  source.onopen = soon;
  source.onmessage = soon;
  for (const kind of ['task', 'run', 'module', 'tasks-added', 'run-submitted', 'run-finished', 'run-closed', 'run-deleted', 'released']) {
    source.addEventListener(kind, soon);
  }
  source.onerror = lost;
  return source;
}
