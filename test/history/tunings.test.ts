// Fine-tunings in the history: pieces of steps, what goes when one is resumed, and the way through migration, damage
// and salvage that runs have too.
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'

import Database from 'better-sqlite3'
import { expect, test } from 'vitest'

import { openingsOf } from '../../src-main/history/evaluations.ts'
import { createJob, interruptJobs, jobAbout, putJobState } from '../../src-main/history/jobs.ts'
import { openHistory } from '../../src-main/history/open.ts'
import { salvage } from '../../src-main/history/salvage.ts'
import { transaction } from '../../src-main/history/statement.ts'
import { closePieces, curveOf, cutCurve, isCurveWhole, putSteps } from '../../src-main/history/tunings/curve.ts'
import { listTunings, tuningDetail } from '../../src-main/history/tunings/detail.ts'
import { putLook } from '../../src-main/history/tunings/looks.ts'
import {
  createTuning,
  endTuning,
  forgetTuning,
  putTuningOpened,
  reviveTuning,
} from '../../src-main/history/tunings/tunings.ts'
import { folder, now, opened, read } from './rows.ts'
import { openedTuning, toyInfo, tuningConfig, tuningStep } from './tuning-rows.ts'
import { putTuning, shown } from './whole.ts'

const databases = join(import.meta.dirname, '../databases')
const steps = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => tuningStep(from + i))

test('all that was kept is read back as it was', async () => {
  const history = await opened(folder())
  const tuning = putTuning(history)
  const detail = tuningDetail(history, tuning)
  expect(detail).toMatchObject({
    ...{ name: 'tuned', kind: 'standard', task: 'cars', state: 'done', seed: 7, steps: 5, of: 5, accuracy: 0.75 },
    ...{ model: '/models/tuned', sha256: '09'.repeat(32), error: null, notes: ['a note'], engines: [toyInfo] },
    ...{ created: now.toISOString(), ended: now.toISOString(), config: tuningConfig() },
    finished: { stopped: false, split: 'test', accuracy: 0.75, pretrained: 0.5 },
  })
  expect(detail.curve).toEqual(steps(0, 5))
  expect(detail.looks.map((look) => look.steps)).toEqual([0, 3, 5])
  expect(detail.data).toHaveLength(1)
  expect(listTunings(history)).toHaveLength(1)
  expect(isCurveWhole(history, tuning)).toBe(true)
  expect(openingsOf(history, ['/models/cars#test'])).toMatchObject([{ tuning, run: null, evaluation: null }])
})

test('steps between two states are one row; what lies beyond a state goes with it in one transaction', async () => {
  const history = await opened(folder())
  const tuning = createTuning(history, tuningConfig(), {}, now)
  const count = (): unknown => history.db.prepare('SELECT first, last, closed FROM tuning_curve ORDER BY first').all()
  for (const step of [0, 1, 2, 3]) putSteps(history, tuning, [tuningStep(step)])
  closePieces(history, tuning, 4)
  putSteps(history, tuning, steps(4, 9))
  putLook(history, tuning, { steps: 4, epoch: 1, loss: null, accuracy: null, best: true })
  putLook(history, tuning, { steps: 8, epoch: 2, loss: null, accuracy: null, best: true })
  expect(count()).toEqual([
    { first: 0, last: 3, closed: 1 },
    { first: 4, last: 8, closed: 0 },
  ])
  putTuningOpened(history, tuning, openedTuning(6))
  expect(curveOf(history, tuning)).toEqual(steps(0, 6)) // a piece is cut where no state had closed it
  expect(tuningDetail(history, tuning)).toMatchObject({ steps: 6, looks: [{ steps: 4 }], parents: [{ name: 'base' }] })
  putSteps(history, tuning, steps(6, 8))
  transaction(history, () => cutCurve(history, tuning, 2))
  expect(curveOf(history, tuning)).toEqual(steps(0, 2))
  expect(isCurveWhole(history, tuning)).toBe(true)
})

test('an engine that computes otherwise is one more; begun anew, only that counts', async () => {
  const history = await opened(folder())
  const tuning = createTuning(history, tuningConfig(), {}, now)
  const other = { ...toyInfo, name: 'other', versions: { toy: '2' } }
  const names = (): string[] => tuningDetail(history, tuning).engines.map(({ name }) => name)
  putTuningOpened(history, tuning, openedTuning(0))
  putTuningOpened(history, tuning, openedTuning(2))
  putTuningOpened(history, tuning, openedTuning(2, other))
  expect(names()).toEqual(['toy', 'other'])
  putTuningOpened(history, tuning, openedTuning(0, other))
  expect(names()).toEqual(['other'])
})

test('one that nobody works on is interrupted, one whose job waits is waiting, and one that is done has a done job', async () => {
  const home = folder()
  const history = await openHistory(home)
  const tunings = ['left', 'queued'].map((name) => createTuning(history, tuningConfig(name), {}, now))
  const [left = 0, queued = 0] = tunings
  reviveTuning(history, left)
  createJob(history, { kind: 'tuning', title: 'queued', request: {}, tuning: queued }, now)
  expect(listTunings(history).map(({ state }) => state)).toEqual(['waiting', 'running'])
  const done = putTuning(history)
  const job = createJob(history, { kind: 'tuning', title: 'done', request: {}, tuning: done }, now)
  putJobState(history, job, 'running', now)
  interruptJobs(history, now)
  expect(jobAbout(history, 'tuning', done)?.state).toBe('done')
  history.close()
  const reader = await read(home)
  expect(listTunings(reader).map(({ state }) => state)).toEqual(['done', 'waiting', 'interrupted'])
  const next = await opened(home)
  endTuning(next, left, 'failed', now, { code: 'not-finite', what: 'w', where: 'x', why: 'y', next: 'z' })
  expect(tuningDetail(next, left)).toMatchObject({ state: 'failed', error: { code: 'not-finite' } })
  forgetTuning(next, done)
  expect(next.db.prepare('SELECT count(*) AS n FROM tuning_curve').get()).toEqual({ n: 0 })
  expect(openingsOf(next, ['/models/cars#test'])).toMatchObject([{ tuning: done }]) // that stays
})

test('a history of the version before is migrated: openings keep their numbers, checksums and where they count on', async () => {
  const home = folder()
  const file = join(home, 'history.sqlite')
  copyFileSync(join(databases, 'history-v10.sqlite'), file)
  const db = new Database(file, { readonly: true })
  const before = db.prepare('SELECT * FROM openings ORDER BY opening').all() as object[]
  const sequence = db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'openings'").get()
  db.close()
  expect(before.length).toBeGreaterThan(2)
  const history = await opened(home)
  expect(history.notices).toEqual([])
  expect(history.db.prepare('SELECT * FROM openings ORDER BY opening').all()).toEqual(
    before.map((row) => ({ ...row, tuning: null })),
  )
  expect(history.db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'openings'").get()).toEqual(sequence)
  expect(shown(history).errors).toEqual([])
  putTuning(history)
  expect(openingsOf(history, ['/models/cars#test']).at(-1)).toMatchObject({ tuning: 1 })
})

test('a damaged fine-tuning comes back whole from a history that was set aside, under its own number', async () => {
  const home = folder()
  const history = await openHistory(home)
  const tuning = putTuning(history)
  const whole = tuningDetail(history, tuning)
  history.db.pragma('wal_checkpoint(TRUNCATE)')
  history.close()
  copyFileSync(join(home, 'history.sqlite'), join(home, 'history-damaged-2026-11-20T08-00-00-000Z.sqlite'))
  const other = new Database(join(home, 'history.sqlite'))
  other.exec(`UPDATE tuning_curve SET steps = replace(steps, '"images":4', '"images":5') WHERE first = 0`)
  other.close()
  const damaged = await opened(home)
  expect(tuningDetail(damaged, tuning).curve.length).toBeLessThan(5)
  expect(damaged.notices).toMatchObject([{ code: 'history-damaged', where: expect.stringContaining('tuning_curve') }])
  const { taken } = await salvage(damaged, now)
  expect(taken).toMatchObject([{ what: 'fine-tuning', key: String(tuning) }])
  expect(tuningDetail(damaged, tuning)).toEqual(whole)
})
