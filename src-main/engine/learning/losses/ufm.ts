// UFM, unsupervised FixMatch with trusted images (aTLAS, Zhang et al., NeurIPS 2024): adaptation to a set without a
// single label. Of the N images the k of each class that the pre-trained model is surest of are trusted; a quarter of a
// batch is drawn from them. An image's loss is that of a strong view of it (datasets/strong-views.ts), its target comes
// from the image as it is:
//   L = mean_i w_i CE(q_i, p(strong view of i)),   dL_i/dlogits = w_i (p - q_i)
//   trusted:  q = the class the pre-trained model takes it for, w = 1;   others:  q from the present model's p, w =
//   [max p > threshold].
// The three forms:
//   corrected   k = min(N/C/10, 100), threshold 0.99, q = argmax p, trusted images found once
//   released    the same, but as in its code all images are taken for trusted ones, in or out of the k: the pre-trained
//   model's own
//               predictions, hard, are all it ever learns
//   paper       k = min(N/C, 100), threshold rising evenly from 0.9 in the first epoch to 1 in the last, q =
//   softmax(log p / 0.5), and trusted
//               images found anew in each epoch by the model it begins with
// k is rounded down, but never below 1. States are judged by CE on the pre-trained model's trusted images, in one
// strong view of each that never changes: one yardstick for all epochs, and no label in it. On labelled data its loss
// is cross-entropy with the labels.

import { largestOf } from '../../../contract/largest.ts'
import type { ResolvedConfig } from '../../../contract/run/config.ts'
import { uniform } from '../../../numbers/random.ts'
import { judgingPass, streamOf } from '../../../numbers/streams.ts'
import { copyOf, filled, type Table } from '../../../numbers/table.ts'
import { batchOf } from '../batch.ts'
import type { Loss } from '../loss.ts'
import { likeliest, type PredictingProblem, type Predictions, rowOf, topPredictions } from '../predictions.ts'
import type { Batch, Measured, Problem, Target } from '../problem.ts'
import { crossEntropy } from './cross-entropy.ts'

export interface Form {
  divisor: number // of N / C
  trustsAll: boolean
  anew: boolean // trusted images are found by each epoch's first model, not by the pre-trained one
  temperature: number | null // of the target; null: the likeliest class
  threshold(progress: number): number
}

const corrected: Form = { divisor: 10, trustsAll: false, anew: false, temperature: null, threshold: () => 0.99 }
export const forms: Record<ResolvedConfig['ufm'], Form> = {
  corrected,
  released: { ...corrected, trustsAll: true },
  paper: { divisor: 1, trustsAll: false, anew: true, temperature: 0.5, threshold: (progress) => 0.9 + 0.1 * progress },
}

export const ufm: Loss = {
  name: 'ufm',
  loss(logProbabilities, label, gradient, lesson) {
    if (!lesson) return crossEntropy.loss(logProbabilities, label, gradient)
    const { target, weight } = lesson
    let loss = 0
    for (let c = 0; c < logProbabilities.length; c++) {
      const q = typeof target === 'number' ? Number(c === target) : (target[c] as number)
      gradient[c] = weight * (Math.exp(logProbabilities[c] as number) - q)
      if (q > 0) loss -= q * (logProbabilities[c] as number)
    }
    return weight * loss
  },
  adapted: (problem, { ufm, seed }) => fixMatch(problem, forms[ufm], seed),
}

/** What a model makes of all images of a task: for each its class, and which of them are trusted. */
interface Trust {
  classes: Int32Array // (images)
  images: Int32Array // trusted, class after class, the surest first
  isTrusted: Uint8Array // (images)
}

export function fixMatch(problem: PredictingProblem, form: Form, seed: number): Problem {
  const nothing = filled(problem.vectors.length, problem.groups.length, 0)
  let first: Promise<Trust[]> | undefined
  const ofPretrained = (): Promise<Trust[]> => (first ??= trustOf(problem, nothing, form))
  let latest: { pass: number | undefined; trust: Trust[] } | undefined
  const trustAt = async (coefficients: Table, pass: number | undefined): Promise<Trust[]> => {
    if (!form.anew) return ofPretrained()
    if (!latest || latest.pass !== pass) latest = { pass, trust: await trustOf(problem, copyOf(coefficients), form) }
    return latest.trust
  }
  return {
    ...problem,
    evaluate: async (coefficients, split) =>
      split === 'training'
        ? judged(problem, coefficients, await ofPretrained())
        : problem.evaluate(coefficients, split),
    lossAndGradient: async (coefficients, batch) => {
      const trust = await trustAt(coefficients, batch.pass)
      const images = batch.map((indices, t) =>
        mixed(indices, trust[t] as Trust, (i) => uniform(seed, streamOf('trusted', { task: t }), batch.pass ?? 0, i)),
      )
      return problem.lossAndGradient(
        coefficients,
        batchOf(images, batch, await lessonsOf(problem, form, coefficients, images, trust, batch)),
      )
    },
  }
}

/** The last quarter of a batch gives its place to trusted images; u(i) in [0, 1) says which one comes for image i. */
export function mixed(
  indices: Int32Array,
  { images }: Pick<Trust, 'images'>,
  u: (image: number) => number,
): Int32Array {
  const keep = indices.length - (images.length ? Math.floor(indices.length / 4) : 0)
  return indices.map((i, n) => (n < keep ? i : (images[Math.floor(u(i) * images.length)] as number)))
}

async function lessonsOf(
  problem: PredictingProblem,
  form: Form,
  coefficients: Table,
  images: readonly Int32Array[],
  trust: readonly Trust[],
  { progress = 0 }: Batch,
): Promise<Target[][]> {
  const isTrusted = (t: number, i: number): boolean => form.trustsAll || trust[t]?.isTrusted[i] === 1
  const others = images.map((indices, t) => indices.filter((i) => !isTrusted(t, i)))
  const seen = others.some(({ length }) => length > 0) ? await problem.predict(coefficients, others) : []
  return images.map((indices, t) => {
    let next = 0
    return Array.from(indices, (i): Target => {
      if (isTrusted(t, i)) return { target: trust[t]?.classes[i] as number, weight: 1 }
      return pseudoLabel(rowOf(seen[t] as Predictions, next++), form.temperature, form.threshold(progress))
    })
  })
}

/** From log-probabilities (classes) of the image as it is. */
export function pseudoLabel(logProbabilities: Float64Array, temperature: number | null, threshold: number): Target {
  const best = likeliest(logProbabilities)
  const weight = Number(Math.exp(logProbabilities[best] as number) > threshold)
  if (temperature === null) return { target: best, weight }
  const raised = logProbabilities.map((l) => Math.exp((l - (logProbabilities[best] as number)) / temperature))
  const sum = raised.reduce((a, b) => a + b, 0)
  return { target: raised.map((v) => v / sum), weight }
}

/**
 * Of the images taken for a class, the k whose confidence is greatest; among equals, the earlier ones. Class after
 * class, the surest first.
 */
export function trustedImages(
  classOf: ArrayLike<number>,
  confidence: ArrayLike<number>,
  classes: number,
  divisor: number,
): Int32Array {
  const k = Math.max(1, Math.min(Math.floor(classOf.length / classes / divisor), 100))
  const sure = (i: number): number => confidence[i] as number
  const of = Array.from({ length: classes }, (): number[] => [])
  for (let i = 0; i < classOf.length; i++) of[classOf[i] as number]?.push(i)
  return Int32Array.from(of.flatMap((images) => images.sort((a, b) => sure(b) - sure(a) || a - b).slice(0, k)))
}

async function trustOf(problem: PredictingProblem, coefficients: Table, { divisor }: Form): Promise<Trust[]> {
  const looked = await topPredictions(problem, coefficients, problem.trainingCounts)
  return looked.map(({ taken, confidence, classes }) => {
    const images = trustedImages(taken, confidence, classes, divisor)
    const isTrusted = new Uint8Array(taken.length)
    for (const i of images) isTrusted[i] = 1
    return { classes: taken, images, isTrusted }
  })
}

async function judged(problem: PredictingProblem, coefficients: Table, trust: readonly Trust[]): Promise<Measured> {
  const seen = await problem.predict(
    coefficients,
    trust.map(({ images }) => images),
    judgingPass,
  )
  const tasks = trust.map(({ images, classes }, t) => {
    const tally = new Map<number, number>()
    let loss = 0
    for (const [n, i] of images.entries()) {
      const row = rowOf(seen[t] as Predictions, n)
      loss -= (row[classes[i] as number] as number) / images.length
      tally.set(likeliest(row), (tally.get(likeliest(row)) ?? 0) + 1)
    }
    return { loss, accuracy: Number.NaN, leading: largestOf(tally.values()) / images.length }
  })
  return { loss: tasks.reduce((sum, task) => sum + task.loss, 0), tasks }
}
