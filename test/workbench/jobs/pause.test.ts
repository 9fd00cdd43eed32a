// A run at work is paused and goes on: what is shown of it meanwhile, a pause that is taken back, one that another
// process asks for, and the real engine's bits. And whoever shows runs hears when to ask again.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import type { Job } from '../../../src-main/contract/api/jobs.ts'
import { type RunId, runId } from '../../../src-main/contract/branded.ts'
import type { ResolvedConfig } from '../../../src-main/contract/run/config.ts'
import type { RunEvent } from '../../../src-main/contract/run/run.ts'
import { forkEngine } from '../../../src-main/workbench/link/engine-process.ts'
import type { Workbench } from '../../../src-main/workbench/workbench.ts'
import { started } from '../../bundles.ts'
import { goldenConfig } from '../../golden/fixture.ts'
import { bitsOf, follow, temporaryFolder, toyConfig, toyEngine, toyWorkbench } from '../toy.ts'

/** Its runs end no epoch before they are let go. */
async function held(home = temporaryFolder()): Promise<{ workbench: Workbench; goOn(): void }> {
  const until = join(temporaryFolder(), 'go on')
  const engine = (environment: NodeJS.ProcessEnv) => toyEngine({ wait: 20, until }, environment)
  return { workbench: await toyWorkbench(home, engine), goOn: () => writeFileSync(until, '') }
}

const only = ({ jobs }: Workbench): Job => jobs.list()[0] as Job
const until = async (workbench: Workbench, is: (job: Job) => boolean): Promise<void> => {
  for await (const _ of workbench.jobs.watch()) if (is(only(workbench))) return
}

test('a pause is told while it is awaited, is taken back, and then ends nothing', async () => {
  const { workbench, goOn } = await held()
  const { jobs } = workbench
  const run = await workbench.runs.start(toyConfig({ iterations: 1 }))
  await jobs.pause(1, false)
  expect(only(workbench)).toMatchObject({ state: 'running', pausing: true, goesOn: true })
  jobs.resume(1)
  expect(only(workbench)).toMatchObject({ state: 'running', pausing: false })
  goOn()
  expect((await follow(workbench, run)).at(-1)?.type).toBe('done')
})

test('a paused run frees the engine, stands still, outlives a restart, and is cancelled or goes on from there', async () => {
  const home = temporaryFolder()
  const { workbench, goOn } = await held(home)
  const { jobs, runs } = workbench
  const run = await runs.start(toyConfig({ iterations: 1 }))
  await jobs.pause(1, false)
  goOn()
  await jobs.quiet()
  expect(only(workbench)).toMatchObject({ state: 'paused', position: 1, progress: null, pausing: false })
  expect(jobs.isAtWork('engine')).toBe(false)
  const { seconds, iterationsDone } = runs.show(run)
  await workbench.close()

  const second = await toyWorkbench(home)
  second.jobs.work('all')
  expect(second.runs.show(run)).toMatchObject({ state: 'paused', seconds, iterationsDone })
  expect(second.runs.list({ offset: 0, limit: 9 }).rows[0]?.state).toBe('paused')
  const hearing = follow(second, run) // of one that is held too
  await second.runs.resume(run)
  expect((await hearing).at(-1)?.type).toBe('done')

  const other = await second.runs.start(toyConfig({ name: 'other', iterations: 1 }))
  await second.jobs.pause(2, true)
  expect(second.runs.show(other).state).toBe('paused')
  expect(await second.runs.cancel(other)).toBe(true)
  expect(second.runs.show(other).state).toBe('cancelled')
})

test('a run that is resumed keeps what its job knew of memory, and is out of the trash', async () => {
  const { workbench, goOn } = await held()
  const { jobs, runs, care } = workbench
  const run = await runs.start(toyConfig({ iterations: 1 }))
  await runs.cancel(run)
  expect(care.trash([run]).done).toEqual([run])
  jobs.work('none')
  await runs.resume(run)
  expect(jobs.list()).toMatchObject([{ state: 'waiting', memoryBytes: 1 }])
  expect([care.marks(run).trashed, care.emptyTrash()]).toEqual([null, 0])
  goOn()
  jobs.work('all')
  expect((await follow(workbench, run)).at(-1)?.type).toBe('done')
})

test('a run that is to go on while its pause takes effect goes on', async () => {
  const { workbench, goOn } = await held()
  const { jobs } = workbench
  await workbench.runs.start(toyConfig({ iterations: 1 }))
  const paused = jobs.pause(1, true)
  expect(only(workbench)).toMatchObject({ state: 'running', pausing: true })
  jobs.resume(1)
  goOn()
  await paused
  await until(workbench, ({ state }) => state === 'done' || state === 'paused')
  expect(only(workbench).state).toBe('done')
})

test('another process that only reads asks for a pause, and lets it go on', async () => {
  const home = temporaryFolder()
  const { workbench, goOn } = await held(home)
  await workbench.runs.start(toyConfig({ iterations: 1 }))
  const reader = await toyWorkbench(home, undefined, false)
  expect(() => reader.jobs.ask({ what: 'pause', job: 7 })).toThrow('There is no such job')
  reader.jobs.ask({ what: 'pause', job: 1 })
  await until(workbench, ({ pausing }) => pausing)
  goOn()
  await until(workbench, ({ state }) => state === 'paused')
  reader.jobs.ask({ what: 'resume', job: 1 })
  await until(workbench, ({ state }) => state === 'done')
})

test('a job at work says its share of the whole; one like it that waits, how long that took', async () => {
  const { workbench, goOn } = await held()
  const { jobs, runs } = workbench
  const first = await runs.start(toyConfig({ iterations: 1, seed: 1 }))
  goOn()
  const shares: (number | null)[] = []
  for await (const { share, state } of jobs.follow(1)) if (state === 'running') shares.push(share)
  expect(shares.filter((share) => share !== null).every((share) => share >= 0 && share <= 1)).toBe(true)
  const { seconds } = runs.show(first)
  jobs.work('none')
  await runs.start(toyConfig({ iterations: 1, seed: 2, name: 'the same' }))
  await runs.start(toyConfig({ iterations: 2, seed: 2, name: 'another' }))
  const [same, another] = jobs.list().filter(({ state }) => state === 'waiting')
  expect(same).toMatchObject({ expectedSeconds: seconds, memoryBytes: 1 })
  expect(another?.expectedSeconds).toBeNull()
})

test('whoever shows runs is told once when one came, began, was called otherwise and ended, and not of every epoch', async () => {
  const { workbench, goOn } = await held()
  const news = workbench.news.watch()
  const next = async () => (await news.next()).value?.version
  expect(await next()).toBe(1) // the present
  const run = await workbench.runs.start(toyConfig({ iterations: 1 }))
  expect(await next()).toBe(2)
  await workbench.jobs.pause(1, false)
  goOn()
  await workbench.jobs.quiet()
  expect(await next()).toBeGreaterThan(2)
  expect(workbench.runs.show(run).state).toBe('paused')
})

test('the real engine: a run that was paused ends with the bits of the unbroken one', async () => {
  const door = started('src-main/worker/door.ts')
  const { tasks, ...golden } = goldenConfig('cross-entropy', {
    ...{ batch: 48, iterations: 1, steps: undefined, epochs: 2 },
    start: { method: 'atlas', epochs: 3 },
  })
  const config: ResolvedConfig = { ...golden, tasks: tasks.slice(0, 1), microBatch: 48 }
  const workbench = await toyWorkbench(temporaryFolder(), () => forkEngine(door))
  onTestFinished(() => workbench.close())
  const toTheEnd = async (run: RunId, see?: (event: RunEvent) => void) =>
    (await follow(workbench, run, see)).at(-1)?.type
  const whole = await workbench.runs.start(config)
  expect(await toTheEnd(whole)).toBe('done')
  const paused = await workbench.runs.start(config)
  const number = workbench.jobs.list().find(({ run }) => run === paused)?.job ?? 0
  await toTheEnd(paused, (event) => {
    if (event.type === 'epoch' && event.stage === 0 && event.epoch === 1) void workbench.jobs.pause(number, false)
  })
  const { state, start } = workbench.runs.show(paused)
  expect([state, start?.epochs.at(-1)?.epoch]).toEqual(['paused', expect.any(Number)])
  expect(start?.ended).toBe(false)
  await workbench.runs.resume(paused)
  expect(await toTheEnd(paused)).toBe('done')
  expect(bitsOf(workbench, paused)).toEqual(bitsOf(workbench, whole))
  expect(paused).toBe(runId(2))
})
