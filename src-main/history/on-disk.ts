// What has to be on the disk before something else may happen: a name, and a copy of the history behind it. A copy has
// its name only when all of it is there, so that neither a process that is killed over it nor a loss of power leaves
// half of one that looks like a backup. Whoever makes one is the folder's one writer: half ones that lie there are
// nobody's.
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, unlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'

import type { Database } from 'better-sqlite3'

/** Names that were made, changed or taken away in it. */
export function syncFolder(folder: string): void {
  if (process.platform !== 'win32') syncFile(folder, 'r') // folders cannot be synced there
}

export function syncFile(file: string, flags = 'r+'): void {
  const opened = openSync(file, flags)
  try {
    fsyncSync(opened)
  } finally {
    closeSync(opened)
  }
}

/** A name to copy to in a folder, which is made where there is none; half copies of processes that ended are removed. */
export function halfCopyIn(folder: string): string {
  if (!existsSync(folder)) {
    mkdirSync(folder) // not by its parents: Node 24 then says ENOENT, whatever the disk said
    syncFolder(dirname(folder))
  }
  for (const name of readdirSync(folder)) if (half.test(name)) drop(join(folder, name))
  return join(folder, `${process.pid}.tmp`)
}

const half = /^\d+\.tmp(-wal|-shm|-journal)?$/

/** The copy is whole: it takes its name. */
export function nameCopy(temporary: string, file: string): void {
  renameSync(temporary, file)
  syncFolder(dirname(file))
}

export async function copyTo(db: Database, file: string): Promise<void> {
  const folder = dirname(file)
  const temporary = halfCopyIn(folder)
  try {
    await db.backup(temporary) // on the disk when it is done
    nameCopy(temporary, file)
  } catch (error) {
    dropCopy(temporary)
    throw error
  }
}

export function dropCopy(temporary: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) drop(temporary + suffix)
}

/** What cannot be removed now is when the next one is made. */
function drop(file: string): void {
  try {
    unlinkSync(file)
  } catch {
    // it is not there, or the disk is broken
  }
}
