/** How far two samples are apart, whatever their distribution. */

/**
 * Probability that one of `a` is less than one of `b`, ties by half (Mann and Whitney's U over nm): 0.5 where
 * nobody can tell them apart, 0 or 1 where every single sample tells.
 */
export function probabilityOfLess(a: readonly number[], b: readonly number[]): number {
  const all = [
    ...a.map((value) => ({ value, first: true })),
    ...b.map((value) => ({ value, first: false })),
  ];
  all.sort((x, y) => x.value - y.value);
  let ranks = 0;
  for (let at = 0; at < all.length;) {
    let end = at;
    while (end < all.length && all[end]?.value === all[at]?.value) end++;
    const rank = (at + 1 + end) / 2;
    for (let tied = at; tied < end; tied++) if (all[tied]?.first === false) ranks += rank;
    at = end;
  }
  return (ranks - (b.length * (b.length + 1)) / 2) / (a.length * b.length);
}

/** Standard deviation of that for samples of one distribution. */
export function deviationOfChance(a: number, b: number): number {
  return Math.sqrt((a + b + 1) / (12 * a * b));
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((x, y) => x - y);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
