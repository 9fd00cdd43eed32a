// Studies that were on a cluster when the program ended are looked at again by the door that works on the whole queue;
// a study that goes elsewhere keeps its job.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { serve } from '../../src-main/server/serve.ts'
import { temporaryFolder, toyEngine } from '../workbench/toy.ts'
import { absoluteIn, modelsIn, thinProgram, toyClusters, toyStudy, untilOver } from './toy-cluster.ts'

test('served again, a study goes on where it was', async () => {
  const base = temporaryFolder()
  const absolute = absoluteIn(modelsIn(join(base, 'models')))
  const program = thinProgram({ holds: { stage: 1, until: join(base, 'go') } })
  const open = () => toyClusters({ home: join(base, 'home'), folder: join(base, 'cluster'), program })
  const first = await open()
  const study = await first.studies.start(toyStudy([1]), absolute, 'toys')
  await expect
    .poll(() => first.clusters.status(study)?.tasks.filter(({ state }) => state === 'running').length)
    .toBeGreaterThan(0)
  await first.close()
  writeFileSync(join(base, 'go'), '')
  const second = await open()
  expect(second.studies.show(study).state).toBe('paused')
  const renderer = join(base, 'renderer')
  mkdirSync(renderer)
  writeFileSync(join(renderer, 'index.html'), '<!doctype html><title>Basil</title>')
  const { close } = await serve(second, { port: 0, renderer })
  onTestFinished(close)
  expect(await untilOver(second, study)).toMatchObject({ state: 'done', planned: 2, done: 2 })
})

test('a study that was paused here and is run on a cluster has one job, there', async () => {
  const base = temporaryFolder()
  const absolute = absoluteIn(modelsIn(join(base, 'models')))
  const until = join(base, 'never')
  const workbench = await toyClusters({
    ...{ home: join(base, 'home'), folder: join(base, 'cluster') },
    engine: (environment) => toyEngine({ until }, environment),
  })
  const { clusters, jobs, studies } = workbench
  const study = await studies.start(toyStudy([1]), absolute)
  expect(() => clusters.submit(study, 'toys')).toThrow(/cannot go elsewhere/)
  await studies.pause(study, true)
  await expect.poll(() => studies.show(study).state).toBe('paused')
  clusters.submit(study, 'toys')
  expect(await untilOver(workbench, study)).toMatchObject({ state: 'done', done: 2 })
  expect(jobs.list().map(({ kind, place, state }) => [kind, place, state])).toEqual([['study', 'toys', 'done']])
})
