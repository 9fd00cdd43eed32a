// How much a large study costs: finished tasks are fetched from their folders by the real program, and many more are
// simulated. It prints what it takes, and fails only where a run is missing, counted twice or not what it was.
import { cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'

import { expect, test } from 'vitest'

import type { RunId } from '../../src-main/contract/branded.ts'
import { type Cluster, clusterSchema } from '../../src-main/contract/clusters/cluster.ts'
import { taskFolder } from '../../src-main/contract/clusters/task.ts'
import { createWaiting } from '../../src-main/workbench/clusters/pace.ts'
import { createPlace } from '../../src-main/workbench/clusters/place.ts'
import { createPool } from '../../src-main/workbench/clusters/pool.ts'
import { createTarget, type Scheduler, type StudyThere, type Turn } from '../../src-main/workbench/clusters/target.ts'
import type { Workbench } from '../../src-main/workbench/workbench.ts'
import { temporaryFolder, toyWorkbench } from '../workbench/toy.ts'
import { absoluteIn, modelsIn, thinProgram, toyClusters, toyStudy, untilOver } from './toy-cluster.ts'

const armsOf = 15
const arms = Array.from({ length: armsOf }, (_, i) => ({ label: `${i}`, ...(i % 2 && { change: { iterations: 1 } }) }))
const isFull = process.env['BASIL_COUNTS'] === 'full' || process.env['BASIL_COUNTS'] === 'night'
const seeds = Array.from({ length: isFull ? 100 : 20 }, (_, seed) => seed)
const tasks = armsOf * seeds.length
const sampleOf = (index: number): number => (index % armsOf) % 2

/** One that hands a task over by finishing it: what a task of its arm came to once is copied into its folder. */
function finishing(samples: readonly string[], cluster: Cluster): Scheduler {
  return {
    ...createPool(cluster),
    submit: async ({ folder }: StudyThere, tasks) => {
      for (const index of tasks) {
        const to = join(folder, 'tasks', taskFolder(index))
        const sample = samples[sampleOf(index)] ?? ''
        cpSync(join(sample, 'events-0000.jsonl'), join(to, 'events-0000.jsonl'))
        const result = JSON.parse(readFileSync(join(sample, 'result.json'), 'utf8'))
        writeFileSync(join(to, 'result.json'), JSON.stringify({ ...result, index }))
      }
      return { taken: tasks, left: null }
    },
    poll: async () => new Map<number, Turn>(),
    cancel: async () => undefined,
  }
}

/** All numbers of a run. */
function learnedBy({ runs }: Workbench, run: RunId | null) {
  const { start, iterations, evaluations } = runs.show(run as RunId)
  const stages = [start, ...iterations].map(
    (stage) => stage && { ...stage, epochs: stage.epochs.map(({ metric }) => metric) },
  )
  return { stages, evaluations }
}

interface Took {
  over: number
  processor: number // seconds of this process
  longest: number // milliseconds that the event loop stood still
}

/** Seconds from here until all are here. */
async function timed(workbench: Workbench, study: number): Promise<Took> {
  const [began, cpu] = [performance.now(), process.cpuUsage()]
  const loop = monitorEventLoopDelay()
  loop.enable()
  for await (const _ of workbench.studies.follow(study));
  loop.disable()
  const { user, system } = process.cpuUsage(cpu)
  return { over: (performance.now() - began) / 1000, processor: (user + system) / 1e6, longest: loop.max / 1e6 }
}

test(`${tasks} finished tasks come back whole, each once`, async () => {
  const folder = temporaryFolder()
  const absolute = absoluteIn(modelsIn(join(folder, 'models')))
  const first = await toyClusters({ home: join(folder, 'first'), folder: join(folder, 'one') })
  const one = await first.studies.start(toyStudy([0]), absolute, 'toys')
  await untilOver(first, one)
  const samples = [0, 1].map((i) => join(first.clusters.status(one)?.folder ?? '', 'tasks', taskFolder(i)))
  const samplesLearned = first.studies.show(one).runs.map(({ run }) => learnedBy(first, run))

  const home = join(folder, 'home')
  const there = join(folder, 'many')
  mkdirSync(there)
  const program = thinProgram()
  const open = async (cluster: Cluster) => ({
    target: createTarget(cluster, createPlace(null), finishing(samples, cluster), program),
    program,
  })
  const many = await toyWorkbench(home, undefined, true, undefined, { open, waiting: createWaiting(200) })
  await many.clusters.put(clusterSchema.parse({ name: 'many', kind: 'folder', folder: there }))
  const study = await many.studies.start({ ...toyStudy(seeds), arms }, absolute, 'many')
  const took = await timed(many, study)
  const asked = performance.now()
  const shown = many.studies.show(study)
  const told = performance.now()
  many.clusters.status(study)
  console.log(
    `its page asks for ${(told - asked).toFixed(0)} ms of runs and ${(performance.now() - told).toFixed(0)} ms of tasks`,
  )
  const events = statSync(join(samples[0] ?? '', 'events-0000.jsonl')).size
  console.log(
    `${tasks} tasks of ${events} bytes: handed over and all here after ${took.over.toFixed(1)} s, ` +
      `of which this process computed ${took.processor.toFixed(1)} s; ` +
      `the event loop stood still for at most ${took.longest.toFixed(0)} ms; ` +
      `${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB; history ${(statSync(join(home, 'history.sqlite')).size / 2 ** 20).toFixed(0)} MiB`,
  )
  expect(shown).toMatchObject({ state: 'done', planned: tasks, done: tasks })
  expect(new Set(shown.runs.map(({ run }) => run)).size).toBe(tasks)
  for (const [i, { run }] of shown.runs.entries())
    if (i % 97 === 0) expect(learnedBy(many, run)).toEqual(samplesLearned[sampleOf(i)])
})
