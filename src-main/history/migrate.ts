// Brings a history file to the newest form: numbered SQL files, one transaction each, the number kept in user_version.
// A file that already holds something is backed up first (SQLite's online backup). Adding a migration is one file
// migrations/NNNN-what.sql; a released one is never edited. A step that changes rows sets their checksum to NULL
// (or long_checksum, where it changes what that is over): rows without get theirs with the last step.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import type { Database } from 'better-sqlite3'

import { BasilError } from '../contract/errors.ts'
import { addChecksums } from './checksums.ts'
import { backupsOf } from './names.ts'
import { copyTo } from './on-disk.ts'

/** SQL texts; the first makes version 1. */
export function migrations(folder: string = join(import.meta.dirname, 'migrations')): string[] {
  const files = readdirSync(folder)
    .filter((name) => /^\d{4}-.*\.sql$/.test(name))
    .sort()
  files.forEach((name, i) => {
    if (Number(name.slice(0, 4)) !== i + 1) throw new Error(`migration ${name} should have number ${i + 1}`)
  })
  return files.map((name) => readFileSync(join(folder, name), 'utf8'))
}

const applicationId = 0x6261736c // "basl": tells our files from any other SQLite file

/**
 * The version of a file; 0: nothing in it. Throws history-damaged for a foreign file, history-newer for one from the
 * future.
 */
export function versionOf(db: Database, known: number): number {
  const version = Number(db.pragma('user_version', { simple: true }))
  const tables = db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE type = 'table'").get() as { n: number }
  if (tables.n === 0) return 0
  if (Number(db.pragma('application_id', { simple: true })) !== applicationId)
    throw new BasilError({
      code: 'history-damaged',
      what: 'The history is not a file of Basil',
      where: db.name,
      why: 'it is an SQLite file of another program',
      next: 'move it elsewhere, or set BASIL_HOME to another folder',
    })
  if (version > known)
    throw new BasilError({
      code: 'history-newer',
      what: 'The history was written by a newer Basil',
      where: db.name,
      why: `it has version ${version}, and this Basil knows ${known}`,
      next: 'update Basil, or set BASIL_HOME to another folder; the file was left as it is',
    })
  return version
}

/** Applies what is missing. stamp names the backup. */
export async function migrate(db: Database, steps: string[], stamp: string): Promise<void> {
  const version = versionOf(db, steps.length)
  if (version === steps.length) return
  if (version > 0) await copyTo(db, join(backupsOf(dirname(db.name)), `history-v${version}-${stamp}.sqlite`))
  for (let done = version; done < steps.length; done++) {
    const step = steps[done] ?? ''
    db.transaction(() => {
      db.exec(step)
      if (done === steps.length - 1) addChecksums(db)
      db.pragma(`application_id = ${applicationId}`)
      db.pragma(`user_version = ${done + 1}`)
    }).immediate()
  }
}
