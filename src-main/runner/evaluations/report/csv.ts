// Tables for spreadsheets and scripts, as RFC 4180 has them: a report's rows, one a task and model, with full digits, and every image's prediction.
import type { EvaluationReport } from '../../../contract/api/evaluations.ts'
import type { PredictionRow } from '../../../engine/evaluation/evaluate.ts'

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
const measures = ['loss', 'calibration_error', 'parity_gap', 'odds_gap', 'mcnemar_p']

export function reportCsv({ models, tasks, split }: EvaluationReport): string {
  const rows = models.flatMap(({ name }, m) =>
    tasks.flatMap((task) => {
      const r = task.results[m]
      if (!r) return []
      const own = [name, task.name, split, r.images, r.correct, r.accuracy, ...r.interval, r.macroAccuracy]
      const told = [r.loss, r.calibration.error, r.fairness?.parity.gap, r.fairness?.odds.gap, m < 2 ? task.mcnemar?.p : null]
      return [line([...own, task.reference?.accuracy, r.relativeAccuracy, ...told])]
    }),
  )
  return [line([...columns, ...measures]), ...rows].join('')
}

/** In pieces, as there may be a million rows. */
export function* predictionsCsv(rows: Iterable<PredictionRow>): Generator<Uint8Array> {
  let text = line(['task', 'model', 'image', 'label', 'predicted', 'confidence', 'group'])
  for (const { task, model, image, label, predicted, confidence, group } of rows) {
    text += line([task, model, image, label, predicted, confidence, group])
    if (text.length < 2 ** 16) continue
    yield Buffer.from(text)
    text = ''
  }
  yield Buffer.from(text)
}

function line(cells: (string | number | null | undefined)[]): string {
  return `${cells.map((cell) => quoted(String(cell ?? ''))).join(',')}\r\n`
}

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
