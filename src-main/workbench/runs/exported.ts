// A run's model as a file: a job, whose end whoever asked waits for. Where nothing can be asked for, because another
// process is the folder's writer, it is written at once.
import { dirname } from 'node:path'

import type { RunId } from '../../contract/branded.ts'
import type { Form } from '../../contract/checkpoint.ts'
import { BasilError } from '../../contract/errors.ts'
import type { Exported } from '../../contract/run/recipe.ts'
import { requireFree } from '../../files/write-atomic.ts'
import { runDetail } from '../../history/detail.ts'
import { putJobRequest } from '../../history/jobs.ts'
import { parentsOf } from '../../history/parents.ts'
import { runRow } from '../../history/runs.ts'
import type { History } from '../../history/statement.ts'
import { type ExportedState, exportRun } from '../export/export-run.ts'
import { exportName, recipeOf } from '../export/recipe.ts'
import type { Target } from '../export/with-card.ts'
import { throwEnd } from '../jobs/at-work.ts'
import type { Estimate, Work } from '../jobs/kind.ts'
import { paced } from '../jobs/pace.ts'
import type { Jobs } from '../jobs/queue.ts'
import { lastHeard } from '../link/heard.ts'
import type { InOwnProcess } from '../link/own-process.ts'
import { exportsFolder } from '../settings/kept.ts'

export type Written = Exported & { card: string }

export interface Exports {
  /** The name a model of this run would be saved under. */
  suggestName(run: RunId, iteration: number | null, form: Form): string
  /** The model and its card. target null: new files in the data folder's exports. */
  export(run: RunId, state: ExportedState, target: Target | null): Promise<Written>
  /** What its file takes, about, and in which folder it will lie. */
  takes(asked: Pick<ExportJob, 'run' | 'state' | 'target'>): Pick<Estimate, 'diskBytes' | 'writesTo'>
  /** Asks for it without waiting for it. Gives the job's number. Throws what can be said of it at once. */
  queue(run: RunId, state: ExportedState, target: Target | null): Promise<number>
}

/** What an export's job does. */
export interface ExportsAtWork extends Pick<Exports, 'takes'> {
  work(job: number, wanted: ExportJob, work: Work): Promise<string>
}

export interface ExportJob {
  name: string // of the run
  run: RunId
  state: ExportedState
  target: Target | null
}

interface Options {
  history: History
  home: string
  template: string // of the card
  inOwnProcess: InOwnProcess
  jobs: Jobs
}

export function createExports(options: Options): { exports: Exports; atWork: ExportsAtWork } {
  const { history, home, template, inOwnProcess, jobs } = options
  const results = new Map<number, Written>() // of jobs that somebody waits for

  const write = ({ run, state, target }: ExportJob, work: Pick<Work, 'signal' | 'tell'>): Promise<Written> =>
    inOwnProcess(work.signal, (own) =>
      exportRun(
        {
          ...{ history, home, template },
          rebuild: async (request) => (await lastHeard(own, paced(work), (client) => client.merge(request))).result,
          look: (file) => own.ask((client) => client.look({ file })),
        },
        run,
        state,
        target,
      ),
    )

  async function wantedOf(run: RunId, state: ExportedState, target: Target | null): Promise<ExportJob> {
    recipeOf(history, run, state.iteration, state.epoch ?? null)
    if (target) await requireFree(target.out, target)
    return { name: runDetail(history, run).name, run, state, target }
  }

  async function queue(...asked: Parameters<Exports['queue']>): Promise<number> {
    const wanted = await wantedOf(...asked)
    return jobs.add(() => ({ kind: 'export', request: wanted, run: wanted.run, file: wanted.target?.out ?? null }))
  }

  function takes({ run, state, target }: Pick<ExportJob, 'run' | 'state' | 'target'>) {
    const { parameters } = runRow(history, run)
    const bytes = parentsOf(history, run).find(({ role }) => role === 'pretrained')?.bytes ?? null
    return {
      diskBytes: bytes === null ? null : writtenSize(bytes, parameters, state.form?.dtype ?? null),
      writesTo: target ? dirname(target.out) : exportsFolder(home),
    }
  }

  async function waited(job: number): Promise<Written> {
    try {
      for await (const { state, error } of jobs.follow(job)) throwEnd({ state, error })
      return results.get(job) ?? ended(job)
    } finally {
      results.delete(job)
    }
  }

  return {
    exports: {
      suggestName: (run, iteration, form) => exportName(recipeOf(history, run, iteration), form),
      export: async (...asked) =>
        history.write ? waited(await queue(...asked)) : write(await wantedOf(...asked), alone()),
      takes,
      queue,
    },
    atWork: {
      takes,
      work: async (job, wanted, work) => {
        const written = await write(wanted, work)
        results.set(job, written)
        const { sha256, bytes } = written
        putJobRequest(history, job, { ...wanted, written: { sha256, bytes } })
        return written.file
      },
    },
  }
}

/** A model of so many parameters, whose file has so many bytes, written in another type. */
function writtenSize(bytes: number, parameters: number | null, dtype: Form['dtype']): number {
  if (dtype === null || !parameters) return bytes
  const now = bytes / parameters > 3 ? 4 : 2 // bytes a number; what else the file holds is written as it is
  return bytes + ((dtype === 'float32' ? 4 : 2) - now) * parameters
}

/** Without a queue to tell. */
const alone = (): Pick<Work, 'signal' | 'tell'> => ({ signal: new AbortController().signal, tell: () => undefined })

function ended(job: number): never {
  throw new BasilError({
    code: 'cancelled',
    what: 'The model was not written',
    where: `job ${job}`,
    why: 'its job was ended',
    next: 'export it again',
  })
}
