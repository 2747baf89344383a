// Which names of members may be shortened in the built script: those that only the canvases and the store of spans know. A name that
// occurs anywhere else stays: in pages, forms and the API, in components, in a text, in what the server sends, in Preact. Names of the
// platform stay in any case.

import { readdirSync, readFileSync } from 'node:fs';

const HERE = new URL('.', import.meta.url);
const INNER = /^(data|timeline|graph|flame)\/[\w]+\.ts$/;
const ALSO_KNOWN = ['src/data/messages.ts', '../docs/dashboard-data.md', 'node_modules/preact/dist/preact.mjs'];

const read = (path: string): string => readFileSync(new URL(path, HERE), 'utf8');
const wordsOf = (text: string): string[] => text.match(/[A-Za-z_$][\w$]*/g) ?? [];

/** Matches the names that may be shortened. */
export function innerNames(): RegExp {
  const sources = readdirSync(new URL('src/', HERE), { recursive: true }).filter((file) => /\.tsx?$/.test(file) && !/\.(test|d)\.ts$/.test(file)).sort();
  const outer = new Set([...sources.filter((file) => !INNER.test(file)).map((file) => `src/${file}`), ...ALSO_KNOWN].flatMap((file) => wordsOf(read(file))));
  const found = new Set<string>();
  for (const file of sources.filter((file) => INNER.test(file))) {
    const code = read(`src/${file}`).replace(/^\s*(\/\/|\/?\*).*$/gm, '');
    for (const [text] of code.matchAll(/'[^'\n]*'|"[^"\n]*"/g)) for (const word of wordsOf(text)) outer.add(word);
    for (const [, name] of code.matchAll(/^  (?:(?:private|readonly|static|get|set|async) )*(\w{4,})(?:\??:|!:|\(| =|;)/gm)) found.add(name!);
    for (const [, name] of code.matchAll(/\b(?:private|readonly) (?:readonly )?(\w{4,})\b/g)) found.add(name!);
  }
  return new RegExp(`^(?:${[...found].filter((name) => !outer.has(name)).sort().join('|')})$`);
}
