// What lies where in the data folder, of the history:
//   history.sqlite                   with -wal and -shm of SQLite, and -check while there is doubt in it
//   history-damaged-STAMP.sqlite     set aside, untouched
//   history-replaced-STAMP.sqlite    what a salvaged or restored history took the place of
//   backups/history-vN-STAMP.sqlite  made before a migration
//   backups/daily-STAMP.sqlite       made each day, sound; unsound-STAMP.sqlite where a row was damaged
import { copyFileSync, existsSync, linkSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { syncFile, syncFolder } from './on-disk.ts'

export const fileOf = (folder: string): string => join(folder, 'history.sqlite')
export const backupsOf = (folder: string): string => join(folder, 'backups')
export const stampOf = (now: Date): string => now.toISOString().replaceAll(/[:.]/g, '-')

/** Renames a damaged history with its log or journal, which no other may find; gives its new path. */
export function moveAside(file: string, stamp: string): string {
  const aside = join(dirname(file), `history-damaged-${stamp}.sqlite`)
  for (const suffix of ['-wal', '-shm', '-journal', ''])
    if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix)
  syncFolder(dirname(file)) // before its name means another file
  return aside
}

/** What the history is kept as when another, or sounder rows, take its place. */
export const beforeOf = (folder: string, now: Date): string => join(folder, `history-replaced-${stampOf(now)}.sqlite`)

/**
 * Puts another file in the place of the history, whose log is empty, and keeps the history under another name. At no
 * moment is there none, and none is lost with the power.
 */
export function keepAndReplace(file: string, other: string, before: string): void {
  syncFile(other)
  try {
    linkSync(file, before)
  } catch {
    copyFileSync(file, before) // a file system without hard links
    syncFile(before)
  }
  for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true })
  syncFolder(dirname(file)) // a log that came back would be read as the other's
  renameSync(other, file)
  syncFolder(dirname(file))
}

/** Histories that were set aside as damaged, newest first. */
export function setAsideIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /^history-damaged-[\dTZ-]+\.sqlite$/.test(name))
    .sort()
    .reverse()
    .map((name) => join(folder, name))
}
