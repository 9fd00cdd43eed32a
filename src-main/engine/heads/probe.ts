// A linear probe: the head W, b of labelled features u that is best for them, by the convex fit of
// numbers/logistic.ts,
//   min_{W,b}  mean( -log softmax(W u + b)_y ) + (strength / 2) |W|^2,
// at every strength of a grid, strongest first, each begun where the last ended. Validation images choose: the best
// accuracy, of equal ones the stronger. Features are centred for the fit alone, which changes nothing but its speed: W
// (u - m) + b' = W u + (b' - W m).

import type { ProbeReport } from '../../contract/api/heads.ts'
import type { Progress } from '../../contract/run/run.ts'
import { type Minimum, minimise } from '../../numbers/lbfgs.ts'
import { type Labelled, logisticAccuracy, logisticLoss } from '../../numbers/logistic.ts'
import { permutation } from '../../numbers/random.ts'
import { streamOf } from '../../numbers/streams.ts'
import { at, axpy, difference, dot, taken } from '../../numbers/vectors.ts'
import type { Head } from '../problems/head.ts'

const strengths = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7]
const tolerance = 1e-5 // of the gradient's norm; the mean loss is log(classes) at the beginning
const steps = 1000 // at most, at a strength
const heldOutPart = 0.2

/**
 * Without validation features a fifth of the training ones is held out to choose the strength, and then all are learned
 * on.
 */
export function* fitProbe(
  training: Labelled,
  validation: Labelled | null,
  classes: number,
  seed: number,
): Generator<Progress, { head: Head; report: ProbeReport }> {
  const { embed } = training
  const mean = meanOf(training)
  const all = centred(training, mean)
  const [learned, judge] = validation ? [all, centred(validation, mean)] : split(all, seed)
  const fits: ProbeReport['fits'] = []
  const minima: Minimum[] = []
  let start: Float64Array = new Float64Array(classes * (embed + 1))
  const of = strengths.length + (validation ? 0 : 1) // fits
  for (const [nth, strength] of strengths.entries()) {
    const minimum = yield* fittedAt(learned, classes, strength, start, { nth, of })
    const [own, theirs] = [learned, judge].map((on) => logisticAccuracy(on, classes, minimum.x)) as [number, number]
    fits.push({ strength, training: own, validation: theirs, steps: minimum.steps, converged: minimum.converged })
    minima.push(minimum)
    start = minimum.x
  }
  const chosen = fits.reduce(
    (best, { validation: accuracy }, i) => (accuracy > (fits[best]?.validation ?? 0) ? i : best),
    0,
  )
  const best = at(minima, chosen)
  const { x } = validation ? best : yield* fittedAt(all, classes, at(strengths, chosen), best.x, { nth: of - 1, of })
  const images = { training: learned.labels.length, validation: judge.labels.length }
  return { head: headOf(x, classes, mean), report: { fits, chosen, images, heldOut: validation === null } }
}

function* fittedAt(
  on: Labelled,
  classes: number,
  strength: number,
  start: Float64Array,
  { nth, of }: { nth: number; of: number },
): Generator<Progress, Minimum> {
  const all = minimise(logisticLoss(on, classes, strength), start, { tolerance, steps })
  for (;;) {
    const next = all.next()
    if (next.done) return next.value
    const done = next.value.steps
    const whole = { done: nth + done / steps, total: of }
    yield { type: 'progress', what: `Fitting at strength ${strength}`, done, total: steps, whole }
  }
}

/** W and b for features that are not centred. */
function headOf(x: Float64Array, classes: number, mean: Float64Array): Head {
  const embed = mean.length
  const weights = x.subarray(0, classes * embed)
  const bias = Float32Array.from({ length: classes }, (_, c) => {
    return at(x, classes * embed + c) - dot(mean, weights.subarray(c * embed, (c + 1) * embed))
  })
  return { weights: Float32Array.from(weights), bias, classes, embed, scale: 1, normalised: true }
}

function meanOf({ rows, embed, labels }: Labelled): Float64Array {
  const mean = new Float64Array(embed)
  for (let first = 0; first < rows.length; first += embed) axpy(1, rows.subarray(first, first + embed), mean)
  return mean.map((sum) => sum / labels.length)
}

function centred(on: Labelled, mean: Float64Array): Labelled {
  const { rows, embed } = on
  const own = new Float32Array(rows.length)
  for (let at = 0; at < rows.length; at += embed) own.set(difference(rows.subarray(at, at + embed), mean), at)
  return { ...on, rows: own }
}

/** Four fifths and one, drawn by the seed; each in its old order. */
function split(on: Labelled, seed: number): [Labelled, Labelled] {
  const order = permutation(on.labels.length, seed, streamOf('heldOut'), 0)
  const count = Math.max(1, Math.round(heldOutPart * order.length))
  const [held, kept] = [order.slice(0, count).sort(), order.slice(count).sort()]
  return [chosenOf(on, kept), chosenOf(on, held)]
}

function chosenOf({ rows, embed, labels }: Labelled, chosen: Int32Array): Labelled {
  const own = new Float32Array(chosen.length * embed)
  chosen.forEach((n, i) => {
    own.set(rows.subarray(n * embed, (n + 1) * embed), i * embed)
  })
  return { rows: own, embed, labels: taken(labels, chosen) }
}
