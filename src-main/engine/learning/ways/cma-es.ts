// Coefficients without gradients: separable CMA-ES (Ros and Hansen, PPSN 2008), which learns a variance for every
// coefficient. Of a generation's samples  x_k = m + sigma sqrt(C) z_k,  z_k ~ N(0, I),  the better half moves the mean,
// and the paths of the mean's steps say how large the next ones may be:
//   m <- m + sigma sqrt(C) <z>_w;   p_s <- (1 - c_s) p_s + sqrt(c_s (2 - c_s) mu_w) <z>_w;   sigma <- sigma exp(c_s /
//   d_s (|p_s| / E|N| - 1))
//   p_c <- (1 - c_c) p_c + h sqrt(c_c (2 - c_c) mu_w) sqrt(C) <z>_w;   C <- (1 - c_1 - c_mu) C + c_1 p_c^2 + c_mu C
//   <z^2>_w
// One generation is one epoch and one step; it asks for the training loss of every sample, and nothing is
// differentiated. Samples are functions of (seed, stage, generation).

import { clamped } from '../../../numbers/adamw.ts'
import { normal } from '../../../numbers/random.ts'
import { streamOf } from '../../../numbers/streams.ts'
import { filled, type Table } from '../../../numbers/table.ts'
import { norm } from '../../../numbers/vectors.ts'
import { firstLook, isOver, nextLook } from '../looks.ts'
import { type LearnState, type Look, lengthOf, type Stage } from '../stage.ts'
import type { Way } from '../way.ts'

export const cmaEs: Way = {
  name: 'cma-es',
  measuresLast: true,
  length: (stage) => lengthOf({ ...stage, batch: 'all' }),
  learn: search,
}

const firstSigma = 0.1 // of the coefficients' own scale, which is 1

/**
 * The distribution, kept in the state's moments: first = [C, p_c], second = [p_s, (sigma)], each of all coefficients in
 * one row.
 */
interface Search {
  variance: Float64Array
  path: Float64Array
  sigmaPath: Float64Array
  sigma: Float64Array // one number
}

async function* search(stage: Stage): AsyncGenerator<Look> {
  const { problem, settings, selection, seed, index } = stage
  const [vectors, groups] = [problem.vectors.length, problem.groups.length]
  const constants = constantsOf(vectors * groups)
  const { steps } = lengthOf({ ...stage, batch: 'all' })
  const stream = streamOf('samples', { stage: index })
  let state: LearnState
  if (stage.resume) state = stage.resume
  else {
    const initial = filled(vectors, groups, settings.initialCoefficient)
    const measured = await problem.evaluate(initial, selection.split)
    const n = vectors * groups
    const moments = {
      first: [new Float64Array(n).fill(1), new Float64Array(n)],
      second: [new Float64Array(n), Float64Array.of(firstSigma)],
      step: 0,
    }
    const first = firstLook(selection, { coefficients: initial, moments }, measured)
    state = first.state
    yield first
  }
  while (!isOver(state, stage, steps)) {
    const { moments } = state
    const [variance, path] = moments.first as [Float64Array, Float64Array]
    const [sigmaPath, sigma] = moments.second as [Float64Array, Float64Array]
    const mean = Float64Array.from(state.coefficients.flatMap((row) => [...row]))
    const draws = Array.from({ length: constants.samples }, (_, k) =>
      mean.map((_v, i) => normal(seed, stream, moments.step * constants.samples + k, i)),
    )
    const samples: { z: Float64Array; loss: number }[] = []
    for (const z of draws) {
      const x = mean.map((m, i) =>
        clamped(m + (sigma[0] as number) * Math.sqrt(variance[i] as number) * (z[i] as number), settings.clamp),
      )
      samples.push({ z, loss: (await problem.evaluate(tableOf(x, vectors), 'training')).loss })
    }
    samples.sort((a, b) => a.loss - b.loss)
    const moved = adapt(
      constants,
      { variance, path, sigmaPath, sigma },
      mean,
      samples.map(({ z }) => z),
      ++moments.step,
    )
    state.coefficients = tableOf(
      moved.map((m) => clamped(m, settings.clamp)),
      vectors,
    )
    yield nextLook(selection, state, await problem.evaluate(state.coefficients, selection.split), [
      samples[0]?.loss as number,
    ])
  }
}

interface Constants {
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

/** The published defaults for n coefficients; the rates of C times (n + 2) / 3, as it has n numbers instead of n^2. */
function constantsOf(n: number): Constants {
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
function adapt(
  k: Constants,
  { variance, path, sigmaPath, sigma }: Search,
  mean: Float64Array,
  ordered: Float64Array[],
  generation: number,
): Float64Array {
  const n = mean.length
  const average = (power: 1 | 2, i: number): number =>
    k.weights.reduce((sum, w, r) => sum + w * (ordered[r]?.[i] as number) ** power, 0)
  const step = mean.map((_, i) => average(1, i))
  const size = sigma[0] as number
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

function tableOf(flat: Float64Array, rows: number): Table {
  return Array.from({ length: rows }, (_, k) => flat.slice((k * flat.length) / rows, ((k + 1) * flat.length) / rows))
}
