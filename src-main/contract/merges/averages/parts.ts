// w_t / sum_s w_s; weights whose sum is as good as 0 are their own parts.
const least = 1e-8

export function parts(weights: readonly number[]): number[] {
  const sum = weights.reduce((a, b) => a + b, 0)
  return weights.map((weight) => (Math.abs(sum) < least ? weight : weight / sum))
}
