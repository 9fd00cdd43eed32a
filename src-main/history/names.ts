// What lies where in the data folder, of the history:
//   history.sqlite                   with -wal and -shm of SQLite, and -check while there is doubt in it
//   history-damaged-STAMP.sqlite     set aside, untouched
//   history-replaced-STAMP.sqlite    what a salvaged or restored history took the place of
//   backups/history-vN-STAMP.sqlite  made before a migration
//   backups/daily-STAMP.sqlite       made each day, sound; unsound-STAMP.sqlite where a row was damaged
import { existsSync, readdirSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'

export const fileOf = (folder: string): string => join(folder, 'history.sqlite')
export const backupsOf = (folder: string): string => join(folder, 'backups')
export const stampOf = (now: Date): string => now.toISOString().replaceAll(/[:.]/g, '-')

/** Renames the history with its log; gives its new path. */
export function moveAside(file: string, kind: 'damaged' | 'replaced', stamp: string): string {
  const aside = join(dirname(file), `history-${kind}-${stamp}.sqlite`)
  for (const suffix of ['-wal', '-shm', '']) if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix)
  return aside
}

/** Histories that were set aside as damaged, newest first. */
export function setAsideIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /^history-damaged-[\dTZ-]+\.sqlite$/.test(name))
    .sort()
    .reverse()
    .map((name) => join(folder, name))
}
