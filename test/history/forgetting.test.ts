// Tasks to forget in the history: a run's mean leaves them out and tells theirs apart, in rows of before as in new
// ones; a study compares arms by them, and by nothing else.

import Database from 'better-sqlite3'
import { expect, test } from 'vitest'

import type { RunId } from '../../src-main/contract/branded.ts'
import { comparedScores } from '../../src-main/contract/run/means.ts'
import { runDetailSchema } from '../../src-main/contract/run/run.ts'
import { runDetail } from '../../src-main/history/detail.ts'
import { listRuns } from '../../src-main/history/listing/list.ts'
import { putEvaluation } from '../../src-main/history/run-evaluations.ts'
import { createRun, endRun } from '../../src-main/history/runs.ts'
import { change, type History } from '../../src-main/history/statement.ts'
import { folder, now, opened, toyConfig } from './rows.ts'

type Aim = 'learn' | 'forget' | 'keep'

function measured(history: History, aims: Aim[], accuracies: number[]): RunId {
  const config = toyConfig()
  const names = aims.map((_, i) => `task ${i}`)
  const tasks = names.map((name, i) => ({ ...config.tasks[0], name, aim: aims[i] })) as typeof config.tasks
  const run = createRun(history, { ...config, tasks }, now)
  const scores = names.map((task, i) => ({
    task,
    loss: 1,
    accuracy: accuracies[i] as number,
    relativeAccuracy: (accuracies[i] as number) / 0.5,
  }))
  putEvaluation(history, run, { split: 'test', model: 'start', stage: 0, tasks: scores })
  endRun(history, run, 'done', now, null)
  return run
}

test('the mean accuracy of a negation is that of what is kept, and what is forgotten stands apart', async () => {
  const history = await opened(folder())
  const run = measured(history, ['forget', 'keep'], [0.1, 0.6])
  const shown = (): unknown[] => [
    listRuns(history, { offset: 0, limit: 1 }).rows[0],
    runDetailSchema.parse(runDetail(history, run)),
  ]
  for (const row of shown()) expect(row).toMatchObject({ accuracy: 0.6, relativeAccuracy: 1.2 })
  expect(runDetail(history, run).forgotten).toBe(0.1)
  // as it was stored once
  change(history, 'UPDATE runs SET accuracy = 0.35, relative_accuracy = 0.7 WHERE run = :run', { run })
  for (const row of shown()) expect(row).toMatchObject({ accuracy: 0.6, relativeAccuracy: 1.2 })
  const plain = measured(history, ['learn', 'learn'], [0.1, 0.6])
  expect(runDetail(history, plain)).toMatchObject({ accuracy: 0.35 })
  expect('forgotten' in runDetail(history, plain)).toBe(false)
})

test('a damaged evaluation of a negation is named once, and leaves the run its name and state', async () => {
  const history = await opened(folder())
  const run = measured(history, ['forget', 'keep'], [0.1, 0.6])
  const other = new Database(history.file) // which knows no checksums, as damage on the disk
  other.exec('UPDATE evaluations SET accuracy = 0.9 WHERE place = 1')
  other.close()
  expect(listRuns(history, { offset: 0, limit: 1 }).rows[0]).toMatchObject({
    run,
    name: toyConfig().name,
    state: 'done',
    accuracy: null,
    relativeAccuracy: null,
    error: null,
  })
  expect(history.notices).toMatchObject([{ where: expect.stringContaining(`table evaluations, run ${run}`) }])
  expect(runDetail(history, run)).toMatchObject({
    accuracy: null,
    damaged: [{ where: expect.stringContaining('place 1') }],
  })
})

test('damage that is met on a run’s page is told among the notices, where it can be mended', async () => {
  const history = await opened(folder())
  const run = measured(history, ['learn'], [0.6])
  const other = new Database(history.file)
  other.exec('UPDATE evaluations SET accuracy = 0.9')
  other.close()
  for (const _ of [1, 2]) expect(runDetail(history, run).damaged).toHaveLength(1)
  expect(history.notices).toMatchObject([
    { code: 'history-damaged', where: expect.stringContaining('table evaluations') },
  ])
})

test('a study compares arms by what is forgotten where anything is, else by all that is no control', () => {
  const scores = ['a', 'b', 'c'].map((task) => ({ task }))
  const by = (...aims: Aim[]): string[] =>
    comparedScores(
      scores,
      aims.map((aim, i) => ({ name: scores[i]?.task as string, aim })),
    ).map(({ task }) => task)
  expect(by('forget', 'keep', 'learn')).toEqual(['a'])
  expect(by('learn', 'keep', 'learn')).toEqual(['a', 'c'])
  expect(by('learn', 'learn', 'learn')).toEqual(['a', 'b', 'c'])
})
