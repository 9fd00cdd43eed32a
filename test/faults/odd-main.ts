// A process of a person's language, clock and time zone (LC_ALL, LANG, TZ): keeps a run in a data folder and writes
// what it has numbers in, on standard output, as one line of JSON. Arguments: the data folder, and "read" to read
// only.
import { writeSync } from 'node:fs'

import { runId } from '../../src-main/contract/branded.ts'
import { recordOf } from '../../src-main/contract/errors.ts'
import { parseJson } from '../../src-main/contract/json.ts'
import { dayOf } from '../../src-main/contract/run/query/fields.ts'
import { listRuns } from '../../src-main/history/listing/list.ts'
import { openHistory, readHistory } from '../../src-main/history/open.ts'
import { createRun } from '../../src-main/history/runs.ts'
import { reportCsv } from '../../src-main/workbench/evaluations/report/csv.ts'
import { table } from '../../src-main/workbench/export/card-model.ts'
import { recipeOf } from '../../src-main/workbench/export/recipe.ts'
import { toyConfig } from '../history/rows.ts'
import { putRun } from '../history/whole.ts'

const [home = '', how = 'write'] = process.argv.slice(2)

const result = {
  images: 8,
  correct: 6,
  accuracy: 0.75,
  interval: [0.5, 0.875],
  macroAccuracy: 0.625,
  relativeAccuracy: 1.125,
  loss: 1234.5,
  calibration: { error: 0.0625 },
  fairness: null,
}
const report = { models: [{ name: 'm', lambda: 0.3 }], tasks: [{ name: 'cars', results: [result] }], split: 'test' }

async function told(): Promise<unknown> {
  if (how === 'refused') {
    const history = await openHistory(home)
    history.close()
    return 'opened'
  }
  if (how === 'read') {
    const reader = await readHistory(home)
    const { rows } = listRuns(reader, { limit: 10 })
    reader.close()
    return rows.map(({ run, name }) => [run, name])
  }
  const history = await openHistory(home)
  const run = putRun(history, 'İstanbul ı 0.5')
  createRun(history, toyConfig({ name: 'second', seed: 8 }), new Date())
  const found = (query: string): number => listRuns(history, { limit: 10, query }).total
  const said = {
    locale: new Intl.NumberFormat().resolvedOptions().locale,
    here: (0.5).toLocaleString(),
    recipe: JSON.stringify(recipeOf(history, runId(run), null)),
    card: table(['accuracy'], [[(0.123456).toFixed(4)]]),
    csv: reportCsv(report as never),
    parsed: parseJson('{"learningRate": 0.5}'),
    found: [found('accuracy>0.2'), found('accuracy>20%'), found('duration>12.4s'), found('i'), found('method:dv-basi')],
    row: history.db.prepare('SELECT accuracy, seconds, created FROM runs WHERE run = 1').get(),
    day: dayOf('2026-10-25T00:30:00.000Z'),
  }
  history.close()
  return said
}

await told().then(
  (value) => writeSync(1, JSON.stringify({ value })),
  (error: unknown) => writeSync(1, JSON.stringify({ error: recordOf(error) })),
)
