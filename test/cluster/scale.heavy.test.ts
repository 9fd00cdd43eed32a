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
import { hasBrowser } from '../e2e/basil.ts'
import { temporaryFolder, toyWorkbench } from '../workbench/toy.ts'
import { pageBeside } from './page-beside.ts'
import { absoluteIn, modelsIn, thinProgram, toyClusters, toyStudy, untilOver } from './toy-cluster.ts'

const armsOf = 15
const arms = Array.from({ length: armsOf }, (_, i) => ({ label: `${i}`, ...(i % 2 && { change: { iterations: 1 } }) }))
const isFull = process.env['BASIL_COUNTS'] === 'full' || process.env['BASIL_COUNTS'] === 'night'
const seeds = Array.from({ length: isFull ? 100 : 20 }, (_, seed) => seed)
const tasks = armsOf * seeds.length
const sampleOf = (index: number): number => (index % armsOf) % 2

/** One that hands a task over by finishing it: what a task of its arm came to once is copied into its folder. */
function finishing(samples: readonly string[], cluster: Cluster, handed: () => void): Scheduler {
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
      handed()
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

/** What fetching takes, from the moment on that all tasks are finished there. */
function createWatch() {
  const loop = monitorEventLoopDelay({ resolution: 1 })
  let [began, cpu] = [performance.now(), process.cpuUsage()]
  const handed = (): void => {
    ;[began, cpu] = [performance.now(), process.cpuUsage()]
    loop.enable()
  }
  const said = (): string => {
    loop.disable()
    const { user, system } = process.cpuUsage(cpu)
    const ms = (nanoseconds: number): string => (nanoseconds / 1e6).toFixed(0)
    return (
      `all here after ${((performance.now() - began) / 1000).toFixed(1)} s, of which this process computed ` +
      `${((user + system) / 1e6).toFixed(1)} s; turns of its event loop p99 ${ms(loop.percentile(99))} ms, ` +
      `at most ${ms(loop.max)} ms`
    )
  }
  return { handed, said }
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
  const watch = createWatch()
  const open = async (cluster: Cluster) => ({
    target: createTarget(cluster, createPlace(null), finishing(samples, cluster, watch.handed), program),
    program,
  })
  const many = await toyWorkbench(home, undefined, true, undefined, { open, waiting: createWaiting(200) })
  await many.clusters.put(clusterSchema.parse({ name: 'many', kind: 'folder', folder: there }))
  const page = hasBrowser ? await pageBeside(many, '#/study/1', 'Study 1') : null
  const study = await many.studies.start({ ...toyStudy(seeds), arms }, absolute, 'many')
  for await (const _ of many.studies.follow(study));
  const said = watch.said()
  const frames = page ? await page.frames() : 'none, as there is no browser'
  await page?.sees(`${tasks} of ${tasks} runs done`)
  const shown = many.studies.show(study)
  const events = statSync(join(samples[0] ?? '', 'events-0000.jsonl')).size
  const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`
  console.log(
    `${tasks} tasks of ${events} bytes: ${said}; frames of the study's page beside it: ${frames}; ` +
      `${mebibytes(process.memoryUsage().rss)}; history ${mebibytes(statSync(join(home, 'history.sqlite')).size)}`,
  )
  expect(shown).toMatchObject({ state: 'done', planned: tasks, done: tasks })
  expect(new Set(shown.runs.map(({ run }) => run)).size).toBe(tasks)
  for (const [i, { run }] of shown.runs.entries())
    if (i % 97 === 0) expect(learnedBy(many, run)).toEqual(samplesLearned[sampleOf(i)])
})
