// How the command palette finds: every word of the question has to be in the text, in any order; the earlier the first of them, the
// earlier the text.

export function best<T>(items: T[], wanted: string, textOf: (item: T) => string, most: number): T[] {
  const words = wanted.toLowerCase().split(/\s+/).filter((word) => word !== '');
  return items
    .map((item) => ({ item, places: words.map((word) => textOf(item).toLowerCase().indexOf(word)) }))
    .filter(({ places }) => !places.includes(-1))
    .sort((a, b) => (a.places[0] ?? 0) - (b.places[0] ?? 0))
    .slice(0, most)
    .map(({ item }) => item);
}
