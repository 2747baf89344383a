// Texts that others wrote, made safe to look at: what cannot be seen, or would change how its neighbours read, becomes visible.

/** Control characters but tab and line feed; bidirectional marks, overrides and isolates; invisible separators; lone surrogates. */
const UNSEEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\u{e0001}|[\u{e0020}-\u{e007f}]/gu;

const NAMES: Record<string, string> = { '\r': '␍', '\u001b': '␛', '\u0000': '␀', '\u007f': '␡' };

/** The text with unseen characters named: a right-to-left override becomes `⟨U+202E⟩`. */
export function plain(text: string): string {
  return text.replace(UNSEEN, (found) => {
    const code = found.codePointAt(0) ?? 0;
    return NAMES[found] ?? `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
  });
}

/** The same in one line of at most so many characters. */
export function line(text: string, most = 200): string {
  const flat = plain(text.replace(/\s*\n\s*/g, ' ⏎ '));
  return flat.length > most ? `${flat.slice(0, most - 1)}…` : flat;
}
