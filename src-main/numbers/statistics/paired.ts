// Means, their spread, and whether two methods differ on the same seeds: Student's paired t test,
//   t = mean(d) / (s_d / sqrt(n)),  d_i = a_i - b_i,   p = I_{nu / (nu + t^2)}(nu / 2, 1 / 2),  nu = n - 1,
// I the regularised incomplete beta function by its continued fraction (Lentz); and the mean difference's interval,
//   mean(d) -+ t s_d / sqrt(n),  t where p is one minus the interval's probability.
import { sum } from '../vectors.ts'

/** NaN for none. */
export function mean(values: ArrayLike<number> & Iterable<number>): number {
  return sum(values) / values.length
}

/** Of a sample, n - 1; null for fewer than two values. */
export function deviation(values: readonly number[]): number | null {
  if (values.length < 2) return null
  const m = mean(values)
  return Math.sqrt(sum(values.map((v) => (v - m) ** 2)) / (values.length - 1))
}

/**
 * Two-sided p of the paired differences; null for fewer than two, or where all are alike, as there is no spread to
 * judge by.
 */
export function pairedTTest(differences: readonly number[]): number | null {
  const spread = deviation(differences)
  if (!spread) return null
  const n = differences.length
  const t = mean(differences) / (spread / Math.sqrt(n))
  return incompleteBeta((n - 1) / (n - 1 + t * t), (n - 1) / 2, 0.5)
}

/** Student's interval of the mean difference; null where pairedTTest is. */
export function pairedInterval(differences: readonly number[], probability = 0.95): [number, number] | null {
  const spread = deviation(differences)
  if (!spread) return null
  const [m, n] = [mean(differences), differences.length]
  const reach = (quantile(n - 1, probability) * spread) / Math.sqrt(n)
  return [m - reach, m + reach]
}

/** What |t| stays below with this probability, by halving x = nu / (nu + t^2), in which p grows. */
function quantile(nu: number, probability: number): number {
  let [low, high] = [0, 1]
  for (let halvings = 0; halvings < 200; halvings++) {
    const middle = (low + high) / 2
    if (incompleteBeta(middle, nu / 2, 0.5) < 1 - probability) low = middle
    else high = middle
  }
  return Math.sqrt((nu * (1 - high)) / high)
}

/** I_x(a, b). */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x))
  return x < (a + 1) / (a + b + 2) ? (front * fraction(x, a, b)) / a : 1 - (front * fraction(1 - x, b, a)) / b
}

function fraction(x: number, a: number, b: number): number {
  const tiny = 1e-300
  const kept = (v: number): number => (Math.abs(v) < tiny ? tiny : v)
  let c = 1
  let d = 1 / kept(1 - ((a + b) * x) / (a + 1))
  let value = d
  for (let m = 1; m <= 500; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / kept(1 + even * d)
    c = kept(1 + even / c)
    value *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / kept(1 + odd * d)
    c = kept(1 + odd / c)
    value *= d * c
    if (Math.abs(d * c - 1) < 1e-15) break
  }
  return value
}

/** Lanczos' approximation, g = 7, n = 9: 15 digits. */
function logGamma(z: number): number {
  const p = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
  ]
  if (z < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * z)) - logGamma(1 - z)
  const x = z - 1
  const series = sum(p.map((v, i) => (i ? v / (x + i) : v)))
  return 0.5 * Math.log(2 * Math.PI) + (x + 0.5) * Math.log(x + 7.5) - (x + 7.5) + Math.log(series)
}
