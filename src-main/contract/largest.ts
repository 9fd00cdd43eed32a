// The largest of numbers that may be many: an array spread into a call, as in Math.max(...values), has no room on the
// stack from about 10^5 on.

/** least: where there are none, or all are smaller. NaN where one is. */
export function largestOf(values: Iterable<number>, least = Number.NEGATIVE_INFINITY): number {
  let largest = least
  for (const value of values) largest = Math.max(largest, value)
  return largest
}
