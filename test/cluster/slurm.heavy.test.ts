// The Slurm backend on a real Slurm: what it hands over, and what it says of it. The program that works on tasks is a
// script here, so that nothing but Slurm takes time; slurm-study.heavy.test.ts has ours.
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Cluster, clusterSchema } from '../../src-main/contract/clusters/cluster.ts'
import { taskFolder } from '../../src-main/contract/clusters/task.ts'
import { createPlace } from '../../src-main/workbench/clusters/place.ts'
import { createSlurm } from '../../src-main/workbench/clusters/slurm.ts'
import type { Scheduler, StudyThere, Turn } from '../../src-main/workbench/clusters/target.ts'
import { patience } from '../patience.ts'
import { slurmHere, usingSlurm } from './slurm.ts'

/** It says each start in the task's folder, then does what stands there; gathered, it counts them. */
const program = `#!/bin/bash
[ "$1" = gather ] && { cat "$2"/tasks/*/starts | wc -l >>"$2/gathered"; exit; }
cd "$2/tasks/$(printf %04d "$3")" || exit 9
echo "$SLURM_ARRAY_JOB_ID $SLURM_ARRAY_TASK_ID \${SLURM_RESTART_COUNT:-0}" >>starts
[ -e result.json ] && exit 0
trap 'echo USR2 >>heard; exit 85' USR2
trap 'echo TERM >>heard; exit 85' TERM
. ./does
echo "{}" >result.json
`
const wait = ': >working; while :; do sleep 0.1; done' // until it is told to end

let folder: string

describe.skipIf(!slurmHere())('the Slurm backend on a real Slurm', () => {
  usingSlurm({ maxArraySize: 11 })
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'basil studies-'))
    await writeFile(join(folder, 'basil-remote'), program)
    await chmod(join(folder, 'basil-remote'), 0o755)
  })
  afterAll(async () => {
    if (folder) await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  })

  test.concurrent('more tasks than an array may have are several arrays, and each task is done once', async () => {
    const study = await prepared('many', Array(23).fill(''), { atOnce: 8 })
    await study.scheduler.submit(study, study.tasks)
    await study.scheduler.submit(study, study.tasks) // again at once: they are known
    await until(study, (turns) => turns.size === 23 && all(turns, 'over'))
    expect(await Promise.all(study.tasks.map((task) => starts(study, task)))).toEqual(Array(23).fill(1))
    const jobs = [...(await study.scheduler.poll(study)).values()].map(({ job }) => job?.split('_')[0])
    expect(new Set(jobs).size).toBe(3)
    expect(await gathered(study, 1)).toEqual(['23'])
  })

  test.concurrent('a task that fails says so in the words of Slurm, and missing ones are handed over alone', async () => {
    const study = await prepared('failing', ['', 'exit 7', 'kill -9 $$', ''])
    await study.scheduler.submit(study, study.tasks)
    const turns = await until(study, (turns) => turns.size === 4 && all(turns, 'over'))
    expect([...turns.values()].map(({ words }) => words)).toEqual([
      'COMPLETED',
      'FAILED, NonZeroExitCode, exit code 7',
      'FAILED, NonZeroExitCode, exit code 137, signal 9',
      'COMPLETED',
    ])
    for (const task of [1, 2]) await writeFile(join(study.folder, 'tasks', taskFolder(task), 'does'), '')
    await study.scheduler.submit(study, [1, 2])
    await until(study, (turns) => [...turns.values()].every(({ words }) => words === 'COMPLETED'))
    expect(await Promise.all(study.tasks.map((task) => starts(study, task)))).toEqual([1, 2, 2, 1])
    expect((await gathered(study, 2)).at(-1)).toBe('6')
  })

  test.concurrent('what is cancelled is over and stays so, while it works and while it waits', async ({ expect }) => {
    const study = await prepared('cancelled', Array(6).fill(wait), { atOnce: 2 })
    await study.scheduler.submit(study, study.tasks)
    await until(study, (turns) => [...turns.values()].filter(({ state }) => state === 'running').length === 2)
    await expect.poll(() => existsSync(inTask(study, 0, 'working'))).toBe(true) // it hears
    await study.scheduler.cancel(study, [5])
    await until(study, (turns) => !turns.has(5)) // of what never began nothing is kept
    await study.scheduler.cancel(study, null)
    const turns = await until(study, (turns) => turns.size >= 2 && all(turns, 'over'))
    expect([...turns.values()].filter(({ words }) => !words.startsWith('CANCELLED'))).toEqual([])
    expect(await heard(study, 0)).toMatch(/^(TERM\n)+$/) // a busy controller asks once more
  })

  test.concurrent('two studies of one name do not see each other', async () => {
    const studies = [await prepared('a/twin', [wait, '']), await prepared('b/twin', ['', wait])] as const
    for (const study of studies) await study.scheduler.submit(study, study.tasks)
    const [a, b] = studies
    await until(a, (turns) => turns.get(0)?.state === 'running' && turns.get(1)?.state === 'over')
    await a.scheduler.cancel(a, null)
    await until(a, (turns) => all(turns, 'over'))
    expect((await until(b, (turns) => turns.get(0)?.state === 'over')).get(1)?.state).toBe('running')
    await b.scheduler.cancel(b, null)
  })

  test.concurrent('what Slurm would not take is said by the probe and by handing over', async () => {
    const study = await prepared('refused', [''], { partition: 'nowhere' })
    const { wrong, facts } = await study.scheduler.probe()
    expect(facts.map(({ what }) => what)).toEqual(['Slurm', 'Tasks of a job array'])
    expect(wrong.map(({ why }) => why)).toEqual([expect.stringMatching(/[Ii]nvalid partition/)])
    await expect(study.scheduler.submit(study, [0])).rejects.toThrow(
      /Slurm did not take the tasks .*[Ii]nvalid partition/,
    )
    const right = await prepared('right', [''])
    expect(await right.scheduler.probe()).toMatchObject({ wrong: [], notes: [] })
  })
})

interface Prepared extends StudyThere {
  scheduler: Scheduler
  tasks: number[]
}

/** does: of each task, for bash. */
async function prepared(name: string, does: string[], settings: Partial<Cluster> = {}): Promise<Prepared> {
  const cluster = clusterSchema.parse({
    name: 'test',
    kind: 'slurm',
    folder,
    atOnce: 8,
    memoryGigabytes: 1,
    cpus: 1,
    ...settings,
  })
  const study: Prepared = {
    folder: join(folder, 'studies', name),
    ...{ name: `basil-${name.split('/').at(-1)}`, program: join(folder, 'basil-remote') },
    ...{ scheduler: createSlurm(cluster, createPlace(null)), tasks: does.map((_, task) => task) },
  }
  for (const [task, text] of does.entries()) {
    await mkdir(join(study.folder, 'tasks', taskFolder(task)), { recursive: true })
    await writeFile(join(study.folder, 'tasks', taskFolder(task), 'does'), text)
  }
  return study
}

async function until(study: Prepared, holds: (turns: Map<number, Turn>) => boolean): Promise<Map<number, Turn>> {
  for (const end = Date.now() + patience; ; await pause(200)) {
    const turns = await study.scheduler.poll(study)
    if (holds(turns)) return new Map([...turns].sort(([a], [b]) => a - b))
    if (Date.now() > end) throw new Error(JSON.stringify([...turns]))
  }
}

const all = (turns: Map<number, Turn>, state: Turn['state']): boolean =>
  [...turns.values()].every((turn) => turn.state === state)
const inTask = (study: StudyThere, task: number, name: string): string =>
  join(study.folder, 'tasks', taskFolder(task), name)
const heard = (study: StudyThere, task: number): Promise<string> =>
  readFile(inTask(study, task, 'heard'), 'utf8').catch(() => '')

/** How many starts each job for the results found, once so many of them came. */
async function gathered(study: StudyThere, jobs: number): Promise<string[]> {
  for (const end = Date.now() + patience; ; await pause(200)) {
    const lines = (await readFile(join(study.folder, 'gathered'), 'utf8').catch(() => '')).split('\n').slice(0, -1)
    if (lines.length >= jobs) return lines
    if (Date.now() > end) throw new Error(`gathered ${lines.length} times`)
  }
}

const starts = async (study: StudyThere, task: number): Promise<number> =>
  (await readFile(inTask(study, task, 'starts'), 'utf8').catch(() => '')).split('\n').length - 1
