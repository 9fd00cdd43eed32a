// A report's rows as a table for spreadsheets and scripts, as RFC 4180 has it: one a task and model, with full digits.
import { stringify } from 'csv-stringify/sync'

import type { EvaluationReport } from '../../../contract/api/evaluations.ts'

const columns = [
  'model',
  'task',
  'split',
  'images',
  'correct',
  'accuracy',
  'low',
  'high',
  'macro_accuracy',
  'reference',
  'relative_accuracy',
]
const measures = ['loss', 'calibration_error', 'parity_gap', 'odds_gap', 'mcnemar_p', 'lambda']

export function reportCsv({ models, tasks, split }: EvaluationReport): string {
  const rows = models.flatMap(({ name, lambda }, m) =>
    tasks.flatMap((task) => {
      const r = task.results[m]
      if (!r) return []
      const own = [name, task.name, split, r.images, r.correct, r.accuracy, ...r.interval, r.macroAccuracy]
      const told = [
        r.loss,
        r.calibration.error,
        r.fairness?.parity.gap,
        r.fairness?.odds.gap,
        m < 2 ? task.mcnemar?.p : null,
        lambda,
      ]
      return [[...own, task.reference?.accuracy, r.relativeAccuracy, ...told]]
    }),
  )
  return stringify([[...columns, ...measures], ...rows], { record_delimiter: 'windows' })
}
