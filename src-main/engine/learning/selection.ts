// Which state of a stage is best: the selection metric, explicit and the same for every method.
//   training-loss, validation-loss: sum over tasks of the mean loss of a task's images (minus it for a task to forget),
//   least is best;
//   validation-accuracy: mean over tasks of accuracy relative to each task's fine-tuned model where that is known (the
//   field's "normalised accuracy"), greatest is best; a task to forget counts minus its accuracy, its control does not
//   count.
// Where there are controls, a state must hold a share of the pre-trained model's accuracy on each (Ilharco et al. 2023:
// 95 %). One that does not is worse than every one that does, and a stage that leaves the states that do is over: its
// best state is the one it rolls back to.
import type { ResolvedConfig } from '../../contract/run/config.ts'
import type { TaskScore } from '../../contract/run/run.ts'
import type { Measured, Split } from './problem.ts'

export interface Selection {
  by: ResolvedConfig['select']
  split: Split
  bounded: boolean // there are controls
  metric(measured: Measured): number
  better(a: number, b: number): boolean
  /** Whether a state with this metric holds its controls. */
  holds(metric: number): boolean
}

type Aim = ResolvedConfig['tasks'][number]['aim']

/**
 * What the states are held against: aims of the tasks, accuracies of the pre-trained model, the share of them that
 * controls must hold.
 */
export interface Bounds {
  aims: readonly Aim[]
  pretrained: readonly number[]
  keep: number
}

const beyond = 1e9 // no loss, no accuracy

/** reference: accuracy of each task's fine-tuned model on the selection split, null where unknown. */
export function selectionBy(
  by: ResolvedConfig['select'],
  reference: readonly (number | null)[],
  bounds?: Bounds,
): Selection {
  const accuracy = by === 'validation-accuracy'
  const aims = bounds?.aims ?? reference.map(() => 'learn' as const)
  return {
    by,
    split: by === 'training-loss' ? 'training' : 'validation',
    bounded: aims.includes('keep'),
    metric: (measured) => {
      const missing = bounds ? shortfall(measured, bounds) : 0
      if (missing > 0) return (accuracy ? -1 : 1) * (beyond + missing)
      return accuracy ? meanAccuracy(measured, reference, aims) : measured.loss
    },
    better: (a, b) => (accuracy ? a > b : a < b),
    holds: (metric) => Math.abs(metric) < beyond,
  }
}

/** How far the worst control is below what it must hold; 0 when all hold. */
function shortfall({ tasks }: Measured, { aims, pretrained, keep }: Bounds): number {
  return Math.max(0, ...tasks.map((t, i) => (aims[i] === 'keep' ? keep * (pretrained[i] as number) - t.accuracy : 0)))
}

function meanAccuracy(measured: Measured, reference: readonly (number | null)[], aims: readonly Aim[]): number {
  const known = reference.every((r, i) => r || aims[i] !== 'learn')
  const values = measured.tasks.flatMap(({ accuracy }, i) => {
    if (aims[i] === 'keep') return []
    if (aims[i] === 'forget') return [-accuracy]
    return [known ? accuracy / (reference[i] as number) : accuracy]
  })
  return values.reduce((a, b) => a + b, 0) / values.length
}

export function taskScores(
  names: readonly string[],
  measured: Measured,
  reference: readonly (number | null)[],
): TaskScore[] {
  return measured.tasks.flatMap((t, i) => {
    if (Number.isNaN(t.loss) || Number.isNaN(t.accuracy)) return [] // no such split, or no labels
    const base = reference[i]
    return [
      {
        task: names[i] as string,
        loss: t.loss,
        accuracy: t.accuracy,
        relativeAccuracy: base ? t.accuracy / base : null,
      },
    ]
  })
}

/** Tasks of which nearly all images are taken for one class: what learning without labels may fall into. */
export function collapsed(names: readonly string[], { tasks }: Measured): { task: string; share: number }[] {
  return tasks.flatMap(({ leading = 0 }, i) =>
    leading > nearlyAll ? [{ task: names[i] as string, share: leading }] : [],
  )
}

const nearlyAll = 0.9
