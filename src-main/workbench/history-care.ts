// What the workbench does for its history beside keeping runs: each day's backup while nothing computes, and bringing
// back what can be read.
import type { Backup, Salvaged } from '../contract/api/history.ts'
import { recordOf } from '../contract/errors.ts'
import { openRegular } from '../files/open.ts'
import { isBackupDue, listBackups, makeBackup } from '../history/backups.ts'
import { restore, salvage } from '../history/salvage.ts'
import type { History } from '../history/statement.ts'
import type { Jobs } from './jobs/queue.ts'

interface Place {
  history: History
  home: string
  jobs: Jobs
}

export interface HistoryCare {
  backups(): Backup[]
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

export function createHistoryCare({ history, home, jobs }: Place): HistoryCare {
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
    backups: () => listBackups(home),
    backUp: () =>
      after(async () => {
        jobs.requireQuiet()
        await makeBackup(history, new Date(), () => !isClosed)
        return listBackups(home)
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
  await (await openRegular(backup)).handle.close() // SQLite would wait for what a named pipe may bring
  return restore(home, backup, now)
}
