// A task of a study at work on a cluster: the engine's events go to a log of their own, on the disk before anything
// else is done, and the run goes on after the last epoch of the logs before. USR2, which comes ahead of a scheduler's
// limit, lets the present epoch end; TERM ends at once. Either way what is left is for the next sitting.
import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'

import packageJson from '../../package.json' with { type: 'json' }
import {
  exits,
  type Sitting,
  type TaskResult,
  type TaskSpec,
  type TaskState,
  taskFolder,
} from '../contract/clusters/task.ts'
import { BasilError, type ErrorRecord, recordOf } from '../contract/errors.ts'
import type { EngineEvent, Parent, ResumeState } from '../contract/run/run.ts'
import { makeFolder } from '../files/made-folder.ts'
import { writeAtomic } from '../files/write-atomic.ts'
import { engineScript, forkEngine } from '../workbench/link/engine-process.ts'
import { createSupervisor, type Supervisor } from '../workbench/link/supervisor.ts'
import { beginLog, filesOfLogs, soFar, type TaskLog } from './logs.ts'
import { readSpec } from './spec.ts'

const grace = 60_000 // milliseconds that an epoch may still take once the end is near
const pause = 3000 // milliseconds between two lines of state

interface Place {
  folder: string // of the task
  spec: TaskSpec
}

/** Gives the exit code. */
export async function workOnTask(study: string, index: number): Promise<number> {
  const folder = join(study, 'tasks', taskFolder(index))
  if (existsSync(join(folder, 'result.json'))) return exits.done
  try {
    return await work({ folder, spec: await readSpec(folder) })
  } catch (thrown) {
    const error = recordOf(thrown)
    process.stderr.write(`${error.what}: ${error.why} (${error.where})\n`)
    return isKilled(error) ? exits.killed : exits.cannotKeep
  }
}

async function work(place: Place): Promise<number> {
  const { resume, parents } = await soFar(place.folder)
  const log = await beginLog(place.folder)
  const supervisor = createSupervisor(() => forkEngine(engineScript()))
  const leaving = leave(supervisor)
  const began = performance.now()
  try {
    const state = await sitting(place, log, supervisor, leaving, { resume, parents })
    return await ended(place, began, { state, error: null })
  } catch (thrown) {
    const error = recordOf(thrown)
    if (leaving.isLeft()) return exits.goesOn
    if (unkept.includes(error.code) || isKilled(error)) throw thrown
    return await ended(place, began, { state: 'failed', error })
  } finally {
    leaving.release()
    log.close()
    await supervisor.close()
  }
}

/** After these nothing can be written here; whoever looks finds no result, and the scheduler's word for the end. */
const unkept: ErrorRecord['code'][] = ['disk-full', 'target-unwritable']

/** Its engine was, by the kernel where memory ran out: a scheduler knows why, so that its word is left to stand. */
const isKilled = ({ code, why }: ErrorRecord): boolean =>
  whoWorks().job !== null && code === 'engine-lost' && why.startsWith('it was ended by SIGKILL')

type From = { resume: ResumeState | null; parents: Parent[] }

async function sitting(
  { folder, spec }: Place,
  log: TaskLog,
  supervisor: Supervisor,
  leaving: Leaving,
  from: From,
): Promise<'done' | 'stopped'> {
  const here = { ...from }
  const say = stateTeller(folder)
  let stopped = false
  const begins = (): void => {
    const { resume } = here
    log.append({ ...whoWorks(), after: resume && { stage: resume.stage, epoch: resume.epoch } }, true)
  }
  const keep = (event: EngineEvent): boolean => {
    say(wordsOf(event))
    if (event.type === 'progress' || event.type === 'pulse') return false
    appended(folder, () => log.append(event, true))
    if (event.type === 'opened') here.parents = event.parents
    if (event.type === 'finished') stopped = event.stopped
    if (event.type !== 'epoch') return false
    here.resume = event.resume
    leaving.kept()
    return true
  }
  begins()
  await supervisor.work<EngineEvent>({
    begin: (client) =>
      client.run({ config: spec.config, resume: here.resume, parents: here.resume ? here.parents : [] }),
    last: 'finished',
    goesOnAfter: 'the last kept epoch',
    keep,
    lost: (_, restarting) => {
      if (restarting) begins()
    },
    silent: (error) => say(error ? 'The engine gives no sign of life' : null),
  })
  return stopped ? 'stopped' : 'done'
}

/** On the disk at once, or not at all: the result is what everyone goes by. */
async function ended(
  { folder, spec: { index } }: Place,
  began: number,
  end: Pick<TaskResult, 'state' | 'error'>,
): Promise<number> {
  const { host, job, gpus } = whoWorks()
  const files = await filesOfLogs(folder)
  const seconds = (performance.now() - began) / 1000
  const all: TaskResult = {
    ...{ basil: 'result', version: 1, index, ...end, files },
    ...{ ended: new Date().toISOString(), host, job, gpus, seconds },
  }
  await writeAtomic(join(folder, 'result.json'), [Buffer.from(`${JSON.stringify(all, null, 2)}\n`)], {
    overwrite: true,
  })
  return end.state === 'failed' ? exits.failed : exits.done
}

interface Leaving {
  isLeft(): boolean
  /** An epoch was kept: where the end is near, it was the last. */
  kept(): void
  release(): void
}

function leave(supervisor: Supervisor): Leaving {
  let isNear = false
  let isLeft = false
  let timer: ReturnType<typeof setTimeout> | undefined
  const now = (): void => {
    isLeft = true
    if (!supervisor.cancel()) void supervisor.close()
  }
  const soon = (): void => {
    isNear = true
    timer ??= setTimeout(now, grace)
  }
  const signals = [['SIGUSR2', soon] as const, ['SIGTERM', now] as const, ['SIGINT', now] as const]
  for (const [signal, hear] of signals) process.on(signal, hear)
  return {
    isLeft: () => isLeft,
    kept: () => {
      if (isNear && !isLeft) now()
    },
    release: () => {
      clearTimeout(timer)
      for (const [signal, hear] of signals) process.off(signal, hear)
    },
  }
}

/** By what the scheduler says of it in the environment; a first run has no count of its restarts. */
function whoWorks(env: NodeJS.ProcessEnv = process.env): Sitting {
  const { SLURM_ARRAY_JOB_ID: array, SLURM_ARRAY_TASK_ID: task, SLURM_JOB_ID: own } = env
  return {
    type: 'sitting',
    at: new Date().toISOString(),
    basil: packageJson.version,
    host: hostname(),
    job: array && task ? `${array}_${task}` : (own ?? null),
    restarts: Number(env['SLURM_RESTART_COUNT'] ?? 0),
    gpus: env['SLURM_JOB_GPUS'] ?? env['CUDA_VISIBLE_DEVICES'] ?? null,
    after: null,
  }
}

function appended(folder: string, append: () => void): void {
  try {
    append()
  } catch (error) {
    throw new BasilError(
      {
        code: 'disk-full',
        what: 'What a task has done cannot be kept',
        where: folder,
        why: error instanceof Error ? error.message : String(error),
        next: 'make room there, and have the task tried again: it goes on after its last kept epoch',
      },
      { cause: error },
    )
  }
}

const wordsOf = (event: EngineEvent): string | null =>
  event.type === 'progress'
    ? `${event.what} ${event.done} of ${event.total}`
    : event.type === 'epoch'
      ? `${event.stage ? `Iteration ${event.stage}` : 'Start'}, epoch ${event.epoch}`
      : null

/** What it is at, now and then, and never two at once; a disk that does not take it is heard of by the log. */
function stateTeller(folder: string): (what: string | null) => void {
  makeFolder(folder)
  const { host, job } = whoWorks()
  let last = Number.NEGATIVE_INFINITY
  let writing = false
  return (what) => {
    if (what === null || writing || performance.now() - last < pause) return
    last = performance.now()
    writing = true
    const state: TaskState = { what, at: new Date().toISOString(), host, job }
    writeAtomic(join(folder, 'state.json'), [Buffer.from(JSON.stringify(state))], { overwrite: true })
      .catch(() => undefined)
      .finally(() => {
        writing = false
      })
  }
}
