// A study whose cluster cannot be reached when its tasks are to end: it says so, and what to do, to whoever looks at
// it, and nobody takes it for one whose tasks have ended. One that was left at work is ended from the queue, too.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { type Cluster, clusterSchema } from '../../src-main/contract/clusters/cluster.ts'
import { BasilError } from '../../src-main/contract/errors.ts'
import { createWaiting } from '../../src-main/workbench/clusters/pace.ts'
import { createPlace, type Place } from '../../src-main/workbench/clusters/place.ts'
import { createPool } from '../../src-main/workbench/clusters/pool.ts'
import { createTarget } from '../../src-main/workbench/clusters/target.ts'
import type { Workbench } from '../../src-main/workbench/workbench.ts'
import { temporaryFolder, toyWorkbench } from '../workbench/toy.ts'
import { absoluteIn, modelsIn, thinProgram, toyClusters, toyStudy } from './toy-cluster.ts'

const fixture = () => {
  const base = temporaryFolder()
  const absolute = absoluteIn(modelsIn(join(base, 'models')))
  const program = thinProgram({ holds: { stage: 1, until: join(base, 'never') } })
  return { home: join(base, 'home'), folder: join(base, 'cluster'), absolute, program }
}

const away = () =>
  new BasilError({
    ...{ code: 'not-allowed', what: 'The host of the cluster cannot be reached', where: 'lab', why: 'no route' },
    ...{ next: 'see that "ssh lab" works, and try again', inWindow: 'see that ssh works, and try again' },
  })

/** A study at work on it, and the way to and from being cut off. */
async function cutOff({ home, folder, absolute, program }: ReturnType<typeof fixture>) {
  let isAway = false
  const reach = <T>(go: () => Promise<T>): Promise<T> => (isAway ? Promise.reject(away()) : go())
  const here = createPlace(null)
  const place: Place = { host: 'lab', run: (...given) => reach(() => here.run(...given)) }
  const open = async (cluster: Cluster) => {
    const pool = createPool(cluster)
    const cancel = (...given: Parameters<typeof pool.cancel>) => reach(() => pool.cancel(...given))
    return { target: createTarget(cluster, place, { ...pool, cancel }, program), program }
  }
  const there = await toyWorkbench(home, undefined, true, undefined, { open, waiting: createWaiting(100) })
  mkdirSync(folder)
  await there.clusters.put(clusterSchema.parse({ name: 'toys', kind: 'folder', folder }))
  const study = await there.studies.start(oneTask, absolute, 'toys')
  await expect.poll(() => statesOf(there, study)).toEqual(['running'])
  return { there, study, cut: (now: boolean) => (isAway = now) }
}

const oneTask = { ...toyStudy([1]), arms: [] }
const statesOf = ({ clusters }: Workbench, study: number) => clusters.status(study)?.tasks.map(({ state }) => state)

test('a study paused or cancelled while its cluster cannot be reached says why nothing moves and what to do', async () => {
  const { there, study, cut } = await cutOff(fixture())
  const { clusters, jobs, studies } = there
  const said = {
    ...{ code: 'not-allowed', what: 'Tasks of "toys there" may still be at work on toys', why: 'no route' },
    next: 'see that "ssh lab" works, and try again: cancel the study there, or have it go on',
    inWindow: 'see that ssh works, and try again: cancel the study there, or have it go on',
  }
  const [{ job } = { job: 0 }] = jobs.list()
  for (const end of [() => studies.pause(study, true), () => jobs.cancel(job)]) {
    cut(true)
    await expect.poll(() => clusters.status(study)?.error?.why).toBe('no route')
    await end()
    expect(studies.show(study)).toMatchObject({ state: 'paused', error: said })
    expect(jobs.list()).toMatchObject([{ state: 'paused', error: said }])
    expect(statesOf(there, study)).toEqual(['running'])
    expect(() => clusters.takeBack(study)).toThrow(/tasks of it wait or are at work on toys/)
    await expect(jobs.cancel(job)).rejects.toMatchObject({ record: said })
    expect(jobs.show(job).state).toBe('paused')
    cut(false)
    await studies.resume(study)
    await expect.poll(() => clusters.status(study)?.seen ?? null).not.toBeNull()
    expect(studies.show(study)).toMatchObject({ state: 'running', error: null })
  }
  cut(true)
  await studies.pause(study, true)
  cut(false)
  expect(await jobs.cancel(job)).toBe(true)
  expect(jobs.show(job)).toMatchObject({ state: 'cancelled', error: null })
  expect(statesOf(there, study)).toEqual(['waiting'])
  expect(clusters.takeBack(study)).toBe(study)
})

test('a study that was left at work when the program ended is cancelled from a queue that works on nothing', async () => {
  const at = fixture()
  const first = await toyClusters(at)
  const study = await first.studies.start(oneTask, at.absolute, 'toys')
  await expect.poll(() => statesOf(first, study)).toEqual(['running'])
  await first.close()
  const second = await toyClusters(at)
  second.jobs.work('none') // as the terminal's queue does
  const [{ job, state } = { job: 0, state: null }] = second.jobs.list()
  expect([state, statesOf(second, study)]).toEqual(['interrupted', ['running']])
  expect(await second.jobs.cancel(job)).toBe(true)
  expect([second.jobs.show(job).state, statesOf(second, study)]).toEqual(['cancelled', ['waiting']])
  expect(await second.jobs.cancel(job)).toBe(false)
  expect(second.clusters.takeBack(study)).toBe(study)
})
