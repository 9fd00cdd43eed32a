// What a study of very many tasks costs this machine, with a cluster that is only simulated: handing over, asking where
// the tasks are, and keeping what they did. 300 tasks, or as many as BASIL_TASKS says; it prints what each step takes,
// and fails only where a run is missing or there twice.
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { TaskNews } from '../../src-main/contract/clusters/remote.ts'
import { resultSchema, taskFolder } from '../../src-main/contract/clusters/task.ts'
import { openHistory } from '../../src-main/history/open.ts'
import { rows } from '../../src-main/history/statement.ts'
import { createStudy } from '../../src-main/history/studies.ts'
import { createKeeping } from '../../src-main/workbench/clusters/keeping.ts'
import type { ClusterTarget, Turn } from '../../src-main/workbench/clusters/target.ts'
import { createTasks } from '../../src-main/workbench/clusters/tasks.ts'
import { beginTasks } from '../../src-main/workbench/clusters/work.ts'
import { temporaryFolder, toyConfig } from '../workbench/toy.ts'
import { absoluteIn, modelsIn, toyClusters, toyStudy, untilOver } from './toy-cluster.ts'

const count = Number(process.env['BASIL_TASKS'] ?? 300)

/** What one task of the toy engine said, and its end. */
async function sample(folder: string): Promise<Pick<TaskNews, 'pieces' | 'result'>> {
  const workbench = await toyClusters({ home: join(folder, 'first'), folder: join(folder, 'one') })
  const absolute = absoluteIn(modelsIn(join(folder, 'models')))
  const study = await workbench.studies.start({ ...toyStudy([0]), arms: [] }, absolute, 'toys')
  await untilOver(workbench, study)
  const task = join(workbench.clusters.status(study)?.folder ?? '', 'tasks', taskFolder(0))
  const lines = readFileSync(join(task, 'events-0000.jsonl'), 'utf8').split('\n').slice(0, -1)
  const result = resultSchema.parse(JSON.parse(readFileSync(join(task, 'result.json'), 'utf8')))
  return { pieces: [{ file: 'events-0000.jsonl', from: 0, lines }], result }
}

/** All tasks are over as soon as they were handed over; an answer holds 200 of them, as one of 4 MiB does. */
function simulated(one: Pick<TaskNews, 'pieces' | 'result'>): Pick<ClusterTarget, 'submit' | 'poll' | 'collect'> {
  const turns = new Map<number, Turn>()
  let left: number[] = []
  return {
    submit: async (_, tasks) => {
      left = [...tasks]
      for (const task of tasks) turns.set(task, { state: 'running', words: 'RUNNING', job: `1_${task}` })
      return { taken: tasks, left: null }
    },
    poll: async () => turns,
    collect: async () => {
      const some = left.splice(0, 200)
      for (const index of some) turns.delete(index)
      const news = some.map((index): TaskNews => {
        const result = one.result && { ...one.result, index }
        return { index, state: null, more: false, fault: null, pieces: one.pieces, result }
      })
      return { now: new Date().toISOString(), news }
    },
  }
}

test(`${count} simulated tasks are kept once each`, async () => {
  const folder = temporaryFolder()
  const one = await sample(folder)
  const home = join(folder, 'many')
  mkdirSync(home)
  const history = await openHistory(home)
  const took: string[] = []
  const timed = async <T>(what: string, work: () => T | Promise<T>): Promise<T> => {
    const began = performance.now()
    const done = await work()
    const ms = performance.now() - began
    took.push(`${what} ${(ms / 1000).toFixed(1)} s, ${(ms / count).toFixed(2)} ms a task`)
    return done
  }
  const planned = Array.from({ length: count }, (_, seed) => ({
    arm: 'a',
    part: '',
    seed,
    config: toyConfig({ seed }),
  }))
  const definition = { name: 'many', config: toyConfig(), arms: [], seeds: [0] } as never
  const study = await timed('planned in', () => {
    const made = createStudy(history, definition, planned, new Date())
    beginTasks(history, made, () => false)
    return made
  })
  const there = { folder: '/there', name: 'many', program: 'basil-remote' }
  const keeping = createKeeping({ history, study, paths: [], towerOf: () => null, cancel: async () => true })
  const target = simulated(one) as ClusterTarget
  const tasks = createTasks({ history, study, target, there }, keeping)
  await timed('handed over in', () => tasks.submit())
  await timed('fetched in', async () => {
    while (tasks.count().over < count) await tasks.look({ ahead: null })
  })
  await timed('looked at once more in', () => tasks.look({ ahead: null }))
  const [{ kept = 0 } = {}] = rows<{ kept: number }>(
    history,
    'SELECT (SELECT count(*) FROM epochs) + (SELECT count(*) FROM stages) + (SELECT count(*) FROM evaluations) AS kept',
  )
  const [{ runs = 0, done = 0 } = {}] = rows<{ runs: number; done: number }>(
    history,
    `SELECT count(*) AS runs, count(*) FILTER (WHERE state = 'done') AS done FROM runs`,
  )
  const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`
  const sizes = `${kept} rows; history ${mebibytes(statSync(history.file).size)}, memory ${mebibytes(process.memoryUsage().rss)}`
  console.log(`${count} tasks: ${took.join('; ')}; ${sizes}`)
  history.close()
  expect([runs, done]).toEqual([count, count])
})
