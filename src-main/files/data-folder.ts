// Where Basil keeps what is its own: history, backups and exports. BASIL_HOME wins, else the XDG data folder.
// A user's checkpoints are never in here. Who may write to the folder is settled by history/writer-lock.ts.
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

import { BasilError } from '../contract/errors.ts'
import { makeFolder } from './made-folder.ts'

/** null where there is none and none can be made: for what works without. */
export function dataFolderIfAny(): string | null {
  try {
    return dataFolder()
  } catch {
    return null
  }
}

/** The absolute path of the data folder, created if missing. Throws target-unwritable. */
export function dataFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const folder = resolve(
    environment.BASIL_HOME || join(environment.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'basil'),
  )
  try {
    makeFolder(folder, 0o700)
  } catch (error) {
    throw new BasilError(
      {
        code: 'target-unwritable',
        what: 'The data folder cannot be made',
        where: folder,
        why: error instanceof Error ? error.message : String(error),
        next: 'set BASIL_HOME to a folder you may write to',
      },
      { cause: error },
    )
  }
  return folder
}

/** Where statistics of models on images are kept (statistics-store.ts). */
export const statisticsFolder = (home: string = dataFolder()): string => join(home, 'statistics')
