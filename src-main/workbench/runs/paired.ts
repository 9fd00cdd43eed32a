// Whether runs differ by more than chance, each against the first: Student's paired t-test over the tasks that both
// measured on the same split, and McNemar's test image by image where an evaluation had both as its first two models.
// Where neither can be, why not.
import type { Paired } from '../../contract/api/comparison.ts'
import type { RunId } from '../../contract/branded.ts'
import type { RunDetail } from '../../contract/run/run.ts'
import { runDetail } from '../../history/detail.ts'
import { listEvaluations, reportOf } from '../../history/evaluations.ts'
import type { History } from '../../history/statement.ts'
import { mean, pairedInterval, pairedTTest } from '../../numbers/statistics/paired.ts'

/** In the order of the runs; the first is compared with none. */
export function pairedRuns(history: History, runs: readonly RunId[]): Paired[] {
  const [first, ...others] = runs.map((run) => runDetail(history, run))
  if (!first) return []
  return others.map((other) => ({
    run: other.run,
    ...overTasks(first, other),
    images: imageByImage(history, first.run, other.run),
  }))
}

type Measured = Pick<RunDetail, 'tasks' | 'evaluatedOn'>

export function overTasks(first: Measured, other: Measured): Omit<Paired, 'run' | 'images'> {
  const none = { difference: null, interval: null, p: null }
  if (first.evaluatedOn === null || other.evaluatedOn === null)
    return { ...none, tasks: 0, why: 'one of the two has no final evaluation' }
  if (first.evaluatedOn !== other.evaluatedOn)
    return {
      ...none,
      tasks: 0,
      why: `one was measured on ${first.evaluatedOn} data, the other on ${other.evaluatedOn} data`,
    }
  const differences = Object.entries(other.tasks).flatMap(([task, { accuracy }]) => {
    const own = first.tasks[task]
    return own ? [accuracy - own.accuracy] : []
  })
  const tasks = differences.length
  if (tasks === 0) return { ...none, tasks, why: 'they have no task in common' }
  const difference = mean(differences)
  if (tasks === 1)
    return { ...none, tasks, difference, why: 'they have one task in common, and a paired test takes two' }
  const p = pairedTTest(differences)
  if (p === null)
    return { ...none, tasks, difference, why: 'all their differences are alike, so there is no spread to judge by' }
  return { tasks, difference, interval: pairedInterval(differences), p, why: '' }
}

function imageByImage(history: History, first: RunId, second: RunId): Paired['images'] {
  const isOf = (name: string | undefined, run: RunId) => new RegExp(`^run ${run}(,|$)`).test(name ?? '')
  const pairs = listEvaluations(history).filter(({ state, models: [a, b] }) => {
    if (state !== 'done') return false
    return (isOf(a, first) && isOf(b, second)) || (isOf(a, second) && isOf(b, first))
  })
  const [evaluation] = pairs // the newest: others are of other states, or say the same
  const report = evaluation && reportOf(history, evaluation.evaluation)
  if (!report) return []
  const turned = report.models[0]?.run !== first
  return report.tasks.flatMap(({ name, mcnemar }) => {
    if (!mcnemar) return []
    const { onlyFirst, onlySecond, p } = mcnemar
    const counts = turned ? { onlyFirst: onlySecond, onlySecond: onlyFirst } : { onlyFirst, onlySecond }
    return [{ evaluation: evaluation.evaluation, task: name, ...counts, p }]
  })
}
