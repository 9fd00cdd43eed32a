// What the workbench does for its history beside keeping runs: each day's backup while nothing computes, and bringing
// back what can be read.
import type { Backup, Contents, Restored, Salvaged } from '../contract/api/history.ts'
import { recordOf } from '../contract/errors.ts'
import { openRegular } from '../files/open.ts'
import { contentsOf, isBackupDue, listBackups, listReplaced, makeBackup } from '../history/backups.ts'
import { restore, salvage } from '../history/salvage.ts'
import { type History, row } from '../history/statement.ts'
import type { Jobs } from './jobs/queue.ts'

interface Place {
  history: History
  home: string
  jobs: Jobs
  restored: Restored | null
}

export interface HistoryCare {
  /** Those made, and what others took the place of, newest first; unsound ones last. */
  backups(): Backup[]
  /** Of a backup. Throws history-damaged, file-missing. */
  contents(file: string): Promise<Contents>
  /** Of the history as it is. */
  present(): Contents
  /**
   * From now on nothing begins, as another history comes. Throws run-state while anything is at work, and what opening
   * the backup throws.
   */
  giveWay(file: string): Promise<void>
  /** What came of the last one since the program was started. */
  readonly restored: Restored | null
  /** One more, now. Throws run-state while anything is at work, and what a full disk does. */
  backUp(): Promise<Backup[]>
  /** Throws run-state while anything is at work. */
  salvage(): Promise<Salvaged>
  /**
   * To be called when the workbench has come to rest. A backup gives way to a run that begins, and is made after it.
   */
  rest(): void
  close(): Promise<void>
}

export function createHistoryCare({ history, home, jobs, restored }: Place): HistoryCare {
  let isClosed = false
  let work: Promise<unknown> = Promise.resolve()
  const after = <T>(act: () => Promise<T>): Promise<T> => {
    const done = work.then(act)
    work = done.catch(() => undefined)
    return done
  }

  async function backUp(): Promise<void> {
    const mayGoOn = (): boolean => !jobs.isAtWork() && !(isClosed && isSlow)
    let isSlow = false
    try {
      if (history.write && mayGoOn() && isBackupDue(history, new Date())) {
        const began = performance.now()
        await makeBackup(history, new Date(), () => {
          isSlow = performance.now() - began > patience
          return mayGoOn()
        })
      }
    } catch (error) {
      history.notices.push({ ...recordOf(error), what: 'The daily backup of the history was not made' })
    }
  }

  return {
    backups: () => allBackups(home),
    contents: async (file) => {
      await requireFile(file)
      return contentsOf(home, file)
    },
    present: () => {
      const text = 'SELECT count(*) AS runs, max(created) AS newest FROM runs'
      const { runs, newest } = row<Omit<Contents, 'file'>>(history, text) ?? { runs: 0, newest: null }
      return { file: history.file, runs, newest }
    },
    giveWay: async (file) => {
      await requireFile(file)
      jobs.requireQuiet()
      for (const need of ['engine', 'reader', 'reader'] as const) jobs.hold(need, 'putting a backup in place')
    },
    restored,
    backUp: () =>
      after(async () => {
        jobs.requireQuiet()
        await makeBackup(history, new Date(), () => !isClosed)
        return allBackups(home)
      }),
    salvage: () =>
      after(async () => {
        jobs.requireQuiet()
        const leave = jobs.hold('engine', 'bringing back what can be read')
        try {
          const salvaged = await salvage(history, new Date())
          history.notices.length = 0 // what is still damaged is told when it is met
          return salvaged
        } finally {
          leave()
        }
      }),
    rest: () => void setImmediate(() => void after(backUp)), // whoever opened the workbench for a run begins that first
    close: async () => {
      isClosed = true
      await work
    },
  }
}

const patience = 2000 // ms that the end of a program waits for a backup; the next one makes it

/**
 * Puts a backup in the place of the history, and gives the name that the history is kept under. Throws file-unreadable
 * for what is no file.
 */
export async function restoreBackup(home: string, backup: string, now: Date): Promise<string> {
  await requireFile(backup)
  return restore(home, backup, now)
}

/** SQLite would wait for what a named pipe may bring. */
async function requireFile(path: string): Promise<void> {
  await (await openRegular(path)).handle.close()
}

function allBackups(home: string): Backup[] {
  const late = ({ kind }: Backup): number => Number(kind === 'unsound')
  const all = [...listBackups(home), ...listReplaced(home)]
  return all.sort((a, b) => late(a) - late(b) || b.made.localeCompare(a.made))
}

/**
 * Closes a workbench, puts a backup in the place of its history, and opens another one, which is told what came of it:
 * where the backup cannot take the place the history is as it was.
 */
export async function restoreUnder<Opened>(
  workbench: { home: string; close(): Promise<void> },
  file: string,
  open: (restored: Restored) => Promise<Opened>,
): Promise<Opened> {
  await workbench.close()
  const now = new Date()
  const told = { at: now.toISOString(), file, before: null, error: null }
  const restored = await restoreBackup(workbench.home, file, now).then(
    (before) => ({ ...told, before }),
    (error: unknown) => ({ ...told, error: recordOf(error) }),
  )
  return open(restored)
}
