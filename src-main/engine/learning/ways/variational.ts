// A distribution over the coefficients instead of a point: of each whether it is there, and how sure its value is
// (numbers/spike-and-slab.ts). AdamW goes down one draw a step of
//   L = E_q[ loss(lambda z) ] + beta / N  KL(q || prior),   N images of the shortest task,
// which with beta = 1 and cross-entropy is the bound on the evidence of N images of every task, over N. One coefficient
// for all images, as in every method here, not one an image. Draws are functions of (seed, stage, step). A state's
// table is the gated mean. The state's moments: first = [variables, AdamW's first], second = AdamW's second.

import { adamwStep } from '../../../numbers/adamw.ts'
import { normal, uniform } from '../../../numbers/random.ts'
import {
  divergence,
  drawnFrom,
  gatedMean,
  type Noise,
  posteriorOf,
  variablesOf,
} from '../../../numbers/spike-and-slab.ts'
import { streamOf } from '../../../numbers/streams.ts'
import { filled, normOf, type Table } from '../../../numbers/table.ts'
import { at } from '../../../numbers/vectors.ts'
import { batchAt } from '../batch.ts'
import { descent } from '../descent.ts'
import { scheduled } from '../learn.ts'
import { firstLook, isOver, nextLook } from '../looks.ts'
import { type LearnState, type Look, lengthOf, type Pareto, type Stage } from '../stage.ts'
import type { Way } from '../way.ts'

export const variational: Way = {
  name: 'variational',
  measuresLast: true,
  length: lengthOf,
  learn: infer,
}

// where q begins: nearly all there, and narrow beside the prior, so that first steps are those of a point
const first = { width: 0.05, inclusion: 0.9 }

async function* infer(stage: Stage): AsyncGenerator<Look> {
  const { problem, settings, selection } = stage
  const { steps, stepsPerEpoch } = lengthOf(stage)
  const vectors = problem.vectors.length
  const tableOf = (variables: Table) => {
    const posterior = posteriorOf(variables)
    return { posterior, coefficients: gatedMean(posterior, settings.gate) }
  }
  let state: LearnState
  if (stage.resume) state = stage.resume
  else {
    const deviation = first.width * settings.priorDeviation
    const like = { mean: settings.initialCoefficient, deviation, inclusion: first.inclusion }
    const variables = variablesOf(vectors, problem.groups.length, like)
    const zero = () => filled(3 * vectors, problem.groups.length, 0)
    const { posterior, coefficients } = tableOf(variables)
    const moments = { first: [...variables, ...zero()], second: zero(), step: 0 }
    const measured = await problem.evaluate(coefficients, selection.split)
    const look = firstLook(selection, { coefficients, moments }, measured)
    state = look.state
    yield { ...look, posterior }
  }
  const { moments } = state
  const [variables, mean] = [moments.first.slice(0, 3 * vectors), moments.first.slice(3 * vectors)]
  while (!isOver(state, stage, steps)) {
    const [losses, gradients]: [number[], number[]] = [[], []]
    let pareto: Pareto | null = null
    do {
      const step = await stepOf(stage, variables, moments.step)
      pareto = step.pareto
      losses.push(step.loss)
      gradients.push(normOf(step.gradient))
      const plain = { ...scheduled(settings, moments.step / steps), weightDecay: 0, clamp: null }
      const own = { first: mean, second: moments.second, step: moments.step }
      adamwStep(plain, variables, step.gradient, own)
      moments.step = own.step
      stage.pace?.stepped()
    } while (moments.step % stepsPerEpoch !== 0 && moments.step < steps)
    const { posterior, coefficients } = tableOf(variables)
    state.coefficients = coefficients
    const measured = await problem.evaluate(coefficients, selection.split)
    yield { ...nextLook(selection, state, measured, losses, pareto), gradients, posterior }
  }
}

/** The loss of a draw, and the gradient of the whole objective by the variables. */
async function stepOf(stage: Stage, variables: Table, step: number) {
  const { problem, settings } = stage
  const { coefficients, back } = drawnFrom(variables, noiseOf(stage, step))
  const { loss, gradient, pareto } = await descent(problem, settings, coefficients, batchAt(stage, step))
  const prior = { deviation: settings.priorDeviation, inclusion: settings.priorInclusion }
  const weight = settings.klWeight / Math.min(...problem.trainingCounts)
  const pull = divergence(variables, prior).gradient
  return {
    loss,
    pareto,
    gradient: back(gradient).map((row, r) => row.map((g, b) => g + weight * at(at(pull, r), b))),
  }
}

function noiseOf({ seed, index }: Stage, step: number): Noise {
  const stream = streamOf('posterior', { stage: index })
  return { normal: (i) => normal(seed, stream, step, i), uniform: (i) => uniform(seed, stream, step, i) }
}
