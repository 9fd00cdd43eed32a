import { expect, test } from 'vitest'

import { runId } from '../../src-main/contract/branded.ts'
import { runDetail } from '../../src-main/history/detail.ts'
import { coefficientsOf } from '../../src-main/history/epochs.ts'
import { listRuns } from '../../src-main/history/listing/list.ts'
import { listToBytes, tableToBytes } from '../../src-main/history/numbers.ts'
import { createRun } from '../../src-main/history/runs.ts'
import { folder, now, opened, table, toyConfig } from './rows.ts'

const runs = 10_000
const epochs = 5

test('ten thousand runs with fifty thousand epochs: every question goes by an index', async () => {
  const history = await opened(folder())
  const { db } = history
  db.transaction(() => {
    createRun(history, toyConfig({ name: 'needle' }), now)
    for (let i = 1; i < runs; i++)
      db.exec(
        "INSERT INTO runs (name, method, objective, grouping, state, seed, created, iterations_planned, config) SELECT 'run', method, objective, grouping, 'done', seed, created, iterations_planned, config FROM runs WHERE run = 1",
      )
    db.exec(
      "INSERT INTO stages (run, stage, kind, method, vectors, epochs_planned, steps_per_epoch) SELECT run, 0, 'start', 'atlas', '[]', 5, 1 FROM runs",
    )
    const put = db.prepare(
      'INSERT INTO epochs (run, stage, epoch, step, losses, metric, best, tasks, coefficients, seconds) SELECT run, 0, :epoch, 1, :losses, 0.5, 0, :tasks, :coefficients, 1.0 FROM runs',
    )
    for (let epoch = 0; epoch < epochs; epoch++)
      put.run({ epoch, losses: listToBytes([1]), tasks: '[]', coefficients: tableToBytes(table(1)) })
  })()

  listRuns(history, { limit: 1 }) // the table of lists is made at the first question

  const asked: string[] = []
  const prepare = db.prepare.bind(db)
  db.prepare = ((text: string) => {
    asked.push(text)
    return prepare(text)
  }) as typeof db.prepare
  const page = listRuns(history, { offset: 5000, limit: 100 })
  expect(page.total).toBe(runs)
  expect(page.rows.map((r) => r.run)).toEqual(Array.from({ length: 100 }, (_, i) => 5000 - i))
  expect(listRuns(history, { offset: 0, limit: 100, query: 'NEEDLE' }).rows.map((r) => r.run)).toEqual([1])
  expect(runDetail(history, runId(5000)).start?.epochs).toHaveLength(epochs)
  expect(coefficientsOf(history, runId(5000), 0, 3)).toEqual(table(1))
  db.prepare = prepare

  expect(asked.length).toBeGreaterThanOrEqual(7)
  for (const text of asked) {
    const plan = (db.prepare(`EXPLAIN QUERY PLAN ${text}`).all(parametersOf(text)) as { detail: string }[]).map(
      (row) => row.detail,
    )
    const isList = /listed_runs|stale_runs/.test(text) // in memory, a narrow row each
    const scans = plan.filter(
      (step) =>
        (step.startsWith('SCAN') && !isList) ||
        (step.includes('TEMP B-TREE') && !isList && !text.includes('model DESC')),
    )
    expect(scans, text).toEqual([])
  }
})

function parametersOf(text: string): Record<string, number> {
  return Object.fromEntries([...text.matchAll(/:(\w+)/g)].map(([, name]) => [name, 1]))
}
