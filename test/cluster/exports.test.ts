// A run that was worked on there, by the real engine, is exported here like any other: its parents are found here by
// what they hold, and the model has the bytes of one that was made here.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { RunId } from '../../src-main/contract/branded.ts'
import { forkEngine } from '../../src-main/workbench/link/engine-process.ts'
import type { Workbench } from '../../src-main/workbench/workbench.ts'
import { started } from '../bundles.ts'
import { folder as golden, goldenExample } from '../golden/fixture.ts'
import { temporaryFolder } from '../workbench/toy.ts'
import { absoluteIn, thinProgram, toyClusters, untilOver } from './toy-cluster.ts'

const { steps: _, ...example } = goldenExample
const stages = { start: { method: 'atlas', epochs: 2 }, iterations: 1, epochs: 2, batch: 48, microBatch: 48 }
const study = {
  name: 'exported',
  config: { ...example, ...stages, tasks: example.tasks.slice(0, 1) },
  arms: [{ label: 'only' }],
  seeds: [1],
}

/** The bytes of the model of a run, and the files that it was made of. */
async function exported(workbench: Workbench, place: string | undefined, out: string) {
  const absolute = absoluteIn((path) => join(golden, path))
  const over = await untilOver(workbench, await workbench.studies.start(study, absolute, place))
  expect(over).toMatchObject({ state: 'done', done: 1, error: null })
  const run = over.runs[0]?.run as RunId
  const { file } = await workbench.exports.export(run, { iteration: null }, { out, overwrite: false })
  return { bytes: readFileSync(file), parents: workbench.runs.show(run).parents }
}

test('a run there is exported here to the bytes of one that was made here', async () => {
  const base = temporaryFolder()
  const open = (home: string) =>
    toyClusters({
      ...{ home: join(base, home), folder: join(base, 'cluster') },
      program: thinProgram({}, ['unset BASIL_ENGINE']),
      engine: (environment) => forkEngine(started('src-main/worker/door.ts'), environment),
    })
  const there = await exported(await open('there'), 'toys', join(base, 'there.safetensors'))
  const here = await exported(await open('here'), undefined, join(base, 'here.safetensors'))
  expect(there.parents).toEqual(here.parents)
  expect(there.bytes.length).toBeGreaterThan(10_000)
  expect(there.bytes.equals(here.bytes)).toBe(true)
})
