// The queue with the toy engine: order, pause, cancel, retry, what a failure does to others, and what stays of it when
// its workbench is closed.
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'
import { z } from 'zod'

import type { Job } from '../../../src-main/contract/api/jobs.ts'
import { type RunId, runId, sha256 } from '../../../src-main/contract/branded.ts'
import { BasilError } from '../../../src-main/contract/errors.ts'
import type { Recipe } from '../../../src-main/contract/run/recipe.ts'
import { resolveConfig } from '../../../src-main/contract/run/resolve.ts'
import type { StoredJob } from '../../../src-main/history/jobs.ts'
import { workOn } from '../../../src-main/workbench/jobs/at-work.ts'
import type { Kind } from '../../../src-main/workbench/jobs/kind.ts'
import type { Workbench } from '../../../src-main/workbench/workbench.ts'
import { bitsOf, follow, temporaryFolder, toyConfig, toyEngine, toyWorkbench } from '../toy.ts'
import type { Toy } from '../toy-faults.ts'
import { toyFile } from '../toy-run.ts'

/** Its runs end no epoch before they are let go, so that nothing is over before it is looked at. */
async function slow(toy: Toy = {}): Promise<{ workbench: Workbench; goOn(): void }> {
  const until = join(temporaryFolder(), 'go on')
  const engine = (environment: NodeJS.ProcessEnv) => toyEngine({ wait: 20, until, ...toy }, environment)
  return { workbench: await toyWorkbench(temporaryFolder(), engine), goOn: () => writeFileSync(until, '') }
}

const named = ({ jobs }: Workbench, ...titles: string[]): Job[] =>
  titles.map((title) => jobs.list().find((job) => job.title === title) as Job)
const states = ({ jobs }: Workbench): string[] => jobs.list().map(({ title, state }) => `${title} ${state}`)
const refused = (what: string) => expect.objectContaining({ message: expect.stringContaining(what) })

/** Runs asked for one after the other; gives their numbers by name. */
async function asked({ runs }: Workbench, ...names: string[]): Promise<Record<string, RunId>> {
  const made: Record<string, RunId> = {}
  for (const name of names) made[name] = await runs.start(toyConfig({ name, iterations: 1 }))
  return made
}

/** Names of runs in the order in which they were finished. */
async function worked(workbench: Workbench): Promise<string[]> {
  await workbench.jobs.quiet()
  const { rows } = workbench.runs.list({ offset: 0, limit: 99 })
  const done = rows.filter(({ state }) => state === 'done')
  return done.sort((a, b) => String(a.ended).localeCompare(String(b.ended))).map(({ name }) => name)
}

const recipe: Recipe = {
  basil: '2',
  steps: [],
  ...{ run: null, name: 'a sum', method: 'task-arithmetic', grouping: 'scalar', iteration: 0, epoch: null },
  pretrained: { file: '/models/base', name: 'base', sha256: sha256('1'.repeat(64)) },
  vectors: [{ file: '/models/cars', name: 'cars', sha256: sha256('2'.repeat(64)) }],
  ...{ groups: ['all'], start: [[0.5]], iterations: [] },
}

const merge = ({ home, jobs }: Workbench, name: string): number =>
  jobs.add(() => ({
    kind: 'merge',
    request: {
      recipe,
      out: join(home, name),
      overwrite: false,
      form: { layout: null, dtype: null, container: 'safetensors' },
    },
  }))

test('jobs begin in their order; one is moved before the others, and each says where it is and how far', async () => {
  const { workbench, goOn } = await slow()
  const { jobs } = workbench
  await asked(workbench, 'a', 'b', 'c', 'd')
  const [a, b, c, d] = named(workbench, 'a', 'b', 'c', 'd')
  expect([a, b, c, d].map((job) => [job?.state, job?.position])).toEqual([
    ['running', null],
    ['waiting', 1],
    ['waiting', 2],
    ['waiting', 3],
  ])
  expect(a).toMatchObject({ kind: 'run', needs: 'engine', place: 'here', run: 1, error: null, ended: null })
  jobs.move(d?.job ?? 0, 1)
  jobs.move(b?.job ?? 0, 99)
  expect(states(workbench)).toEqual(['a running', 'd waiting', 'c waiting', 'b waiting'])
  expect(() => jobs.move(a?.job ?? 0, 1)).toThrow('The job has no place in the queue')
  let told: Job['progress'] = null
  goOn()
  for await (const { progress } of jobs.follow(a?.job ?? 0)) told = progress ?? told
  expect(told).toMatchObject({ what: expect.stringMatching(/epoch/), done: expect.any(Number) })
  expect(await worked(workbench)).toEqual(['a', 'd', 'c', 'b'])
  const [over, last] = [jobs.list(), jobs.clear()]
  expect([last.length, jobs.list()]).toEqual([4, []])
  jobs.bringBack([...last, 99])
  expect(jobs.list()).toEqual(over)
  jobs.bringBack(last) // they are back
  expect(jobs.list()).toEqual(over)
})

test('a job that waits is held while others go on, and has its old place when it is let go', async () => {
  const { workbench, goOn } = await slow()
  const { jobs } = workbench
  const { b } = await asked(workbench, 'a', 'b', 'c', 'd')
  const [held] = named(workbench, 'b')
  await jobs.pause(held?.job ?? 0, false)
  expect(workbench.runs.show(b ?? runId(0)).state).toBe('paused')
  goOn()
  await follow(workbench, runId(1))
  jobs.resume(held?.job ?? 0)
  expect(named(workbench, 'b', 'd').map(({ position }) => position)).toEqual([1, 2]) // c is at work
  expect(await worked(workbench)).toEqual(['a', 'c', 'b', 'd'])
})

test.each([false, true])(
  'a run is paused (at once: %s): others go on, and it ends with the bits of an unbroken one',
  async (now) => {
    const until = join(temporaryFolder(), 'goes-on')
    const { workbench, goOn } = await slow({ holds: { stage: 1, epoch: 2, until } })
    const { jobs, runs } = workbench
    const { a = runId(0), b = runId(0) } = await asked(workbench, 'a', 'b')
    const [first] = named(workbench, 'a')
    goOn()
    const events = await follow(workbench, a, (event) => {
      if (event.type !== 'epoch' || event.stage !== 1 || event.epoch !== 1) return
      void jobs.pause(first?.job ?? 0, now)
      if (!now) writeFileSync(until, '') // to its next kept epoch
    })
    expect(events.at(-1)).toEqual({ type: 'ended', run: a, state: 'interrupted', error: null })
    expect(jobs.show(first?.job ?? 0)).toMatchObject({ state: 'paused', run: a, error: null })
    expect(runs.show(a).state).toBe('paused')
    writeFileSync(until, '')
    await follow(workbench, b)
    expect(jobs.show(first?.job ?? 0).state).toBe('paused')
    jobs.resume(first?.job ?? 0)
    expect((await follow(workbench, a))[0]).toMatchObject({ type: 'started', resumed: true })
    await jobs.quiet()
    expect(jobs.show(first?.job ?? 0)).toMatchObject({ state: 'done', job: first?.job })
    expect(runs.show(a).name).toBe('a')
    const apart = (run: RunId) => JSON.stringify({ ...(bitsOf(workbench, run) as object), name: '', config: null })
    expect(apart(a)).toBe(apart(b))
  },
)

test('cancelled where it waits it never begins, at work it ends; a retry is a new job of the same request', async () => {
  const { workbench, goOn } = await slow()
  const { jobs, runs } = workbench
  const { a = runId(0), b = runId(0) } = await asked(workbench, 'a', 'b', 'c')
  const [atWork, waiting] = named(workbench, 'a', 'b')
  expect(await jobs.cancel(waiting?.job ?? 0)).toBe(true)
  expect(await jobs.cancel(atWork?.job ?? 0)).toBe(true)
  expect([runs.show(a).state, runs.show(b).state]).toEqual(['cancelled', 'cancelled'])
  expect(await jobs.cancel(atWork?.job ?? 0)).toBe(false)
  expect(() => jobs.retry(named(workbench, 'c')[0]?.job ?? 0)).toThrow('The job is not over')
  const again = jobs.retry(waiting?.job ?? 0)
  expect(again).not.toBe(waiting?.job)
  expect(jobs.show(again)).toMatchObject({ title: 'b', state: 'waiting', run: 4 })
  goOn()
  expect(await worked(workbench)).toEqual(['c', 'b'])
  expect(runs.show(runId(4)).config).toEqual(runs.show(b).config)
  expect(states(workbench)).toEqual(['b done', 'c done', 'a cancelled', 'b cancelled'])
})

test('a job that fails says why and does not stop the next', async () => {
  const { workbench, goOn } = await slow({ fault: { stage: 2, epoch: 1, how: 'throw' } })
  await workbench.runs.start(toyConfig({ name: 'a' }))
  await workbench.runs.start(toyConfig({ name: 'b', iterations: 1 }))
  goOn()
  expect(await worked(workbench)).toEqual(['b'])
  const [a, b] = named(workbench, 'a', 'b')
  expect([a, b]).toMatchObject([{ state: 'failed', error: { code: 'not-finite' } }, { state: 'done' }])
  expect(workbench.runs.show(runId(1))).toMatchObject({ state: 'failed' })
})

test('a merge goes on beside a run, in a process of its own; work that begins anew is not paused', async () => {
  const { workbench, goOn } = await slow()
  const { jobs } = workbench
  await asked(workbench, 'a')
  const merged = merge(workbench, 'sum.safetensors')
  await expect(jobs.pause(merged, false)).rejects.toThrow('The job cannot be paused')
  for await (const _ of jobs.follow(merged));
  expect(jobs.show(merged)).toMatchObject({
    ...{ kind: 'merge', needs: 'reader', state: 'done', title: 'sum.safetensors: a sum' },
    file: join(workbench.home, 'sum.safetensors'),
  })
  expect(existsSync(join(workbench.home, 'sum.safetensors'))).toBe(true)
  expect(named(workbench, 'a')[0]?.state).toBe('running')
  const refusedTwice = merge(workbench, 'sum.safetensors')
  for await (const _ of jobs.follow(refusedTwice));
  expect(jobs.show(refusedTwice)).toMatchObject({ state: 'failed', error: { code: 'target-exists' } })
  await expect(workbench.device.choose('cpu')).rejects.toThrow(refused('job 1, a'))
  await expect(workbench.historyCare.salvage()).rejects.toThrow(refused('job 1, a'))
  goOn()
  await jobs.quiet()
  await workbench.device.choose('cpu')
})

test('what writes says how much, and what is free where it writes', async () => {
  const { workbench, goOn } = await slow()
  const { jobs, home } = workbench
  const { a = runId(0) } = await asked(workbench, 'a')
  goOn()
  await follow(workbench, a)
  await jobs.quiet()
  jobs.work('none')
  const base = join(home, 'base.safetensors')
  writeFileSync(base, Buffer.alloc(77))
  const wanted = { recipe: { ...recipe, pretrained: { ...recipe.pretrained, file: base } }, overwrite: false }
  const form = { layout: null, dtype: null, container: 'safetensors' as const }
  jobs.add(() => ({ kind: 'merge', request: { ...wanted, out: join(home, 'sum.safetensors'), form } }))
  await workbench.exports.queue(a, { iteration: null }, null)
  await workbench.exports.queue(a, { iteration: null, form: { ...form, dtype: 'float32' } }, null)
  const definition = { name: 's', config: toyFile, seeds: [1, 2, 3] }
  await workbench.studies.start(definition, (config) => resolveConfig(config, (path) => path))
  const [merged, exported, wider, study] = jobs.list().filter(({ state }) => state === 'waiting')
  expect(merged).toMatchObject({ kind: 'merge', diskBytes: 77, diskFree: expect.any(Number) })
  expect(exported).toMatchObject({ kind: 'export', diskBytes: 1000 }) // as the toy's pre-trained model
  expect(wider?.diskBytes).toBe(1000 + 2 * 1234) // which has 1234 parameters in fewer bytes than float32 takes
  const run = study?.diskBytes ?? 0
  expect([run > 3 * 100, study?.diskFree !== null]).toEqual([true, true])
  const taken = await workbench.estimates.ofStudy([toyConfig({ seed: 9 })])
  expect(taken.diskBytes).toBeCloseTo(run / 3, 6)
})

test('closed, what was at work is interrupted and what waits stays; the next workbench leaves it until it is told to work', async () => {
  const home = temporaryFolder()
  const start = (environment: NodeJS.ProcessEnv) => toyEngine({ wait: 20 }, environment)
  const never = join(home, 'never')
  const first = await toyWorkbench(home, (environment) => toyEngine({ until: never }, environment))
  await asked(first, 'a', 'b', 'c')
  await first.jobs.pause(named(first, 'c')[0]?.job ?? 0, false)
  await first.close()
  const reader = await toyWorkbench(home, undefined, false)
  expect(states(reader)).toEqual(['b waiting', 'c paused', 'a interrupted'])
  await reader.close()
  const second = await toyWorkbench(home, start)
  expect(await worked(second)).toEqual([])
  const own = await second.runs.start(toyConfig({ name: 'own', iterations: 1 })) // a sitting of its own
  expect((await follow(second, own)).at(-1)?.type).toBe('done')
  expect(states(second)).toEqual(['b waiting', 'c paused', 'own done', 'a interrupted'])
  expect(second.jobs.retry(named(second, 'a')[0]?.job ?? 0)).toBe(1) // goes on, at its old place
  second.jobs.work('all')
  expect(await worked(second)).toEqual(['own', 'a', 'b'])
  expect(second.runs.list({ offset: 0, limit: 9 }).total).toBe(4)
})

test('what the disk does not take can be gone on with where work goes on, and has failed where it begins anew', async () => {
  const full = { code: 'disk-full', what: 'The disk is full', where: '/', why: 'no space', next: 'make room' } as const
  const stored = { job: 1, request: {} } as StoredJob
  const kind = (goesOn: boolean): Kind => ({
    ...{ kind: 'export', needs: 'reader', goesOn, request: z.unknown(), title: () => 'a model' },
    run: () => Promise.reject(new BasilError(full)),
    again: () => ({ kind: 'export', request: {} }),
  })
  const endOf = (goesOn: boolean) => workOn(kind(goesOn), stored, () => undefined).ended
  expect(await endOf(true)).toMatchObject({ state: 'interrupted', error: full })
  expect(await endOf(false)).toMatchObject({ state: 'failed', error: full })
})
