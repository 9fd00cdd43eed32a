// Which state of a stage is best: the selection metric, explicit and the same for every method.
//   training-loss, validation-loss: sum over tasks of the mean loss, least is best;
//   validation-accuracy: mean over tasks of accuracy relative to each task's fine-tuned model where that is known (the
//   field's "normalised accuracy"), greatest is best.
import type { ResolvedConfig } from '../../contract/config.ts'
import type { TaskScore } from '../../contract/run.ts'
import type { Measured, Split } from '../problem.ts'

export interface Selection {
  by: ResolvedConfig['select']
  split: Split
  metric(measured: Measured): number
  better(a: number, b: number): boolean
}

/** reference: accuracy of each task's fine-tuned model on the selection split, null where unknown. */
export function selectionBy(by: ResolvedConfig['select'], reference: readonly (number | null)[]): Selection {
  const accuracy = by === 'validation-accuracy'
  return {
    by,
    split: by === 'training-loss' ? 'training' : 'validation',
    metric: (measured) => (accuracy ? meanAccuracy(measured, reference) : measured.loss),
    better: (a, b) => (accuracy ? a > b : a < b),
  }
}

function meanAccuracy(measured: Measured, reference: readonly (number | null)[]): number {
  const known = reference.every((r) => r)
  const values = measured.tasks.map((t, i) => (known ? t.accuracy / (reference[i] as number) : t.accuracy))
  return values.reduce((a, b) => a + b, 0) / values.length
}

export function taskScores(names: readonly string[], measured: Measured, reference: readonly (number | null)[]): TaskScore[] {
  return measured.tasks.flatMap((t, i) => {
    if (Number.isNaN(t.loss)) return []
    const base = reference[i]
    return [{ task: names[i] as string, loss: t.loss, accuracy: t.accuracy, relativeAccuracy: base ? t.accuracy / base : null }]
  })
}
