// Separable CMA-ES (Ros and Hansen, PPSN 2008), which learns a variance for every coefficient. Of a generation's
// samples  x_k = m + sigma sqrt(C) z_k,  z_k ~ N(0, I),  the better half moves the mean, and the paths of the mean's
// steps say how large the next ones may be:
//   m <- m + sigma sqrt(C) <z>_w;   p_s <- (1 - c_s) p_s + sqrt(c_s (2 - c_s) mu_w) <z>_w;   sigma <- sigma exp(c_s /
//   d_s (|p_s| / E|N| - 1))
//   p_c <- (1 - c_c) p_c + h sqrt(c_c (2 - c_c) mu_w) sqrt(C) <z>_w;   C <- (1 - c_1 - c_mu) C + c_1 p_c^2 + c_mu C
//   <z^2>_w
// Only the order of a generation's samples is asked for, never how good they are.
import { clamped } from './adamw.ts'
import { at, norm } from './vectors.ts'

/** Of all n coefficients in one row. */
export interface Distribution {
  variance: Float64Array
  path: Float64Array
  sigmaPath: Float64Array
  sigma: Float64Array // one number
}

export const distribution = (n: number, sigma: number): Distribution => ({
  variance: new Float64Array(n).fill(1),
  path: new Float64Array(n),
  sigmaPath: new Float64Array(n),
  sigma: Float64Array.of(sigma),
})

export interface Strategy {
  samples: number
  weights: number[] // of the better half, sum 1
  mass: number // mu_w
  sigmaRate: number
  damping: number
  pathRate: number
  rankOne: number
  rankMu: number
  expected: number // E|N(0, I)|
}

/** A generation's z, (samples x n). normal: of a sample of all generations, and a coefficient. */
export function drawn(
  { samples }: Strategy,
  n: number,
  generation: number,
  normal: (sample: number, i: number) => number,
): Float64Array[] {
  return Array.from({ length: samples }, (_, k) =>
    Float64Array.from({ length: n }, (_v, i) => normal(generation * samples + k, i)),
  )
}

export function sampleAt(
  mean: Float64Array,
  { variance, sigma }: Pick<Distribution, 'variance' | 'sigma'>,
  z: Float64Array,
  clamp: readonly [number, number] | null | undefined,
): Float64Array {
  return mean.map((m, i) =>
    clamped(m + (sigma[0] as number) * Math.sqrt(variance[i] as number) * (z[i] as number), clamp),
  )
}

/** The published defaults for n coefficients; the rates of C times (n + 2) / 3, as it has n numbers instead of n^2. */
export function strategyOf(n: number): Strategy {
  const samples = 4 + Math.floor(3 * Math.log(n))
  const raw = Array.from({ length: Math.floor(samples / 2) }, (_, i) => Math.log((samples + 1) / 2) - Math.log(i + 1))
  const sum = raw.reduce((a, b) => a + b, 0)
  const weights = raw.map((w) => w / sum)
  const mass = 1 / weights.reduce((a, w) => a + w * w, 0)
  const sigmaRate = (mass + 2) / (n + mass + 5)
  const faster = (n + 2) / 3
  const rankOne = Math.min(1, (faster * 2) / ((n + 1.3) ** 2 + mass))
  return {
    samples,
    weights,
    mass,
    sigmaRate,
    damping: 1 + 2 * Math.max(0, Math.sqrt((mass - 1) / (n + 1)) - 1) + sigmaRate,
    pathRate: (4 + mass / n) / (n + 4 + (2 * mass) / n),
    rankOne,
    rankMu: Math.min(1 - rankOne, (faster * 2 * (mass - 2 + 1 / mass)) / ((n + 2) ** 2 + mass)),
    expected: Math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n)),
  }
}

/** One generation: the distribution in place, the new mean returned. ordered: the samples' z, best first. */
export function adapt(
  k: Strategy,
  { variance, path, sigmaPath, sigma }: Distribution,
  mean: Float64Array,
  ordered: Float64Array[],
  generation: number,
): Float64Array {
  const n = mean.length
  const average = (power: 1 | 2, i: number): number =>
    k.weights.reduce((sum, w, r) => sum + w * (ordered[r]?.[i] as number) ** power, 0)
  const step = mean.map((_, i) => average(1, i))
  const size = at(sigma, 0)
  const moved = mean.map((m, i) => m + size * Math.sqrt(variance[i] as number) * (step[i] as number))
  for (let i = 0; i < n; i++)
    sigmaPath[i] =
      (1 - k.sigmaRate) * (sigmaPath[i] as number) +
      Math.sqrt(k.sigmaRate * (2 - k.sigmaRate) * k.mass) * (step[i] as number)
  const length = norm(sigmaPath)
  const steady =
    length / Math.sqrt(1 - (1 - k.sigmaRate) ** (2 * generation)) < (1.4 + 2 / (n + 1)) * k.expected ? 1 : 0
  for (let i = 0; i < n; i++) {
    const c = variance[i] as number
    path[i] =
      (1 - k.pathRate) * (path[i] as number) +
      steady * Math.sqrt(k.pathRate * (2 - k.pathRate) * k.mass) * Math.sqrt(c) * (step[i] as number)
    variance[i] = (1 - k.rankOne - k.rankMu) * c + k.rankOne * (path[i] as number) ** 2 + k.rankMu * c * average(2, i)
  }
  sigma[0] = size * Math.exp((k.sigmaRate / k.damping) * (length / k.expected - 1))
  return moved
}
