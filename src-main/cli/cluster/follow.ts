// Follows a study on a cluster: a line a task that is over, and how many are in which state. Ctrl+C, a signal to end
// and a closed pipe leave it: what Slurm has goes on there, and is asked for again by "basil cluster collect".
import type { StatusThere } from '../../contract/api/clusters.ts'
import { sentence } from '../../contract/errors.ts'
import type { Workbench } from '../../workbench/workbench.ts'
import { onSignals } from '../ending.ts'
import { isPipeClosed, onClosedPipe, print, printJson } from '../output.ts'
import { progressOf } from '../queue/print.ts'
import { clearLive, sayLive } from '../terminal.ts'
import { countsText, statusLines, taskLine } from './print.ts'

interface Options {
  json: boolean
  /** handed over: its tasks are there; looked: it was asked for once. */
  until: 'over' | 'looked' | 'handed over'
}

const ended: string[] = ['done', 'stopped', 'failed', 'lost']

/** Sets the exit code: 0 when every run is done, or what was waited for is there; else 1. */
export async function followThere(workbench: Workbench, study: number, { json, until }: Options): Promise<void> {
  const { clusters, studies } = workbench
  const leaving = Promise.withResolvers<{ done: true; value: undefined }>()
  const leave = (): void => leaving.resolve({ done: true, value: undefined })
  onClosedPipe(leave)
  const release = onSignals({ first: leave, again: leave, end: leave })
  const tell = createTelling(workbench, study, json)
  const isReached = reached[until]
  try {
    for (const news = studies.follow(study); ; ) {
      const { done } = await Promise.race([news.next(), leaving.promise])
      const status = clusters.status(study)
      if (status) tell(status)
      if (done || (status && isReached(status))) break
    }
  } finally {
    clearLive()
    release()
  }
  const status = clusters.status(study)
  const { state, done, planned, error } = studies.show(study)
  const isDone = state === 'done' && done === planned
  const isThere = status !== null && until !== 'over' && isReached(status)
  process.exitCode = isDone || isThere || isPipeClosed() ? 0 : 1
  if (json) return printJson({ type: state, study, done, planned, error, ...status })
  if (status && until === 'looked') for (const line of statusLines(study, status)) print(line)
  print(`Study ${study}: ${done} of ${planned} runs done, ${status ? countsText(status.tasks) : state}.`)
  if (error) process.stderr.write(`${sentence(error)}\n`)
  if (!isDone) process.stderr.write(`Next: ${error ? 'basil cluster retry' : 'basil cluster collect'} ${study}\n`)
}

const reached: Record<Options['until'], (status: StatusThere) => boolean> = {
  over: () => false,
  looked: ({ seen, error }) => seen !== null || error !== null,
  'handed over': ({ tasks }) => tasks.length > 0 && tasks.every(({ state }) => state !== 'waiting'),
}

/** Each task once it is over, and again where it was tried again; what it is at on the live line. */
function createTelling({ jobs }: Workbench, study: number, json: boolean): (status: StatusThere) => void {
  const told = new Map<number, string>()
  let away = ''
  return ({ tasks, error }) => {
    for (const task of tasks) {
      const now = ended.includes(task.state) ? task.state : ''
      const isNew = now !== '' && told.get(task.place) !== now
      told.set(task.place, now)
      if (!isNew) continue
      clearLive()
      if (json) printJson({ type: 'task', ...task })
      else print(taskLine(task))
    }
    const said = error ? sentence(error) : ''
    if (said !== away && said !== '') process.stderr.write(`${said}\n`)
    away = said
    const job = jobs.list(0).find((one) => one.kind === 'study' && one.study === study)
    if (!json && job) sayLive(`Study ${study}: ${tasks.length > 0 ? countsText(tasks) : progressOf(job)}`)
  }
}
