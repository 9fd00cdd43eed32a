// What came of a run: which of its evaluations tells it, and means over tasks. What is to be forgotten is the better
// the lower it is, so that it never counts in one mean with what is to be learned or kept: the two stand apart. A mean
// is null as soon as one of its tasks has no value, for a mean over fewer tasks is another number.
import type { ResolvedConfig } from './config.ts'
import type { Evaluation, TaskScore } from './run.ts'

type Aims = readonly Pick<ResolvedConfig['tasks'][number], 'name' | 'aim'>[]
type Score = Pick<TaskScore, 'task' | 'accuracy' | 'relativeAccuracy'>

export interface Means {
  accuracy: number | null // of tasks to learn and to keep
  relativeAccuracy: number | null
  forgotten: number | null // accuracy of tasks to forget; null where there are none
}

/**
 * Of a run's own last stage, on test images where they were measured, else on those of training; of two of one stage
 * the later. Undefined where there is none.
 */
export function finalEvaluation(evaluations: readonly Evaluation[]): Evaluation | undefined {
  const own = evaluations.filter(({ model }) => model === 'start' || model === 'iteration')
  const last = (split: Evaluation['split']): Evaluation | undefined =>
    own
      .filter((e) => e.split === split)
      .toSorted((a, b) => (a.stage ?? 0) - (b.stage ?? 0))
      .at(-1)
  return last('test') ?? last('training')
}

export function meansOf(scores: readonly Score[], tasks: Aims): Means {
  const { counted, forgotten } = byAim(scores, tasks)
  return {
    accuracy: mean(counted.map(({ accuracy }) => accuracy)),
    relativeAccuracy: mean(counted.map(({ relativeAccuracy }) => relativeAccuracy)),
    forgotten: mean(forgotten.map(({ accuracy }) => accuracy)),
  }
}

/** Scores that a mean counts, and those of tasks to forget. */
export function byAim<T extends { task: string }>(scores: readonly T[], tasks: Aims): { counted: T[]; forgotten: T[] } {
  const toForget = named(tasks, 'forget')
  return {
    counted: scores.filter(({ task }) => !toForget.has(task)),
    forgotten: scores.filter(({ task }) => toForget.has(task)),
  }
}

/**
 * Scores that a study compares its arms by: those of tasks to forget where there are any, else all but those of
 * controls.
 */
export function comparedScores<T extends { task: string }>(scores: readonly T[], tasks: Aims): T[] {
  const [toForget, toKeep] = [named(tasks, 'forget'), named(tasks, 'keep')]
  return scores.filter(({ task }) => (toForget.size > 0 ? toForget.has(task) : !toKeep.has(task)))
}

const named = (tasks: Aims, aim: Aims[number]['aim']): Set<string> =>
  new Set(tasks.flatMap((t) => (t.aim === aim ? [t.name] : [])))

/** null where there are no values, or one is unknown. */
export function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length > 0 && known.length === values.length ? known.reduce((a, b) => a + b, 0) / known.length : null
}
