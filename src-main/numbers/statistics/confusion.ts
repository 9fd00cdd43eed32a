// Which class was taken for which, and the accuracies that follow, with C_yp the images of y that were called p:
//   accuracy = sum_c C_cc / sum C,   of a class y = C_yy / sum_p C_yp,   macro mean = mean over classes with images.
// Kept as its cells that are not 0: a thousand classes have a million, and no more of them are filled than there are
// images.
import { at } from '../vectors.ts'
import { mean } from './paired.ts'

export type Cell = [label: number, predicted: number, count: number]

/** In the order of labels, then of predictions. labels, predicted (n), each below classes. */
export function confusionOf(labels: Int32Array, predicted: Int32Array, classes: number): Cell[] {
  const counts = new Map<number, number>()
  labels.forEach((label, i) => {
    const cell = label * classes + at(predicted, i)
    counts.set(cell, (counts.get(cell) ?? 0) + 1)
  })
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map(([cell, count]) => [Math.floor(cell / classes), cell % classes, count])
}

export interface ClassCount {
  images: number
  correct: number
  predicted: number // images that were called this class
}

/** One a class. */
export function classCounts(cells: readonly Cell[], classes: number): ClassCount[] {
  const counts = Array.from({ length: classes }, () => ({ images: 0, correct: 0, predicted: 0 }))
  for (const [label, predicted, count] of cells) {
    const [own, theirs] = [at(counts, label), at(counts, predicted)]
    own.images += count
    theirs.predicted += count
    if (label === predicted) own.correct += count
  }
  return counts
}

/** Mean of the classes' accuracies, each class the same weight; classes without images are left out. */
export function macroAccuracy(counts: readonly ClassCount[]): number {
  const seen = counts.filter(({ images }) => images > 0)
  return mean(seen.map(({ correct, images }) => correct / images))
}
