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
