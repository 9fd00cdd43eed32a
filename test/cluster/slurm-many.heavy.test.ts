// What Slurm and we take beside the work: the time of a task that is not the engine's, and 1,500 tasks (200 unless
// BASIL_COUNTS is full), in two arrays as Slurm takes no larger one, of which all but the first are worked on by a
// script that copies what the first did. They are fetched when they are all over. Figures are printed and are no bars
// here; what is lost or twice there is.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { describe, expect, test } from 'vitest'

import { resultSchema, taskFolder } from '../../src-main/contract/clusters/task.ts'
import type { Workbench } from '../../src-main/workbench/workbench.ts'
import { temporaryFolder } from '../workbench/toy.ts'
import { slurmHere, usingSlurm } from './slurm.ts'
import { absoluteIn, modelsIn, thinProgram, toyClusters, toyStudy, untilOver } from './toy-cluster.ts'

const isFull = process.env['BASIL_COUNTS'] === 'full' || process.env['BASIL_COUNTS'] === 'night'
const tasks = isFull ? 1500 : 200
const maxArraySize = isFull ? 1001 : 151

/** Of a task after the first, for sh: its log is the first's, and its result too but for its number. */
const copied = [
  'if [ "$1" = task ] && [ "$3" != 0 ]; then',
  '  until [ -e "$2/tasks/0000/result.json" ]; do sleep 0.2; done',
  '  cd "$2/tasks/$(printf %04d "$3")" && cp ../0000/events-0000.jsonl . || exit 74',
  '  sed "s/\\"index\\": 0/\\"index\\": $3/" ../0000/result.json >result.json.new && mv result.json.new result.json',
  '  exit',
  'fi',
]

describe.skipIf(!slurmHere())('many tasks on a real Slurm', () => {
  const slurm = usingSlurm({ maxArraySize })

  test('what a task takes beside its work', async () => {
    const { workbench, absolute } = await opened({ atOnce: 1 }, [])
    const study = await workbench.studies.start(toyStudy([1, 2]), absolute, 'toys')
    const { done } = await untilOver(workbench, study)
    const folder = workbench.clusters.status(study)?.folder ?? ''
    const results = Array.from({ length: 4 }, (_, task) => resultOf(folder, task))
    const work = results.reduce((sum, { seconds }) => sum + seconds, 0)
    const all = (Date.parse(results.at(-1)?.ended ?? '') - statSync(join(folder, 'run.sbatch')).mtimeMs) / 1000
    console.log(`beside the work: ${((all - work) / 4).toFixed(2)} s a task, of ${(all / 4).toFixed(2)} (bar: 2 s)`)
    expect(done).toBe(4)
  })

  test(`${tasks} tasks are handed over in two arrays and fetched once each`, async () => {
    const { workbench, absolute, again } = await opened({ atOnce: 32 }, copied)
    const seeds = Array.from({ length: 100 }, (_, seed) => seed)
    const arms = Array.from({ length: tasks / 100 }, (_, arm) => ({ label: `arm ${arm}` }))
    const began = performance.now()
    const study = await workbench.studies.start({ ...toyStudy(seeds), arms }, absolute, 'toys')
    const queued = async (): Promise<string[]> =>
      (await slurm.now.ask('squeue', '-h', '-o', '%F')).split('\n').slice(0, -1)
    const arrays = new Set<string>()
    while (arrays.size < 2) {
      for (const array of await queued()) arrays.add(array)
      await pause(200)
    }
    await workbench.close()
    const handed = performance.now()
    while ((await queued()).length > 0) await pause(500)
    const over = performance.now()
    const second = await again()
    const [opening, cpu] = [performance.now(), process.cpuUsage()]
    second.clusters.goOn()
    const { done, state } = await untilOver(second, study)
    const ended = performance.now()
    const { user, system } = process.cpuUsage(cpu)
    const seconds = (ms: number): string => (ms / 1000).toFixed(1)
    console.log(
      `${tasks} tasks: handed over in ${seconds(handed - began)} s, worked on in ${seconds(over - handed)} s, ` +
        `fetched in ${seconds(ended - opening)} s (bar: 30 s), ${seconds((user + system) / 1000)} of this process`,
    )
    const { total } = second.runs.list({ limit: 1 })
    console.log(`${tasks} tasks: lost=${tasks - done} twice=${total - tasks}`)
    expect({ state, done, total }).toEqual({ state: 'done', done: tasks, total: tasks })
    expect(readdirSync(join(second.clusters.status(study)?.folder ?? '', 'tasks'))).toHaveLength(tasks)
  })
})

async function opened(change: { atOnce: number }, lines: string[]) {
  const root = temporaryFolder()
  const again = (): Promise<Workbench> =>
    toyClusters({
      ...{ home: join(root, 'home'), folder: join(root, 'cluster'), program: thinProgram({}, lines), pause: 1000 },
      change: { kind: 'slurm', memoryGigabytes: 1, cpus: 1, ...change },
    })
  return { workbench: await again(), again, absolute: absoluteIn(modelsIn(join(root, 'models'))) }
}

const resultOf = (folder: string, task: number) =>
  resultSchema.parse(JSON.parse(readFileSync(join(folder, 'tasks', taskFolder(task), 'result.json'), 'utf8')))
