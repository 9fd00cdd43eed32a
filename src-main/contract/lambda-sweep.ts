// A report over lambda, theta_pre + lambda (theta - theta_pre): of each task its accuracy and, where its images have
// groups, its fairness at each lambda: DPD, the demographic-parity difference, and EOD, the equalised-odds difference.
import type { EvaluationReport, TaskResult } from './api/evaluations.ts'

export interface SweepPoint extends Pick<TaskResult, 'accuracy' | 'interval'> {
  lambda: number
  parity: number | null // DPD
  odds: number | null // EOD
}

export interface TaskSweep {
  task: string
  points: SweepPoint[] // by lambda, ascending
}

/** A row a task; none of a report whose models have not each a lambda. */
export function lambdaSweep({ models, tasks }: Pick<EvaluationReport, 'models' | 'tasks'>): TaskSweep[] {
  const lambdas = models.flatMap(({ lambda }) => (lambda === undefined ? [] : [lambda]))
  if (lambdas.length < 2 || lambdas.length < models.length) return []
  return tasks.map(({ name, results }) => ({
    task: name,
    points: results
      .flatMap(({ accuracy, interval, fairness }, m): SweepPoint[] => {
        const lambda = lambdas[m]
        if (lambda === undefined) return []
        return [{ lambda, accuracy, interval, parity: fairness?.parity.gap ?? null, odds: fairness?.odds.gap ?? null }]
      })
      .sort((a, b) => a.lambda - b.lambda),
  }))
}

/** Whether any images of the task have groups. */
export const isGrouped = ({ points }: TaskSweep): boolean => points.some(({ parity }) => parity !== null)
