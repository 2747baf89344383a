// Sorting by instants, in linear time: three passes of a radix sort over instants scaled to 32 bits, then a pass that mends what the
// scaling made equal. Scratch arrays are kept and reused.

const RADIX = 2048;
const counts = new Uint32Array(RADIX);
let keys = new Uint32Array(0);
let spare = new Uint32Array(0);
let result = new Uint32Array(0);

/** Positions `0..count` ordered by `value`, earlier positions first among equals. The array is valid until the next call. */
export function orderBy(value: (position: number) => number, count: number, least: number, most: number): Uint32Array {
  if (result.length < count) {
    const size = Math.max(count, 65536);
    keys = new Uint32Array(size);
    spare = new Uint32Array(size);
    result = new Uint32Array(size);
  }
  const scale = most > least ? 4294967295 / (most - least) : 0;
  let sorted = true;
  for (let i = 0; i < count; i++) {
    keys[i] = (value(i) - least) * scale;
    result[i] = i;
    if (i > 0 && keys[i]! < keys[i - 1]!) sorted = false;
  }
  let from = result;
  let to = spare;
  for (let shift = 0; shift < 33 && !sorted; shift += 11) {
    counts.fill(0);
    for (let i = 0; i < count; i++) counts[(keys[i]! >>> shift) & (RADIX - 1)]!++;
    let sum = 0;
    for (let i = 0; i < RADIX; i++) {
      const here = counts[i]!;
      counts[i] = sum;
      sum += here;
    }
    for (let i = 0; i < count; i++) {
      const position = from[i]!;
      to[counts[(keys[position]! >>> shift) & (RADIX - 1)]!++] = position;
    }
    [from, to] = [to, from];
  }
  result = from;
  spare = to;
  for (let i = 1; i < count; i++) {
    const position = result[i]!;
    const mine = value(position);
    let at = i;
    while (at > 0 && value(result[at - 1]!) > mine) {
      result[at] = result[at - 1]!;
      at--;
    }
    result[at] = position;
  }
  return result;
}
