// Tasks of a folder: worked through by a bounded pool of processes of the machine that the place is on, each of them
// the same program that a scheduler would start. They end with this one; what they have not done is handed over again.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { join } from 'node:path'

import type { Cluster } from '../../contract/clusters/cluster.ts'
import { exits, taskFolder } from '../../contract/clusters/task.ts'
import type { Scheduler, StudyThere, Turn } from './target.ts'

interface Task {
  study: StudyThere
  index: number
  child: ChildProcess | null // null: it waits
  words: string
}

/** cluster.setup is not run here: it is of a batch script. */
export function createPool({ atOnce, cpus }: Cluster): Scheduler {
  const tasks = new Map<string, Task>()
  const gathering = new Set<ChildProcess>()
  let isClosed = false
  const keyOf = ({ folder }: StudyThere, index: number): string => `${folder}/${index}`

  function pump(): void {
    const atWork = [...tasks.values()].filter(({ child }) => child !== null).length
    const waiting = [...tasks.values()].filter(({ child, words }) => child === null && words === waits)
    if (!isClosed) for (const task of waiting.slice(0, Math.max(0, atOnce - atWork))) begin(task)
  }

  function begin(task: Task): void {
    const { study, index } = task
    const log = openSync(join(study.folder, 'tasks', taskFolder(index), 'log'), 'a')
    const child = spawn(study.program, ['task', study.folder, String(index)], {
      stdio: ['ignore', log, log],
      env: { ...process.env, BASIL_THREADS: process.env['BASIL_THREADS'] ?? String(cpus) },
      detached: process.platform !== 'win32', // Ctrl+C is for this program, which ends them
    })
    task.child = child
    task.words = 'at work'
    const over = (words: string, goesOn = false): void => {
      if (task.child !== child) return
      task.child = null
      task.words = goesOn ? waits : words
      pump()
      if (!isClosed && ofStudy(study).every((one) => one.child === null && one.words !== waits)) gather(study)
    }
    child.on('error', (error) => over(`it could not be started: ${error.message}`))
    child.on('exit', (code, signal) =>
      over(`ended by ${signal ?? `exit code ${code}`}`, code === exits.goesOn && !isClosed),
    )
  }

  /** A table of what came of the study, which does as well without. */
  function gather({ program, folder }: StudyThere): void {
    const child = spawn(program, ['gather', folder], { stdio: 'ignore' })
    gathering.add(child)
    const over = (): void => void gathering.delete(child)
    child.on('error', over)
    child.on('exit', over)
  }

  async function end(which: Task[], signal: NodeJS.Signals): Promise<void> {
    const children = which.flatMap(({ child }) => (child && child.exitCode === null ? [child] : []))
    for (const task of which) Object.assign(task, { child: null, words: 'cancelled' }) // its end begins nothing
    const gone = children.map((child) => once(child, 'exit'))
    for (const child of children) child.kill(signal)
    await Promise.all(gone)
  }

  const ofStudy = ({ folder }: StudyThere): Task[] => [...tasks.values()].filter((task) => task.study.folder === folder)
  return {
    probe: async () => ({ facts: [{ what: 'Processes at a time', is: String(atOnce) }], wrong: [], notes: [] }),
    submit: async (study, indices) => {
      for (const index of indices) {
        const known = tasks.get(keyOf(study, index))
        if (known?.child || known?.words === waits) continue
        tasks.set(keyOf(study, index), { study, index, child: null, words: waits })
      }
      pump()
      return { taken: indices, left: null }
    },
    poll: async (study) => new Map(ofStudy(study).map((task) => [task.index, turnOf(task)])),
    cancel: async (study, indices) => {
      const mine = ofStudy(study).filter(({ index }) => indices === null || indices.includes(index))
      await end(mine, 'SIGTERM')
      for (const { index } of mine) tasks.delete(keyOf(study, index))
    },
    close: async () => {
      isClosed = true
      await end([...tasks.values()], 'SIGTERM')
      await Promise.allSettled([...gathering].map((child) => once(child, 'exit'))) // it is short
    },
  }
}

const waits = 'waits for its turn'

function turnOf({ child, words }: Task): Turn {
  return {
    state: child ? 'running' : words === waits ? 'queued' : 'over',
    words,
    job: child ? String(child.pid) : null,
  }
}
