// What history keeps of studies: planned runs in their order, what came of each by its evaluations, and MGDA's weights
// with the epoch they belong to.

import { expect, test } from 'vitest'

import { runId } from '../../src-main/contract/branded.ts'
import { parseStudy } from '../../src-main/contract/run/study.ts'
import { runDetail } from '../../src-main/history/detail.ts'
import { putEpoch } from '../../src-main/history/epochs.ts'
import { createJob, putJobState } from '../../src-main/history/jobs.ts'
import { putEvaluation } from '../../src-main/history/run-evaluations.ts'
import { putManifest } from '../../src-main/history/run-images.ts'
import { createRun, endRun } from '../../src-main/history/runs.ts'
import { putStage } from '../../src-main/history/stages.ts'
import {
  bringBackStudy,
  createStudy,
  forgetStudy,
  listStudies,
  plannedConfig,
  putStudyRun,
  putStudyState,
  studyOf,
} from '../../src-main/history/studies.ts'
import { studyRunsOf } from '../../src-main/history/study-places.ts'
import { toyFile } from '../workbench/toy-run.ts'
import { epoch, folder, manifest, now, opened, resumeAt, stage, toyConfig } from './rows.ts'

const definition = parseStudy({ name: 'toys', config: toyFile })
const score = (task: string, accuracy: number) => ({ task, loss: 1, accuracy, relativeAccuracy: accuracy / 0.8 })

test("MGDA's weights and residual stay with their epoch; an epoch without has none", async () => {
  const history = await opened(folder())
  const run = createRun(history, toyConfig(), now)
  putStage(history, run, stage(0))
  const pareto = { weights: [0.25, 0.75], residual: 1 / 3 }
  const [first, second] = [epoch(0, 0), { ...epoch(0, 1), pareto }]
  putEpoch(history, run, first, resumeAt(first), 1)
  putEpoch(history, run, second, resumeAt(second), 2)
  const kept = runDetail(history, run).start?.epochs
  expect(kept?.[0]).not.toHaveProperty('pareto')
  expect(kept?.[1]?.pareto).toEqual(pareto)
})

test('accuracies are means over the tasks that are not kept, on the data the run ended on, once it is done', async () => {
  const history = await opened(folder())
  const config = toyConfig({
    tasks: [
      { name: 'a', aim: 'forget', data: 'd', head: 'h' },
      { name: 'b', aim: 'forget', data: 'd', head: 'h' },
      { name: 'keep', aim: 'keep', data: 'd', head: 'h' },
    ],
  })
  const study = createStudy(history, definition, [{ arm: 'x', part: 'y', seed: 3, config }], now)
  expect(plannedConfig(history, study, 0)).toEqual(config)
  expect(studyRunsOf(history, study)).toMatchObject([
    { arm: 'x', part: 'y', seed: 3, run: null, state: 'waiting', accuracy: null },
  ])
  const run = createRun(history, config, now)
  putStudyRun(history, study, 0, run)
  putEvaluation(history, run, {
    split: 'validation',
    model: 'pretrained',
    stage: null,
    tasks: ['a', 'b', 'keep'].map((t) => score(t, 0.1)),
  })
  putEvaluation(history, run, {
    split: 'test',
    model: 'pretrained',
    stage: null,
    tasks: [score('a', 0.4), score('b', 0.6), score('keep', 0.7)],
  })
  putEvaluation(history, run, {
    split: 'test',
    model: 'start',
    stage: 0,
    tasks: [score('a', 0.2), score('b', 0.4), score('keep', 0.65)],
  })
  expect(studyRunsOf(history, study)[0]).toMatchObject({ run, state: 'running', accuracy: null })
  endRun(history, run, 'done', now, null)
  expect(studyRunsOf(history, study)[0]).toMatchObject({
    state: 'done',
    accuracy: expect.closeTo(0.3, 12),
    relativeAccuracy: expect.closeTo(0.375, 12),
    control: 0.65,
    pretrained: 0.5,
    finetuned: null,
  })
  const shared = [{ split: 'validation' as const, images: 2 }]
  putManifest(history, run, manifest({ split: 'test', count: 5, shared }))
  expect(studyRunsOf(history, study)[0]?.leaks).toEqual([
    { task: 'a', split: 'validation', images: 2, of: 5, unlabelled: false },
  ])
  const listed = { study, name: 'toys', planned: 1, done: 1 }
  expect(listStudies(history)).toMatchObject([{ ...listed, state: 'paused' }]) // nobody has it in the queue
  const job = createJob(history, { kind: 'study', title: 'toys', request: {}, study }, now)
  expect(listStudies(history)).toMatchObject([{ ...listed, state: 'waiting' }])
  putJobState(history, job, 'running', now)
  expect(listStudies(history)).toMatchObject([{ ...listed, state: 'running' }])
})

test('a study keeps its state and the reason it paused; forgotten, its runs stay', async () => {
  const history = await opened(folder())
  const study = createStudy(history, definition, [{ arm: 'x', part: '', seed: 0, config: toyConfig() }], now)
  putStudyRun(history, study, 0, createRun(history, toyConfig(), now))
  const error = { code: 'disk-full', what: 'w', where: 'h', why: 'y', next: 'n' } as const
  putStudyState(history, study, 'paused', error)
  expect(studyOf(history, study)).toMatchObject({ state: 'paused', error, definition })
  putStudyState(history, study, 'running')
  expect(studyOf(history, study).error).toBeNull()
  forgetStudy(history, study)
  expect(listStudies(history)).toEqual([])
  expect(runDetail(history, runId(1)).name).toBe('toy run')
})

test('a study that is forgotten comes back as it was, without the runs that are gone by then', async () => {
  const history = await opened(folder())
  const planned = [1, 2].map((seed) => ({ arm: 'a', part: '', seed, config: toyConfig({ seed }) }))
  const study = createStudy(history, definition, planned, now)
  const runs = planned.map(() => createRun(history, toyConfig(), now))
  for (const [place, run] of runs.entries()) putStudyRun(history, study, place, run)
  putStudyState(history, study, 'done')
  const before = [studyOf(history, study), studyRunsOf(history, study)]
  bringBackStudy(history, forgetStudy(history, study))
  expect([studyOf(history, study), studyRunsOf(history, study)]).toEqual(before)
  const forgotten = forgetStudy(history, study)
  expect(listStudies(history)).toEqual([])
  history.db.prepare('DELETE FROM runs WHERE run = ?').run(runs[0])
  bringBackStudy(history, forgotten)
  expect(studyRunsOf(history, study).map(({ run }) => run)).toEqual([null, runs[1]])
})
