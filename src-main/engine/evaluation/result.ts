// What a report says of one model on one task, from its predictions: counts, and what follows from them.

import type { TaskResult } from '../../contract/api/evaluations.ts'
import { calibrationError, reliability } from '../../numbers/statistics/calibration.ts'
import { classCounts, confusionOf, macroAccuracy } from '../../numbers/statistics/confusion.ts'
import { fairness } from '../../numbers/statistics/fairness.ts'
import { type McNemar, mcnemar } from '../../numbers/statistics/mcnemar.ts'
import { wilson } from '../../numbers/statistics/wilson.ts'
import { at } from '../../numbers/vectors.ts'
import type { LabelledImages } from '../datasets/images.ts'
import type { Predictions } from './predict.ts'

export interface Measured {
  images: Pick<LabelledImages, 'labels' | 'groups' | 'count'>
  classes: number
  positive: number | null // the class whose gaps are told
  reference: number | null // accuracy of the fine-tuned model
}

/** mistakes are shown by whoever has the pixels. */
export function resultOf(
  { images, classes, positive, reference }: Measured,
  told: Predictions,
): Omit<TaskResult, 'mistakes'> {
  const { labels, groups, count } = images
  const { predicted, confidence, loss } = told
  const right = rightOf(labels, told)
  const correct = right.filter((is) => is).length
  const confusion = confusionOf(labels, predicted, classes)
  const counts = classCounts(confusion, classes)
  const bins = reliability(confidence, right)
  const accuracy = correct / count
  return {
    images: count,
    correct,
    loss,
    accuracy,
    interval: wilson(correct, count),
    macroAccuracy: macroAccuracy(counts),
    relativeAccuracy: reference ? accuracy / reference : null,
    confusion,
    classes: counts,
    calibration: { error: calibrationError(bins), bins },
    fairness: groups && areGroups(groups) ? fairness(labels, predicted, groups, classes, positive) : null,
  }
}

const mostGroups = 200

/** A column of more values than that names images, not groups. */
const areGroups = (groups: readonly string[]): boolean => new Set(groups).size <= mostGroups

/** Whether two models differ on the images they both saw. */
export function differ(labels: Int32Array, first: Predictions, second: Predictions): McNemar {
  const [a, b] = [rightOf(labels, first), rightOf(labels, second)]
  const only = (these: boolean[], those: boolean[]): number => these.filter((is, i) => is && !those[i]).length
  return mcnemar(only(a, b), only(b, a))
}

/** Images that were taken for another class, the most confident first; at most so many. */
export function mistakesOf(labels: Int32Array, { predicted, confidence }: Predictions, most: number): number[] {
  const wrong = Array.from(labels.keys()).filter((i) => predicted[i] !== labels[i])
  return wrong.sort((i, j) => at(confidence, j) - at(confidence, i) || i - j).slice(0, most)
}

function rightOf(labels: Int32Array, { predicted }: Predictions): boolean[] {
  return Array.from(labels, (label, i) => label === predicted[i])
}
