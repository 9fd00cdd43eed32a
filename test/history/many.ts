// A history of many runs, made in seconds: copies of a few with other names, seeds, states, days and scores, ten epochs
// and a hundred coefficients each, some of them in studies, tagged or pinned.
import { runId } from '../../src-main/contract/branded.ts'
import { tagRuns } from '../../src-main/history/marks.ts'
import { listToBytes, tableToBytes } from '../../src-main/history/numbers.ts'
import { createRun } from '../../src-main/history/runs.ts'
import type { History } from '../../src-main/history/statement.ts'
import { createStudy, putStudyRun } from '../../src-main/history/studies.ts'
import { toyConfig } from './rows.ts'

const methods = ['dv-basi', 'atlas', 'task-arithmetic', 'ties', 'adamerging'] as const
const columns =
  'method, objective, grouping, state, seed, created, ended, seconds, iterations_planned, iterations_done, config, accuracy, relative_accuracy'
const instant = "strftime('%Y-%m-%dT%H:%M:%fZ', 1760000000 + n.value * 411, 'unixepoch')"

/** steps: of each of ten epochs. */
export function putMany(history: History, count: number, steps = 1): void {
  const { db } = history
  const alone = { start: undefined, iterations: undefined }
  const range = 'json_each(:range) n'
  const values = { range: JSON.stringify(Array.from({ length: count }, (_, i) => i)), methods: methods.length }
  db.transaction(() => {
    for (const [i, method] of methods.entries())
      createRun(
        history,
        toyConfig({
          ...{ name: `model ${i}`, method, pretrained: `ViT-${i % 2 ? 'B-32' : 'L-14'}.safetensors` },
          ...(method !== 'dv-basi' && alone),
        }),
        new Date(0),
        'interrupted',
      )
    db.prepare(
      `INSERT INTO runs (name, ${columns}) SELECT 'Sweep of sweep base: learningRate 0.' || n.value || ' of ' || r.method,
       r.method, CASE n.value % 3 WHEN 0 THEN 'entropy' ELSE 'cross-entropy' END, r.grouping,
       CASE n.value % 11 WHEN 0 THEN 'failed' WHEN 5 THEN 'stopped' ELSE 'done' END, n.value % 7, ${instant},
       ${instant}, 10 + n.value % 4000, r.iterations_planned, r.iterations_planned, r.config,
       0.5 + (n.value * 7919 % 4999) / 10000.0, 0.7 + (n.value * 104729 % 3001) / 10000.0 FROM ${range} JOIN runs r ON r.run = 1 + n.value % :methods`,
    ).run(values)
    db.prepare('DELETE FROM runs WHERE run <= :methods').run({ methods: methods.length })
    db.exec(
      "INSERT INTO stages (run, stage, kind, method, vectors, epochs_planned, steps_per_epoch) SELECT run, 0, 'start', 'atlas', '[]', 10, 1 FROM runs",
    )
    const table = [Array.from({ length: 10 }, (_, i) => i / 7)]
    const put = db.prepare(
      `INSERT INTO epochs (run, stage, epoch, step, losses, metric, best, tasks, coefficients, seconds)
       SELECT run, 0, :epoch, :epoch, :losses, 0.5, 0, '[]', :coefficients, 1.0 FROM runs`,
    )
    for (let epoch = 0; epoch < 10; epoch++)
      put.run({
        epoch,
        losses: listToBytes(Array.from({ length: steps }, (_, i) => 1 / (i + 1))),
        coefficients: tableToBytes(table),
      })
  })()
  const all = db.prepare('SELECT run FROM runs ORDER BY run').pluck().all() as number[]
  const every = (n: number) => all.filter((_, i) => i % n === 1).map(runId)
  tagRuns(history, every(40), ['cars', 'paper'], [])
  tagRuns(history, every(90), ['once more'], [])
  const planned = all.slice(0, 60).map((_, i) => ({ arm: `${i}`, part: '', seed: 1, config: toyConfig() }))
  for (const part of [0, 1, 2]) {
    const study = createStudy(history, { name: `Sweep ${part + 1}`, arms: [] } as never, planned, new Date())
    for (const [place, run] of all.slice(part * 60, part * 60 + 60).entries())
      putStudyRun(history, study, place, runId(run))
  }
}
