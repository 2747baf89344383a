// The same question or action as a command for a shell, the command line or Python.

/** One argument for a POSIX shell. */
export function shell(text: string): string {
  return /^[\w@%+=:,./~-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** A Python string. */
export function python(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export interface Commands {
  curl: string;
  cli: string;
  python: string;
}

export function taskCommands(origin: string, run: string, key: string): Commands {
  const where = `${origin}/api/v1/runs/${encodeURIComponent(run)}/tasks/${encodeURIComponent(key)}`;
  return {
    curl: `curl -s ${shell(`${where}/result?wait=30s`)}`,
    cli: `wask result ${shell(run)} ${shell(key)} --server ${shell(origin)}`,
    python: `from wask import Client\n\nclient = Client(${python(origin)})\nprint(client.future(${python(run)}, ${python(key)}).result(timeout=30))`,
  };
}

/** A request as a curl command. */
export function curl(method: string, address: string, headers: Record<string, string> = {}, body: string | null = null): string {
  const parts = ['curl -s'];
  if (method !== 'GET') parts.push(`-X ${method}`);
  parts.push(shell(address));
  for (const [name, value] of Object.entries(headers)) parts.push(`-H ${shell(`${name}: ${value}`)}`);
  if (body !== null && body !== '') parts.push(`--data-binary ${shell(body)}`);
  return parts.join(' ');
}
