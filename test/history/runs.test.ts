import { expect, test } from 'vitest'

import { type RunId, sha256 } from '../../src-main/contract/branded.ts'
import { runDetailSchema } from '../../src-main/contract/run/run.ts'
import { runDetail } from '../../src-main/history/detail.ts'
import { coefficientsOf, putEpoch } from '../../src-main/history/epochs.ts'
import { listRuns } from '../../src-main/history/listing/list.ts'
import { tablesFromBytes, tablesToBytes } from '../../src-main/history/numbers.ts'
import { resumeOf } from '../../src-main/history/resume.ts'
import { putEvaluation } from '../../src-main/history/run-evaluations.ts'
import { createRun, endRun, putOpened, reviveRun } from '../../src-main/history/runs.ts'
import { checkIntegrity } from '../../src-main/history/soundness.ts'
import { endStage, putStage } from '../../src-main/history/stages.ts'
import type { History } from '../../src-main/history/statement.ts'
import { epoch, folder, now, opened, resumeAt, stage, table, toyConfig } from './rows.ts'

function keep(history: History, run: RunId, at: ReturnType<typeof epoch>, seconds = at.seconds): void {
  putEpoch(history, run, at, resumeAt(at), seconds)
}

test('numbers come back with the bits they went in with', () => {
  const tables = [table(3), [[]], [[-0, 5e-324, 1 / 3]], table(-1)]
  const back = tablesFromBytes(tablesToBytes(tables))
  expect(back).toEqual(tables)
  expect(Object.is(back[2]?.[0]?.[0], -0)).toBe(true)
  expect(() => tablesToBytes([[[1, 2], [3]]])).toThrow('columns')
})

test('the state to go on from comes back with every bit, and always with its epoch', async () => {
  const history = await opened(folder())
  const run = createRun(history, toyConfig(), now)
  expect(resumeOf(history, run)).toBeNull()
  for (const s of [0, 1, 2]) putStage(history, run, stage(s))
  const at = epoch(2, 1)
  keep(history, run, at)
  expect(resumeOf(history, run)).toEqual(resumeAt(at))
  expect(Object.is(resumeOf(history, run)?.losses[1], -0)).toBe(true)
  expect(() => putEpoch(history, run, epoch(2, 2), { ...resumeAt(at), firstMoment: [[1], []] }, 0)).toThrow('columns')
  expect(coefficientsOf(history, run, 2, 2)).toBeNull() // not one without the other
})

test('a stage shows its best so far until it ends, then what its end gave', async () => {
  const history = await opened(folder())
  const run = createRun(history, toyConfig(), now)
  putStage(history, run, stage(0))
  keep(history, run, epoch(0, 0))
  keep(history, run, epoch(0, 1))
  keep(history, run, epoch(0, 2, false))
  const learning = runDetailSchema.parse(runDetail(history, run)).start
  expect(learning).toMatchObject({
    ended: false,
    accepted: false,
    best: 2,
    still: null,
    metric: 0.5,
    coefficients: table(1),
    losses: [1, 1 / 1.5, 1 / 2, 1 / 2.5],
  })
  endStage(history, run, {
    stage: 0,
    accepted: true,
    best: 2,
    still: 1,
    metric: 0.5,
    coefficients: table(9),
    losses: [4, 3, 2, 1, 0],
  })
  expect(runDetail(history, run).start).toMatchObject({
    ended: true,
    accepted: true,
    still: 1,
    coefficients: table(9),
    losses: [4, 3, 2, 1, 0],
  })
})

test('a resumed run forgets what came after its last kept epoch, and nothing before', async () => {
  const history = await opened(folder())
  const run = createRun(history, toyConfig(), now)
  putStage(history, run, stage(0))
  keep(history, run, epoch(0, 0))
  const end = { accepted: true, best: 2, still: 1, metric: 0.5, coefficients: table(9), losses: [1] }
  endStage(history, run, { stage: 0, ...end })
  const score = [{ task: 'cars', loss: 1, accuracy: 0.5, relativeAccuracy: 1 }]
  putEvaluation(history, run, { split: 'test', model: 'pretrained', stage: null, tasks: score })
  putEvaluation(history, run, { split: 'test', model: 'start', stage: 0, tasks: score })
  putStage(history, run, stage(1))
  endRun(history, run, 'interrupted', now, null)
  reviveRun(history, run)
  const detail = runDetail(history, run)
  expect(detail).toMatchObject({
    state: 'running',
    ended: null,
    accuracy: null,
    iterations: [],
    start: { ended: false, epochs: [{ epoch: 0 }] },
  })
  expect(detail.evaluations.map((e) => e.model)).toEqual(['pretrained'])
})

test('accuracy is the mean over tasks of the last stage on test data; relative accuracy only where every task has one', async () => {
  const history = await opened(folder())
  const run = createRun(history, toyConfig(), now)
  const score = (accuracy: number, relativeAccuracy: number | null) => ({
    task: `t${accuracy}`,
    loss: 1,
    accuracy,
    relativeAccuracy,
  })
  putEvaluation(history, run, { split: 'training', model: 'iteration', stage: 2, tasks: [score(0.9, 1)] })
  expect(runDetail(history, run)).toMatchObject({ evaluatedOn: 'training', accuracy: 0.9, relativeAccuracy: 1 })
  putEvaluation(history, run, { split: 'test', model: 'finetuned', stage: null, tasks: [score(1, 1)] })
  putEvaluation(history, run, { split: 'test', model: 'start', stage: 0, tasks: [score(0.1, 0.1)] })
  putEvaluation(history, run, {
    split: 'test',
    model: 'iteration',
    stage: 1,
    tasks: [score(0.25, 0.5), score(0.75, null)],
  })
  expect(runDetail(history, run)).toMatchObject({ evaluatedOn: 'test', accuracy: 0.5, relativeAccuracy: null })
  endRun(history, run, 'done', now, null, 12)
  expect(listRuns(history, { offset: 0, limit: 1 }).rows[0]).toMatchObject({
    state: 'done',
    accuracy: 0.5,
    relativeAccuracy: null,
    seconds: 12,
  })
})

test('a checkpoint is known by its content: one row for twins, its last place renewed', async () => {
  const history = await opened(folder())
  const run = createRun(history, toyConfig(), now)
  const parent = (file: string) => ({
    role: 'pretrained' as const,
    file,
    name: 'base',
    bytes: 3,
    sha256: sha256('abc'),
  })
  const engine = { name: 'toy', kind: 'wasm' as const, threads: 1, simd: '', reason: '', versions: {} }
  putOpened(history, run, {
    type: 'opened',
    engine,
    blocks: ['all'],
    parents: [parent('/old/base'), parent('/new/base')],
    parameters: 1,
    images: [],
  })
  expect(history.db.prepare('SELECT file FROM checkpoints').all()).toEqual([{ file: '/new/base' }])
  expect(runDetail(history, run).parents.map((p) => p.file)).toEqual(['/old/base', '/new/base'])
})

test('when the disk is full nothing that was kept is lost, and it goes on when there is space', async () => {
  const history = await opened(folder())
  const run = createRun(history, toyConfig(), now)
  putStage(history, run, stage(0))
  const pages = Number(history.db.pragma('page_count', { simple: true }))
  history.db.pragma(`max_page_count = ${pages + 4}`)
  let kept = 0
  const fill = (): void => {
    for (; kept < 1000; kept++) keep(history, run, epoch(0, kept))
  }
  expect(fill).toThrow(
    expect.objectContaining({ record: expect.objectContaining({ code: 'disk-full', where: history.file }) }),
  )
  checkIntegrity(history.db)
  expect(runDetail(history, run).start?.epochs).toHaveLength(kept)
  expect(resumeOf(history, run)).toEqual(resumeAt(epoch(0, kept - 1)))
  history.db.pragma('max_page_count = 1000000')
  keep(history, run, epoch(0, kept))
  expect(runDetail(history, run).start?.epochs).toHaveLength(kept + 1)
})
