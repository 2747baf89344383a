// How the command palette finds: every word of the question has to be in the text, in any order; the better the place, the earlier.

/** Higher is better, null is no match. */
export function score(text: string, wanted: string): number | null {
  const hay = text.toLowerCase();
  let sum = 0;
  for (const word of wanted.toLowerCase().split(/\s+/)) {
    if (word === '') continue;
    const at = hay.indexOf(word);
    if (at < 0) return null;
    const begins = at === 0 ? 3 : /[^\p{L}\p{N}]/u.test(hay[at - 1] ?? '') ? 2 : 1;
    sum += begins + word.length / Math.max(hay.length, 1);
  }
  return sum;
}

export function best<T>(items: T[], wanted: string, textOf: (item: T) => string, most: number): T[] {
  if (wanted.trim() === '') return items.slice(0, most);
  return items
    .map((item, index) => ({ item, index, points: score(textOf(item), wanted) }))
    .filter((one): one is typeof one & { points: number } => one.points !== null)
    .sort((a, b) => b.points - a.points || a.index - b.index)
    .slice(0, most)
    .map(({ item }) => item);
}
