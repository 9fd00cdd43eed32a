// Jobs on a disk that takes nothing for a while: what ended is shown as it ended and can go on at once when there is
// room again, and what could not begin begins by itself. A trigger on a table stands for the disk.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import Database from 'better-sqlite3'
import { expect, test } from 'vitest'

import { patience } from '../../patience.ts'
import { follow, temporaryFolder, toyConfig, toyEngine, toyWorkbench } from '../toy.ts'
import { followTuning, modelFolder, toyTuning } from '../tunings/toy.ts'

/** From now on no state in the table changes, until it is called. */
function full(home: string, table = 'jobs'): () => void {
  const other = new Database(join(home, 'history.sqlite'), { timeout: patience })
  other.exec(`CREATE TRIGGER full BEFORE UPDATE OF state ON ${table} BEGIN SELECT RAISE(ABORT, 'no room'); END`)
  return () => {
    other.exec('DROP TRIGGER full')
    other.close()
  }
}

test('a job whose end could not be kept is shown as it ended; it is resumed when it can be kept, and no sooner', async () => {
  const home = temporaryFolder()
  const until = join(home, 'goes-on')
  const holds = { stage: 0, epoch: 2, until }
  const workbench = await toyWorkbench(home, (environment) => toyEngine({ holds }, environment))
  const run = await workbench.runs.start(toyConfig())
  let room = (): void => undefined
  await follow(workbench, run, (event) => {
    if (event.type !== 'epoch' || event.stage !== 0 || event.epoch !== 1) return
    room = full(home)
    void workbench.runs.cancel(run)
  })
  const [job] = workbench.jobs.list()
  expect(job).toMatchObject({ state: 'cancelled', run, ended: expect.any(String) })
  await expect(workbench.runs.resume(run)).rejects.toThrow('no room')
  expect(() => workbench.jobs.retry(job?.job ?? 0)).toThrow('no room')
  room()
  writeFileSync(until, '')
  await workbench.runs.resume(run)
  expect((await follow(workbench, run)).at(-1)?.type).toBe('done')
  expect(workbench.jobs.list().map(({ state }) => state)).toEqual(['done'])
})

test('a job that could not even be marked as begun waits, is told of once, and begins when there is room', async () => {
  const home = temporaryFolder()
  const workbench = await toyWorkbench(home)
  const room = full(home)
  const run = await workbench.runs.start(toyConfig())
  expect(workbench.jobs.list().map(({ state }) => state)).toEqual(['waiting'])
  workbench.jobs.work('all') // tried again
  expect(workbench.notices.map(({ what }) => what)).toEqual(['Job 1 could not begin'])
  room()
  expect((await follow(workbench, run)).at(-1)?.type).toBe('done')
})

test('a fine-tuning whose end could not be kept goes on from its last state when there is room', async () => {
  const home = temporaryFolder()
  const until = join(home, 'goes-on')
  const workbench = await toyWorkbench(home, (environment) => toyEngine({ holds: { stage: 3, until } }, environment))
  const tuning = await workbench.tunings.start(toyTuning(modelFolder()))
  let room = (): void => undefined
  await followTuning(workbench, tuning, (event) => {
    if (event.type !== 'state' || event.steps !== 3) return
    room = full(home, 'tunings')
    void workbench.tunings.cancel(tuning)
  })
  expect(workbench.tunings.show(tuning).state).toBe('interrupted')
  room()
  writeFileSync(until, '')
  await workbench.tunings.resume(tuning)
  expect((await followTuning(workbench, tuning)).at(-1)?.type).toBe('done')
})
