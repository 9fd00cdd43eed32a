// What a model takes images for: probabilities of every class, and of many images the likeliest alone. A problem that
// can say so lets an objective learn from the model's own word.
import type { Table } from '../../numbers/table.ts'
import type { Problem } from './problem.ts'

/** What a model takes some images of a task for. */
export interface Predictions {
  classes: number
  logProbabilities: Float64Array // (images, classes)
}

export interface PredictingProblem extends Problem {
  /** Of training images, for each task those named: as they are for evaluation, or as a pass over them draws them. */
  predict(coefficients: Table, images: readonly Int32Array[], pass?: number): Promise<Predictions[]>
}

export interface TopPredictions {
  classes: number
  taken: Int32Array // (images): the likeliest class
  confidence: Float64Array // (images): its probability
}

const together = 1024 // images whose probabilities are held at a time

/** What a model takes the first counts[t] training images of each task for, as they are for evaluation. */
export async function topPredictions(
  problem: PredictingProblem,
  coefficients: Table,
  counts: readonly number[],
): Promise<TopPredictions[]> {
  const found = counts.map(
    (n): TopPredictions => ({ classes: 0, taken: new Int32Array(n), confidence: new Float64Array(n) }),
  )
  for (let at = 0; at < Math.max(...counts); at += together) {
    const some = counts.map((n) =>
      Int32Array.from({ length: Math.max(0, Math.min(together, n - at)) }, (_, i) => at + i),
    )
    for (const [t, seen] of (await problem.predict(coefficients, some)).entries()) {
      const task = found[t] as TopPredictions
      task.classes = seen.classes
      for (const i of some[t] as Int32Array) {
        const row = rowOf(seen, i - at)
        const best = likeliest(row)
        task.taken[i] = best
        task.confidence[i] = Math.exp(row[best] as number)
      }
    }
  }
  return found
}

export function rowOf({ classes, logProbabilities }: Predictions, n: number): Float64Array {
  return logProbabilities.subarray(n * classes, (n + 1) * classes)
}

/** The first of the largest. */
export function likeliest(logProbabilities: Float64Array): number {
  let best = 0
  for (let c = 1; c < logProbabilities.length; c++)
    if ((logProbabilities[c] as number) > (logProbabilities[best] as number)) best = c
  return best
}
