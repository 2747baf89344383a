// JSON as the server wrote it, indented for reading. It works on the text, so that integers of 64 bits keep their digits.

const WIDTH = 88;

/** Indented JSON; short lists and objects stay in one line. Text that is not JSON comes back as it is. */
export function prettyJson(text: string): string {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g);
  if (!tokens || !isJson(text)) return text;
  let at = 0;
  const value = (indent: string): string => {
    const token = tokens[at] ?? '';
    at += 1;
    if (token !== '{' && token !== '[') return token;
    const close = token === '{' ? '}' : ']';
    const inner = `${indent}  `;
    const parts: string[] = [];
    while (at < tokens.length && tokens[at] !== close) {
      if (tokens[at] === ',') {
        at += 1;
        continue;
      }
      if (token === '{') {
        const key = tokens[at] ?? '';
        at += 2;
        parts.push(`${key}: ${value(inner)}`);
      } else parts.push(value(inner));
    }
    at += 1;
    if (parts.length === 0) return token + close;
    const flat = parts.join(', ');
    if (indent.length + flat.length + 2 <= WIDTH && !flat.includes('\n')) return token === '{' ? `{ ${flat} }` : `[${flat}]`;
    return `${token}\n${parts.map((part) => inner + part).join(',\n')}\n${indent}${close}`;
  };
  return value('');
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The first bytes as people read them: offset, hexadecimal, characters. */
export function hexDump(data: Uint8Array, most = 512): string {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(data.length, most); at += 16) {
    const row = data.subarray(at, Math.min(at + 16, most));
    const hex = [...row].map((byte) => byte.toString(16).padStart(2, '0')).join(' ').padEnd(47);
    const text = [...row].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')).join('');
    lines.push(`${at.toString(16).padStart(6, '0')}  ${hex}  ${text}`);
  }
  return lines.join('\n');
}
