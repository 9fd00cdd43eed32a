// AdamW (Loshchilov and Hutter 2019) over a coefficient table, with the gradient's norm clipped first, in float64:
//   g <- g min(1, clip / (|g| + 1e-6));  c <- c - lr wd c;  m <- b1 m + (1 - b1) g;  v <- b2 v + (1 - b2) g^2
//   c <- c - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps);  then into [least, greatest] where the run clamps
//   (AdaMerging: [0, 1])
import type { Table } from './table.ts'
import { at } from './vectors.ts'

export interface AdamW {
  learningRate: number
  weightDecay: number
  clipNorm: number | null
  clamp?: readonly [number, number] | null
}

/** Moments of the same shape as the coefficients; step counts from 0 and is the number of steps done. */
export interface Moments {
  first: Table
  second: Table
  step: number
}

const beta1 = 0.9
const beta2 = 0.999
const epsilon = 1e-8

/** One step in place on coefficients and moments. */
export function adamwStep(settings: AdamW, coefficients: Table, gradient: Table, moments: Moments): void {
  const t = ++moments.step
  const shrink = clipFactor(gradient, settings.clipNorm)
  const c1 = 1 - beta1 ** t
  const c2 = Math.sqrt(1 - beta2 ** t)
  for (const [k, row] of coefficients.entries()) {
    const [g, first, second] = [at(gradient, k), at(moments.first, k), at(moments.second, k)]
    for (let b = 0; b < row.length; b++) {
      const gb = (g[b] as number) * shrink
      const m = beta1 * (first[b] as number) + (1 - beta1) * gb
      const v = beta2 * (second[b] as number) + (1 - beta2) * gb * gb
      first[b] = m
      second[b] = v
      const decayed = (row[b] as number) * (1 - settings.learningRate * settings.weightDecay)
      row[b] = clamped(decayed - (settings.learningRate * (m / c1)) / (Math.sqrt(v) / c2 + epsilon), settings.clamp)
    }
  }
}

/** c in [least, greatest]; null: as it is. */
export function clamped(c: number, clamp: AdamW['clamp']): number {
  return clamp ? Math.min(Math.max(c, clamp[0]), clamp[1]) : c
}

function clipFactor(gradient: Table, clipNorm: number | null): number {
  if (clipNorm === null) return 1
  let square = 0
  for (const row of gradient) for (const g of row) square += g * g
  return Math.min(1, clipNorm / (Math.sqrt(square) + 1e-6))
}
