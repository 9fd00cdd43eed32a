// What a person does with runs that are there: finds them, says something of them, takes them away. Of a process that
// only reads, every change is refused by the history itself.
import { dirname } from 'node:path'

import { implement } from '@orpc/server'

import { api } from '../../contract/api/api.ts'
import type { AskedRuns, MarkedRun, Refused, RunGroup, RunsOverview, Trash } from '../../contract/api/runs.ts'
import type { RunId } from '../../contract/branded.ts'
import { foundRuns, groupsOf, overviewOf } from '../../history/listing/list.ts'
import {
  emptyTrash,
  markedRun,
  markRuns,
  renameRun,
  restoreRuns,
  tagRuns,
  trashOf,
  trashRuns,
} from '../../history/marks.ts'
import { type History, transaction } from '../../history/statement.ts'
import { forgetJournals } from './journal.ts'

export interface Care {
  /** Numbers of all that are found, in their order. Throws config-invalid for a query that is wrong. */
  found(asked: Partial<AskedRuns>): RunId[]
  groups(asked: Partial<AskedRuns>): RunGroup[]
  overview(): RunsOverview
  /** Throws run-missing. */
  marks(run: RunId): MarkedRun
  tag(runs: readonly RunId[], add: readonly string[], remove: readonly string[]): void
  pin(runs: readonly RunId[], pinned: boolean): void
  describe(run: RunId, words: { name?: string | undefined; notes?: string | undefined }): MarkedRun
  trash(runs: readonly RunId[]): { done: RunId[]; refused: Refused[] }
  restore(runs: readonly RunId[]): void
  trashed(): Trash
  emptyTrash(): number
}

export function createCare(history: History): Care {
  return {
    found: (asked) => foundRuns(history, asked),
    groups: (asked) => groupsOf(history, asked),
    overview: () => overviewOf(history),
    marks: (run) => markedRun(history, run),
    tag: (runs, add, remove) => tagRuns(history, runs, add, remove),
    pin: (runs, pinned) => markRuns(history, runs, () => ({ pinned })),
    describe: (run, { name, notes }) =>
      transaction(history, () => {
        if (name !== undefined) renameRun(history, run, name)
        if (notes !== undefined) markRuns(history, [run], () => ({ notes }))
        return markedRun(history, run)
      }),
    trash: (runs) => trashRuns(history, runs, new Date()),
    restore: (runs) => restoreRuns(history, runs),
    trashed: () => trashOf(history),
    emptyTrash: () => {
      const gone = emptyTrash(history)
      forgetJournals(dirname(history.file), gone)
      return gone.length
    },
  }
}

export function careRouter(care: Care) {
  const os = implement(api).runs
  const done = (work: () => void): boolean => {
    work()
    return true
  }
  return {
    found: os.found.handler(({ input }) => care.found(input)),
    groups: os.groups.handler(({ input }) => care.groups(input)),
    overview: os.overview.handler(() => care.overview()),
    marks: os.marks.handler(({ input }) => care.marks(input.run)),
    tag: os.tag.handler(({ input }) => done(() => care.tag(input.runs, input.add, input.remove))),
    pin: os.pin.handler(({ input }) => done(() => care.pin(input.runs, input.pinned))),
    describe: os.describe.handler(({ input }) => care.describe(input.run, input)),
    trash: os.trash.handler(({ input }) => care.trash(input.runs)),
    restore: os.restore.handler(({ input }) => done(() => care.restore(input.runs))),
    trashed: os.trashed.handler(() => care.trashed()),
    emptyTrash: os.emptyTrash.handler(() => care.emptyTrash()),
  }
}
