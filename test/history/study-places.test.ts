// The planned runs of a study as they are kept in memory: whatever is done to it, they read as to a process that comes
// anew, what did not change is not read again, and a version tells what changed since.
import { expect, test } from 'vitest'

import { type RunId, runId } from '../../src-main/contract/branded.ts'
import { parseStudy } from '../../src-main/contract/run/study.ts'
import { dropClusterTasks, newTask, putClusterTasks } from '../../src-main/history/cluster-tasks.ts'
import { createJob } from '../../src-main/history/jobs.ts'
import { readHistory } from '../../src-main/history/open.ts'
import { putEvaluation } from '../../src-main/history/run-evaluations.ts'
import { createRun, endRun, reopenRun } from '../../src-main/history/runs.ts'
import { type History, transaction } from '../../src-main/history/statement.ts'
import { bringBackStudy, createStudy, forgetStudy, listStudies, putStudyRun } from '../../src-main/history/studies.ts'
import {
  changedSince,
  countsOf,
  type StudyPlaces,
  studyPlaces,
  studyRunsOf,
} from '../../src-main/history/study-places.ts'
import { toyFile } from '../workbench/toy-run.ts'
import { folder, now, opened, toyConfig } from './rows.ts'

const count = 5

async function planned(): Promise<{ history: History; home: string; study: number }> {
  const home = folder()
  const history = await opened(home)
  const all = Array.from({ length: count }, (_, seed) => ({ arm: 'x', part: '', seed, config: toyConfig({ seed }) }))
  return { history, home, study: createStudy(history, parseStudy({ name: 'toys', config: toyFile }), all, now) }
}

function begun(history: History, study: number, place: number): RunId {
  const run = createRun(history, toyConfig({ seed: place }), now)
  putStudyRun(history, study, place, run)
  return run
}

function done(history: History, run: RunId, accuracy: number): void {
  const tasks = toyConfig().tasks.map(({ name }) => ({ task: name, loss: 1, accuracy, relativeAccuracy: 1 }))
  putEvaluation(history, run, { split: 'test', model: 'start', stage: 0, tasks })
  endRun(history, run, 'done', now, null)
}

const bare = ({ all }: StudyPlaces) => [...all.values()].map(({ at, ...one }) => one)

test('whatever is done to a study, its runs and tasks read as to a process that comes anew', async () => {
  const { history, home, study } = await planned()
  const run = runId(1)
  const forgotten: ReturnType<typeof forgetStudy>[] = []
  const steps: (() => void)[] = [
    () => void begun(history, study, 1),
    () => done(history, run, 0.5),
    () => putClusterTasks(history, study, [2, 3, 4].map(newTask)),
    () => putClusterTasks(history, study, [{ ...newTask(3), state: 'running', host: 'n1' }]),
    () => void begun(history, study, 3),
    () => void createJob(history, { kind: 'run', request: {}, title: 'again', run: runId(2), place: 'here' }, now),
    () => endRun(history, runId(2), 'failed', now, null),
    () => reopenRun(history, runId(2)),
    () => putStudyRun(history, study, 3, null),
    () => dropClusterTasks(history, study),
    () => void forgotten.push(forgetStudy(history, study)),
    () => forgotten.forEach((one) => bringBackStudy(history, one)),
    () => history.db.exec('DELETE FROM runs WHERE run = 1'),
  ]
  for (const [i, step] of steps.entries()) {
    step()
    const anew = await readHistory(home)
    expect([i, listStudies(history)]).toEqual([i, listStudies(anew)]) // counted anew in one, kept in the other
    expect([i, bare(studyPlaces(history, study))]).toEqual([i, bare(studyPlaces(anew, study))])
    expect(listStudies(history)).toMatchObject(listStudies(anew).map(() => countsOf(studyPlaces(anew, study))))
    anew.close()
  }
})

test('what did not change is the same, and a version tells what did; one that is not known is told all', async () => {
  const { history, study } = await planned()
  const first = studyPlaces(history, study)
  expect(changedSince(first, 0)).toMatchObject({ whole: true, places: { length: count } })
  expect(studyPlaces(history, study)).toBe(first)
  expect(changedSince(first, first.version)).toEqual({ whole: false, places: [] })
  const run = begun(history, study, 2)
  const second = studyPlaces(history, study)
  done(history, run, 0.25)
  putClusterTasks(history, study, [newTask(4)])
  const third = studyPlaces(history, study)
  const places = (now: StudyPlaces, since: number) => changedSince(now, since).places.map((one) => one.run.place)
  expect(places(second, first.version)).toEqual([2])
  expect(places(third, second.version)).toEqual([2, 4])
  expect(third.all.get(2)?.run).toMatchObject({ run, state: 'done', accuracy: 0.25 })
  for (const place of [0, 1, 3]) expect(third.all.get(place)).toBe(first.all.get(place))
  expect(changedSince(third, third.version + 1).whole).toBe(true) // of another sitting
})

test('what a transaction takes back was never there', async () => {
  const { history, study } = await planned()
  const before = studyPlaces(history, study)
  expect(() =>
    transaction(history, () => {
      begun(history, study, 0)
      expect(studyRunsOf(history, study)[0]?.run).toBe(1)
      throw new Error('taken back')
    }),
  ).toThrow('taken back')
  expect(bare(studyPlaces(history, study))).toEqual(bare(before))
})

test('what another process writes is seen, and what it left alone keeps its version', async () => {
  const { history, home, study } = await planned()
  const reader = await readHistory(home)
  const before = studyPlaces(reader, study)
  begun(history, study, 1)
  const after = studyPlaces(reader, study)
  expect(changedSince(after, before.version)).toMatchObject({ whole: false, places: [{ run: { place: 1, run: 1 } }] })
  reader.close()
})
