// A study of two runs on a real Slurm, for tests in which something happens to it: begun, looked at, and counted at its
// end. What nothing happened to is made on this machine once for all of them.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { expect } from 'vitest'

import type { ClusterTask, StatusThere } from '../../src-main/contract/api/clusters.ts'
import type { StudyDetail } from '../../src-main/contract/api/studies.ts'
import type { Cluster } from '../../src-main/contract/clusters/cluster.ts'
import { isEventsFile, taskFolder } from '../../src-main/contract/clusters/task.ts'
import type { Place } from '../../src-main/workbench/clusters/place.ts'
import type { Workbench } from '../../src-main/workbench/workbench.ts'
import { patience } from '../patience.ts'
import { temporaryFolder, toyWorkbench } from '../workbench/toy.ts'
import type { Toy } from '../workbench/toy-faults.ts'
import { absoluteIn, bitsOfEither, modelsIn, thinProgram, toyClusters, toyStudy, untilOver } from './toy-cluster.ts'

export interface SlurmStudy {
  readonly there: Workbench
  readonly study: number
  status(): StatusThere
  states(): string[]
  untilTasks(holds: (tasks: ClusterTask[]) => boolean): Promise<void>
  untilOver(): Promise<StudyDetail>
  inTask(index: number, name: string): string
  /** How many sittings a task had. */
  sittings(index: number): number
  /** Makes a file in the cluster's folder that the program looks for, as begun() says it. */
  make(name: string): void
  /** memoryGigabytes: what the cluster gives a task from then on. */
  tryAgain(memoryGigabytes?: number): Promise<void>
  /** This program ends, and is started again; it goes on with nothing. */
  stop(): Promise<void>
  /** It comes to its end, with nothing lost, twice there or different. */
  isWhole(what: string): Promise<void>
}

interface How {
  /** Of shell, before the program: task FOLDER INDEX. $cluster is the cluster's folder. */
  lines?: string[]
  toy?: Toy
  change?: Partial<Cluster>
  place?: (host: string | null) => Place
  cluster?: string // its folder
}

const models = mkdtempSync(join(tmpdir(), 'basil-models-'))
const absolute = absoluteIn(modelsIn(models))
let unbroken: Promise<string[]> | undefined

export const forgetModels = (): void => rmSync(models, { recursive: true, force: true })

/** For sh: the toy engine's way. It waits with iteration 1 for a file in the cluster's folder. */
export const withToy = (toy: Toy): string => `export TOY='${JSON.stringify(toy)}'`
export const held = (name: string): string =>
  `export TOY="{\\"holds\\":{\\"stage\\":1,\\"until\\":\\"$cluster/${name}\\"}}"`

export async function begun(how: How = {}): Promise<SlurmStudy> {
  const root = temporaryFolder()
  const cluster = how.cluster ?? join(root, 'cluster')
  const program = thinProgram(how.toy, [`cluster='${cluster}'`, ...(how.lines ?? [])])
  const change: Partial<Cluster> = { kind: 'slurm', memoryGigabytes: 1, cpus: 1, atOnce: 8, ...how.change }
  const open = () =>
    toyClusters({ home: join(root, 'home'), folder: cluster, program, place: how.place, pause: 400, change })
  let there = await open()
  const study = await there.studies.start(toyStudy([1]), absolute, 'toys')
  const status = (): StatusThere => there.clusters.status(study) ?? expect.fail('it is on no cluster')
  const inTask = (index: number, name: string): string => join(status().folder, 'tasks', taskFolder(index), name)
  const untilTasks = async (holds: (tasks: ClusterTask[]) => boolean): Promise<void> => {
    for (const end = Date.now() + patience; !holds(status().tasks) || status().tasks.length === 0; await pause(100))
      if (Date.now() > end) throw new Error(`the tasks are not as awaited: ${JSON.stringify(status(), null, 1)}`)
  }
  const whole = async (what: string): Promise<void> => {
    const { runs, state, error } = await untilOver(there, study)
    unbroken ??= madeHere()
    const expected = await unbroken
    const bits = runs.map(({ run }) => bitsOfEither(there, run))
    const found = {
      lost: runs.filter((run) => run.state !== 'done').length,
      twice: there.runs.list({ limit: 1 }).total - new Set(runs.map(({ run }) => run)).size,
      differ: bits.filter((one, i) => one !== expected[i]).length,
    }
    console.log(`${what}: ${runs.length} runs, lost=${found.lost} twice=${found.twice} differ=${found.differ}`)
    expect({ state, error, ...found }).toEqual({ state: 'done', error: null, lost: 0, twice: 0, differ: 0 })
    expect(bits).toEqual(expected)
  }
  return {
    get there() {
      return there
    },
    ...{ study, status, inTask, untilTasks },
    states: () => status().tasks.map(({ state }) => state),
    untilOver: () => untilOver(there, study),
    sittings: (index) => readdirSync(inTask(index, '')).filter(isEventsFile).length,
    make: (name) => writeFileSync(join(cluster, name), ''),
    tryAgain: async (memoryGigabytes) => {
      for (const cluster of there.clusters.list())
        if (memoryGigabytes) await there.clusters.put({ ...cluster, memoryGigabytes })
      await there.clusters.retry(study)
    },
    stop: async () => {
      await there.close()
      there = await open()
    },
    isWhole: whole,
  }
}

async function madeHere(): Promise<string[]> {
  const here = await toyWorkbench(temporaryFolder())
  const { runs } = await untilOver(here, await here.studies.start(toyStudy([1]), absolute))
  return runs.map(({ run }) => bitsOfEither(here, run))
}
