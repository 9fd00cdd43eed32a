// What is said of runs: it stays with them, never makes a run another one, and goes with it; the trash takes nothing
// that is at work, gives everything back, and is emptied with all that hangs on its runs.
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'

import { type RunId, runId } from '../../src-main/contract/branded.ts'
import { makeBackup } from '../../src-main/history/backups.ts'
import { createJob } from '../../src-main/history/jobs.ts'
import { listRuns } from '../../src-main/history/listing/list.ts'
import {
  emptyTrash,
  markedRun,
  markRuns,
  marksOf,
  renameRun,
  restoreRuns,
  tagRuns,
  trashOf,
  trashRuns,
} from '../../src-main/history/marks.ts'
import { createRun, endRun, reviveRun } from '../../src-main/history/runs.ts'
import { salvage } from '../../src-main/history/salvage.ts'
import type { History } from '../../src-main/history/statement.ts'
import { createStudy, putStudyRun } from '../../src-main/history/studies.ts'
import { studyRunsOf } from '../../src-main/history/study-places.ts'
import { timedRuns } from '../../src-main/history/timings.ts'
import { folder, now, opened, toyConfig } from './rows.ts'
import { putRun } from './whole.ts'

test('tags, notes, pins and names are kept, by every later opening too', async () => {
  const home = folder()
  const history = await opened(home)
  const [a, b] = [putRun(history, 'a'), putRun(history, 'b')]
  expect(marksOf(history, a)).toEqual({ tags: [], notes: '', pinned: false, trashed: null })
  tagRuns(history, [a, b], ['paper', 'cars'], [])
  tagRuns(history, [b], ['old'], ['cars', 'never there'])
  markRuns(history, [a], () => ({ notes: 'good', pinned: true }))
  renameRun(history, b, 'another name')
  history.close()
  const again = await opened(home)
  expect(markedRun(again, a)).toMatchObject({ name: 'a', tags: ['cars', 'paper'], notes: 'good', pinned: true })
  expect(markedRun(again, b)).toMatchObject({ name: 'another name', tags: ['old', 'paper'], pinned: false })
  expect(() => tagRuns(again, [a, runId(99)], ['x'], [])).toThrow('no such run')
  expect(marksOf(again, a).tags).toEqual(['cars', 'paper']) // all or none
})

test('the trash takes what is over, gives it back, and is emptied with all that hangs on it', async () => {
  const history = await opened(folder(), { lives: (run) => run === 3 })
  const [a, b] = [putRun(history, 'a'), putRun(history, 'b')]
  const atWork = createRun(history, toyConfig({ name: 'at work' }), now)
  const study = createStudy(
    history,
    { name: 's', arms: [] } as never,
    [{ arm: 'a', part: '', seed: 1, config: toyConfig() }],
    now,
  )
  putStudyRun(history, study, 0, a)
  expect(trashRuns(history, [a, b, atWork], now)).toEqual({
    done: [a, b],
    refused: [{ run: atWork, why: expect.stringContaining('at work') }],
  })
  expect(listRuns(history, { limit: 9 }).rows.map(({ run }) => run)).toEqual([atWork])
  expect(listRuns(history, { limit: 9, query: 'is:trash' }).rows.map(({ run, trashed }) => [run, trashed])).toEqual([
    [b, now.toISOString()],
    [a, now.toISOString()],
  ])
  expect(trashOf(history).runs).toBe(2)
  expect(trashOf(history).bytes).toBeGreaterThan(1000)
  restoreRuns(history, [b])
  expect(emptyTrash(history)).toHaveLength(1)
  expect([trashOf(history), emptyTrash(history)]).toEqual([{ runs: 0, ofStudies: 0, bytes: 0 }, []])
  expect(() => markedRun(history, a)).toThrow('no such run')
  for (const table of ['stages', 'epochs', 'evaluations', 'run_marks', 'parents', 'resume'])
    expect([table, history.db.prepare(`SELECT count(*) FROM ${table} WHERE run = ?`).pluck().get(a)]).toEqual([
      table,
      0,
    ])
  expect(studyRunsOf(history, study)).toMatchObject([{ run: null }])
  expect(listRuns(history, { limit: 9 }).rows.map(({ run }) => run)).toEqual([atWork, b])
  expect(createRun(history, toyConfig(), now)).toBe(4) // a number is never used twice
})

test('emptying takes no run that is at work or whose turn is to come, and says before how many a study would lack', async () => {
  const history = await opened(folder(), { lives: (run) => run === 2 })
  const [waits, works, over] = ['waits', 'works', 'over'].map((name) => putRun(history, name)) as [RunId, RunId, RunId]
  const planned = { arm: 'a', part: '', seed: 1, config: toyConfig() }
  const study = createStudy(history, { name: 's', arms: [] } as never, [planned], now)
  putStudyRun(history, study, 0, over)
  expect(trashRuns(history, [waits, works, over], now).refused).toEqual([])
  endRun(history, waits, 'interrupted', now, null)
  createJob(history, { kind: 'run', title: 'waits', request: {}, run: waits }, now)
  history.db.prepare("UPDATE runs SET state = 'running' WHERE run = ?").run(works)
  expect(trashOf(history)).toMatchObject({ runs: 3, ofStudies: 1 })
  expect(emptyTrash(history)).toHaveLength(1)
  expect(listRuns(history, { limit: 9, query: 'is:trash' }).rows.map(({ run }) => run)).toEqual([works, waits])
  reviveRun(history, waits)
  expect(marksOf(history, waits).trashed).toBeNull()
  expect(listRuns(history, { limit: 9, query: 'is:trash' }).rows.map(({ run }) => run)).toEqual([works])
})

test('damaged marks do not keep a run from going on', async () => {
  const history = await opened(folder())
  const run = putRun(history, 'a')
  trashRuns(history, [run], now)
  tamper(history, 'run_marks', run)
  reviveRun(history, run)
  expect(history.notices).toMatchObject([{ where: 'table run_marks, run 1' }])
})

/** Another hand's, that knows no checksums. */
function tamper(history: History, table: 'runs' | 'run_marks', run: RunId): void {
  const db = new Database(history.file)
  db.prepare(`UPDATE ${table} SET checksum = checksum + 1 WHERE run = ?`).run(run)
  db.close()
}

test('damaged marks come back without the run, and a damaged run without its marks', async () => {
  const history = await opened(folder())
  const [a, b] = ['a', 'b'].map((name) => putRun(history, name)) as [RunId, RunId]
  tagRuns(history, [a, b], ['old'], [])
  await makeBackup(history, now, () => true)
  renameRun(history, a, 'called otherwise since')
  tagRuns(history, [b], ['since'], [])
  tamper(history, 'run_marks', a)
  tamper(history, 'runs', b)
  const { taken, lost } = await salvage(history, now)
  expect(taken.map(({ what, key }) => [what, key])).toEqual([
    ['run', String(b)],
    ['marks of run', String(a)],
  ])
  expect(lost).toEqual([])
  expect(markedRun(history, a)).toMatchObject({ name: 'called otherwise since', tags: ['old'] })
  expect(markedRun(history, b)).toMatchObject({ name: 'b', tags: ['old', 'since'] })
})

test('a damaged old run is told of, and the others still tell how long the next takes', async () => {
  const history = await opened(folder())
  const [a, b] = ['a', 'b'].map((name) => putRun(history, name)) as [RunId, RunId]
  const known = timedRuns(history, 12).map(({ run }) => run)
  expect(known).toEqual([b, a])
  tamper(history, 'runs', b)
  expect(timedRuns(history, 12).map(({ run }) => run)).toEqual([a])
  expect(history.notices).toMatchObject([{ code: 'history-damaged' }])
})

test('a run that is brought back of a backup has its tags, and one that was tagged since is no other run', async () => {
  const home = folder()
  const history = await opened(home)
  const [a, b] = [putRun(history, 'a'), putRun(history, 'b')]
  tagRuns(history, [a, b], ['kept'], [])
  await makeBackup(history, now, () => true)
  tagRuns(history, [b], ['since'], [])
  history.db.prepare('DELETE FROM runs WHERE run = ?').run(a)
  const { taken, different, lost } = await salvage(history, now)
  expect([taken.map(({ what, key }) => [what, key]), different, lost]).toEqual([[['run', String(a)]], [], []])
  expect([marksOf(history, a).tags, marksOf(history, b).tags]).toEqual([['kept'], ['kept', 'since']])
})

test('damaged marks are told of, and the run is shown without them', async () => {
  const history = await opened(folder())
  const run = putRun(history, 'a')
  tagRuns(history, [run], ['paper'], [])
  history.db.exec(
    'DROP TRIGGER run_marks_written; DROP TRIGGER checksum_run_marks_changing; DROP TRIGGER checksum_run_marks_changed',
  )
  history.db.prepare("UPDATE run_marks SET notes = 'not mine', checksum = 1").run()
  expect(listRuns(history, { limit: 1 }).rows).toMatchObject([{ name: 'a', tags: [], notes: '' }])
  expect(history.notices).toMatchObject([{ code: 'history-damaged', where: 'table run_marks, run 1' }])
})
