// A distribution over a table of coefficients that says of each whether it is there, and how sure its value is. With
// c = lambda z, mean field over all coefficients:
//   q:  z ~ Bernoulli(pi),  lambda ~ N(mu, sigma^2);   prior:  z ~ Bernoulli(pi_0),  lambda ~ N(0, sigma_0^2)
//   KL = sum_i  pi ln(pi / pi_0) + (1 - pi) ln((1 - pi) / (1 - pi_0))
//             + pi (ln(sigma_0 / sigma) + (sigma^2 + mu^2) / (2 sigma_0^2) - 1/2)    (a spike pays for no slab)
// A draw can be differentiated: lambda = mu + sigma e with e normal, and z = s((logit pi + logit u) / T) with u uniform,
// the binary concrete of temperature T (Maddison et al. 2017), where s is the logistic function. The KL is that of the
// Bernoulli itself, so that pi of what is surely there stops somewhat short of 1.
// Variables, (3 vectors x groups): the rows of mu, then those of ln sigma, then those of logit pi.
import { filled, type Table } from './table.ts'
import { at } from './vectors.ts'

/** Each (vectors x groups). */
export interface SpikeAndSlab {
  mean: Table // mu, of the slab
  deviation: Table // sigma, of the slab
  inclusion: Table // pi
}

export interface Prior {
  deviation: number // sigma_0
  inclusion: number // pi_0, between 0 and 1
}

/** What a draw is made of, for the i-th coefficient, row by row. */
export interface Noise {
  normal(i: number): number
  uniform(i: number): number
}

const temperature = 2 / 3
const logistic = (x: number): number => 1 / (1 + Math.exp(-x))
const logit = (p: number): number => Math.log(p / (1 - p))

/** The same of every coefficient. */
export function variablesOf(vectors: number, groups: number, like: { mean: number } & Prior): Table {
  return [like.mean, Math.log(like.deviation), logit(like.inclusion)].flatMap((value) => filled(vectors, groups, value))
}

export function posteriorOf(variables: Table): SpikeAndSlab {
  const [mean, logDeviation, logits] = partsOf(variables)
  return {
    mean: mean.map((row) => row.slice()),
    deviation: logDeviation.map((row) => row.map(Math.exp)),
    inclusion: logits.map((row) => row.map(logistic)),
  }
}

/** E[lambda z] = pi mu where importance x certainty, pi |mu| / sigma, exceeds the gate; 0 elsewhere. */
export function gatedMean({ mean, deviation, inclusion }: SpikeAndSlab, gate: number): Table {
  return mean.map((row, k) =>
    row.map((mu, b) => {
      const [sigma, pi] = [at(at(deviation, k), b), at(at(inclusion, k), b)]
      return (pi * Math.abs(mu)) / sigma > gate ? pi * mu : 0
    }),
  )
}

/** A draw of coefficients; back: from a loss's gradient at them to that of the variables. */
export function drawnFrom(variables: Table, noise: Noise): { coefficients: Table; back(gradient: Table): Table } {
  const [mean, logDeviation, logits] = partsOf(variables)
  const groups = mean[0]?.length ?? 0
  const draws = mean.map((row, k) =>
    Array.from(row, (mu, b) => {
      const i = k * groups + b
      const slip = Math.exp(at(at(logDeviation, k), b)) * noise.normal(i) // sigma e
      const z = logistic((at(at(logits, k), b) + logit(noise.uniform(i))) / temperature)
      return { z, slip, lambda: mu + slip }
    }),
  )
  type Draw = (typeof draws)[number][number]
  const each = (of: (draw: Draw, k: number, b: number) => number): Table =>
    draws.map((row, k) => Float64Array.from(row, (draw, b) => of(draw, k, b)))
  return {
    coefficients: each(({ z, lambda }) => lambda * z),
    back: (gradient) => [
      ...each(({ z }, k, b) => at(at(gradient, k), b) * z),
      ...each(({ z, slip }, k, b) => at(at(gradient, k), b) * z * slip),
      ...each(({ z, lambda }, k, b) => (at(at(gradient, k), b) * lambda * z * (1 - z)) / temperature),
    ],
  }
}

/** KL(q || prior) and its gradient by the variables. */
export function divergence(variables: Table, prior: Prior): { value: number; gradient: Table } {
  const [mean, logDeviation, logits] = partsOf(variables)
  const gradient = variables.map((row) => new Float64Array(row.length))
  const [byMean, byDeviation, byLogit] = partsOf(gradient)
  let value = 0
  for (const [k, row] of mean.entries())
    for (const [b, mu] of row.entries()) {
      const [rho, a] = [at(at(logDeviation, k), b), at(at(logits, k), b)]
      const pi = logistic(a)
      const [width, off] = [Math.exp(rho) / prior.deviation, mu / prior.deviation]
      const slab = -Math.log(width) + (width ** 2 + off ** 2 - 1) / 2
      const odds = a - logit(prior.inclusion)
      // pi ln(pi / pi_0) + (1 - pi) ln((1 - pi) / (1 - pi_0)) = pi odds + ln((1 - pi) / (1 - pi_0)), without 0 ln 0
      value += pi * (odds + slab) - softplus(a) - Math.log(1 - prior.inclusion)
      at(byMean, k)[b] = (pi * off) / prior.deviation
      at(byDeviation, k)[b] = pi * (width ** 2 - 1)
      at(byLogit, k)[b] = pi * (1 - pi) * (odds + slab)
    }
  return { value, gradient }
}

/** ln(1 + e^x) = -ln(1 - s(x)). */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))

function partsOf(variables: Table): [Table, Table, Table] {
  const rows = variables.length / 3
  return [variables.slice(0, rows), variables.slice(rows, 2 * rows), variables.slice(2 * rows)]
}
