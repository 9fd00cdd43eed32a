// Coefficients without gradients: separable CMA-ES (numbers/cma-es.ts). One generation is one epoch and one step; it asks
// for the training loss of every sample, and nothing is differentiated. Samples are functions of (seed, stage,
// generation). The distribution is kept in the state's moments: first = [C, p_c], second = [p_s, (sigma)].

import { clamped } from '../../../numbers/adamw.ts'
import { adapt, distribution, drawn, sampleAt, strategyOf } from '../../../numbers/cma-es.ts'
import { normal } from '../../../numbers/random.ts'
import { streamOf } from '../../../numbers/streams.ts'
import { filled, type Table } from '../../../numbers/table.ts'
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

async function* search(stage: Stage): AsyncGenerator<Look> {
  const { problem, settings, selection, seed, index } = stage
  const [vectors, groups] = [problem.vectors.length, problem.groups.length]
  const strategy = strategyOf(vectors * groups)
  const { steps } = lengthOf({ ...stage, batch: 'all' })
  const stream = streamOf('samples', { stage: index })
  let state: LearnState
  if (stage.resume) state = stage.resume
  else {
    const initial = filled(vectors, groups, settings.initialCoefficient)
    const measured = await problem.evaluate(initial, selection.split)
    const n = vectors * groups
    const { variance, path, sigmaPath, sigma } = distribution(n, firstSigma)
    const moments = { first: [variance, path], second: [sigmaPath, sigma], step: 0 }
    const first = firstLook(selection, { coefficients: initial, moments }, measured)
    state = first.state
    yield first
  }
  while (!isOver(state, stage, steps)) {
    const { moments } = state
    const [variance, path] = moments.first as [Float64Array, Float64Array]
    const [sigmaPath, sigma] = moments.second as [Float64Array, Float64Array]
    const mean = Float64Array.from(state.coefficients.flatMap((row) => [...row]))
    const draws = drawn(strategy, mean.length, moments.step, (sample, i) => normal(seed, stream, sample, i))
    const samples: { z: Float64Array; loss: number }[] = []
    for (const z of draws) {
      const x = sampleAt(mean, { variance, sigma }, z, settings.clamp)
      samples.push({ z, loss: (await problem.evaluate(tableOf(x, vectors), 'training')).loss })
    }
    samples.sort((a, b) => a.loss - b.loss)
    const moved = adapt(
      strategy,
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

function tableOf(flat: Float64Array, rows: number): Table {
  return Array.from({ length: rows }, (_, k) => flat.slice((k * flat.length) / rows, ((k + 1) * flat.length) / rows))
}
