// Studies on a real Slurm while things go wrong. Each comes to its end with every run done once and with the bits of one
// that nothing happened to, made on this machine; how many are lost, twice there or differ is printed, and must be none.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { ClusterTask, StatusThere } from '../../src-main/contract/api/clusters.ts'
import type { Cluster } from '../../src-main/contract/clusters/cluster.ts'
import { taskFolder } from '../../src-main/contract/clusters/task.ts'
import { type Place } from '../../src-main/workbench/clusters/place.ts'
import type { Workbench } from '../../src-main/workbench/workbench.ts'
import { patience } from '../patience.ts'
import { bitsOf, temporaryFolder, toyWorkbench } from '../workbench/toy.ts'
import type { Toy } from '../workbench/toy-faults.ts'
import { type Slurm, slurmHere, startSlurm } from './slurm.ts'
import { absoluteIn, modelsIn, thinProgram, toyClusters, toyStudy, untilOver } from './toy-cluster.ts'

const isHere = slurmHere()
let slurm: Slurm
const path = process.env['PATH']

/** What two runs come to, apart from clocks and numbers: the same for every test. */
let unbroken: Promise<unknown[]> | undefined
let models: (name: string) => string

describe.skipIf(!isHere)('a study on a real Slurm', () => {
  beforeAll(async () => {
    models = modelsIn(mkdtempSync(join(tmpdir(), 'basil-models-')))
    slurm = await startSlurm()
    process.env['PATH'] = `${slurm.path}:${path}`
  })
  afterAll(async () => {
    await slurm?.stop()
    process.env['PATH'] = path
    rmSync(models(''), { recursive: true })
  })

  describe('while things go wrong beside each other', () => {
    test('a task that fails is told with its error, and done when it is tried again', async () => {
      const it = await begun({ lines: [`[ "$3" = 1 ] && [ ! -e "$2/mended" ] && ${withToy(faulty)}`] })
      expect(await untilOver(it.there, it.study)).toMatchObject({ done: 1 })
      expect(states(it)).toEqual(['done', 'failed'])
      expect(it.status().tasks[1]?.words).toContain('a toy fault')
      await it.tryAgain()
      await it.isWhole('a failing task')
    })

    test('a task that is killed as memory runs out is told as lost, and goes on where it was', async () => {
      const it = await begun({ lines: killedOnce })
      expect(await untilOver(it.there, it.study)).toMatchObject({ state: 'paused', done: 1, error: { code: 'engine-lost' } })
      expect(it.status().tasks[1]).toMatchObject({ state: 'lost', words: expect.stringContaining('signal 9') })
      await it.tryAgain()
      await it.isWhole('a task out of memory')
      expect(it.logs(1)).toBe(2)
    })

    test('near its time limit a task keeps what it has, is queued again alone, and goes on', async () => {
      const slow = `[ "$3" = 1 ] && ${withToy({ wait: 3500 })}`
      const it = await begun({ lines: [slow], change: { minutes: 1 } })
      await it.isWhole('a time limit')
      expect(it.logs(0)).toBe(1)
      expect(it.logs(1)).toBeGreaterThan(1)
    })

    test('half of a result is none', async () => {
      const it = await begun({ toy: { until: 'go' } })
      await it.untilTasks((tasks) => tasks.every(({ state }) => state === 'running'))
      writeFileSync(it.inTask(0, 'result.json'), '{ "basil": "result", "version": 1, "ind')
      await it.untilTasks(([first]) => first?.state === 'failed')
      it.go()
      await it.untilTasks((tasks) => tasks[1]?.state === 'done')
      await it.tryAgain()
      await it.isWhole('half of a result')
    })
  })
})

const faulty: Toy = { fault: { stage: 1, epoch: 2, how: 'throw' } }

/** For sh, before the program: the toy engine's way in this task. */
const withToy = (toy: Toy): string => `export TOY='${JSON.stringify(toy)}'`

/** As the kernel does with a task whose memory is used up: all of it is gone at once, in the middle. */
const killedOnce = [
  'if [ "$3" = 1 ] && [ ! -e "$2/killed" ]; then',
  '  touch "$2/killed"; export TOY=\'{"wait":200}\'; "$0" "$@" & task=$!',
  '  until grep -q \'"type":"stage-end"\' "$2/tasks/0001/events-0000.jsonl"; do sleep 0.05; done',
  '  kill -9 $task; exit 137',
  'fi',
]

interface Begun {
  there: Workbench
  study: number
  status(): StatusThere
  untilTasks(holds: (tasks: ClusterTask[]) => boolean): Promise<void>
  inTask(index: number, name: string): string
  /** Sittings that a task had. */
  logs(index: number): number
  /** What waits for the file of the toy engine. */
  go(): void
  tryAgain(): Promise<void>
  /** It comes to its end, with nothing lost, twice or different. */
  isWhole(what: string): Promise<void>
}

interface How {
  lines?: string[] // of shell, before the program: task FOLDER INDEX
  toy?: Toy // until: a file in the cluster's folder
  change?: Partial<Cluster>
  place?: (host: string | null) => Place
  folder?: string // of the cluster
}

async function begun({ lines = [], toy = {}, change, place, folder }: How): Promise<Begun> {
  const root = temporaryFolder()
  const cluster = folder ?? join(root, 'cluster')
  const absolute = absoluteIn(models)
  const gate = join(cluster, toy.until ?? 'go')
  const program = thinProgram(toy.until ? { ...toy, until: gate } : toy, lines)
  const there = await toyClusters({
    ...{ home: join(root, 'home'), folder: cluster, program, place, pause: 500 },
    change: { kind: 'slurm', memoryGigabytes: 1, cpus: 1, atOnce: 8, ...change },
  })
  const study = await there.studies.start(toyStudy([1]), absolute, 'toys')
  const status = (): StatusThere => there.clusters.status(study) ?? expect.fail('it is on no cluster')
  return {
    there,
    study,
    status,
    untilTasks: (holds) => until(() => status().tasks.length > 0 && holds(status().tasks)),
    inTask: (index, name) => join(status().folder, 'tasks', taskFolder(index), name),
    logs: (index) => readdirSync(join(status().folder, 'tasks', taskFolder(index))).filter((name) => name.startsWith('events-')).length,
    go: () => writeFileSync(gate, ''),
    tryAgain: async () => {
      writeFileSync(join(status().folder, 'mended'), '')
      await there.clusters.retry(study)
    },
    isWhole: async (what) => {
      const { runs, state } = await untilOver(there, study)
      const all = there.runs.list({ limit: 100 }).total
      const bits = runs.map(({ run }) => (run === null ? null : bitsOf(there, run)))
      const expected = await (unbroken ??= madeHere())
      const found = {
        lost: runs.filter((one) => one.state !== 'done').length,
        twice: all - new Set(runs.map(({ run }) => run)).size,
        differ: bits.filter((one, i) => !isDeepStrictEqual(one, expected[i])).length,
      }
      expect(bits).toEqual(expected)
      console.log(`${what}: ${runs.length} runs, ${JSON.stringify(found)}`)
      expect({ state, ...found }).toEqual({ state: 'done', lost: 0, twice: 0, differ: 0 })
    },
  }
}

async function madeHere(): Promise<unknown[]> {
  const home = temporaryFolder()
  const here = await toyWorkbench(home)
  const { runs } = await untilOver(here, await here.studies.start(toyStudy([1]), absoluteIn(models)))
  return runs.map(({ run }) => run && bitsOf(here, run))
}

const states = (it: Begun): string[] => it.status().tasks.map(({ state }) => state)

async function until(holds: () => boolean): Promise<void> {
  for (const end = Date.now() + patience; !holds(); await pause(100))
    if (Date.now() > end) throw new Error(`not as awaited\n${await slurm.logs()}`)
}
