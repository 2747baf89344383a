// Exact quantiles without sorting: quickselect, in place.

/** The smallest value that at least the share `q` of `values` does not exceed; NaN of nothing. Reorders `values`. */
export function quantile(values: Float32Array, q: number): number {
  const count = values.length;
  if (count === 0) return NaN;
  const k = Math.min(count - 1, Math.max(0, Math.ceil(q * count) - 1));
  let low = 0;
  let high = count - 1;
  while (low < high) {
    // The median of three keeps sorted input fast.
    const middle = (low + high) >>> 1;
    const a = values[low]!;
    const b = values[middle]!;
    const c = values[high]!;
    const pivot = a < b ? (b < c ? b : Math.max(a, c)) : a < c ? a : Math.max(b, c);
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const swapped = values[i]!;
      values[i++] = values[j]!;
      values[j--] = swapped;
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return values[k]!;
}
