// Backups of the history, in "backups" beside it (SQLite's online backup, which does not disturb the writer): one
// before each migration (migrate.ts) and one each day. Of the daily ones the newest seven are kept. Each is
// checked, row by row; where a row is damaged the copy is called unsound and counted apart, so that damage which nobody
// sees to never pushes out the last sound copies.
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'

import Database from 'better-sqlite3'

import type { Backup, Contents } from '../contract/api/history.ts'
import { BasilError } from '../contract/errors.ts'
import { allTables, damagedRows, knowChecksums } from './checksums.ts'
import { backupsOf, stampOf } from './names.ts'
import { dropCopy, halfCopyIn, nameCopy } from './on-disk.ts'
import { checkIntegrity, checkSize } from './soundness.ts'
import { doubt, type History, historyError, isDamage, tellDamage } from './statement.ts'

const kept = 7

/** Newest first, but unsound ones last. */
export function listBackups(folder: string): Backup[] {
  const place = backupsOf(folder)
  const all = (existsSync(place) ? readdirSync(place) : []).flatMap((name) => {
    const [, kind = '', date = '', h = '', m = '', s = '', ms = ''] =
      /^(daily|unsound|history-v\d+)-(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)-(\d{3})Z\.sqlite$/.exec(name) ?? []
    const file = join(place, name)
    const named: Backup['kind'] = kind === 'daily' || kind === 'unsound' ? kind : 'before a migration'
    return kind ? [{ file, made: `${date}T${h}:${m}:${s}.${ms}Z`, bytes: statSync(file).size, kind: named }] : []
  })
  const isUnsound = (backup: Backup): number => Number(backup.kind === 'unsound')
  return all.sort((a, b) => isUnsound(a) - isUnsound(b) || b.made.localeCompare(a.made))
}

/** What others took the place of, newest first. */
export function listReplaced(folder: string): Backup[] {
  const all = readdirSync(folder).flatMap((name): Backup[] => {
    const [, date = '', h = '', m = '', s = '', ms = ''] =
      /^history-replaced-(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)-(\d{3})Z\.sqlite$/.exec(name) ?? []
    const file = join(folder, name)
    return date ? [{ file, made: `${date}T${h}:${m}:${s}.${ms}Z`, bytes: statSync(file).size, kind: 'replaced' }] : []
  })
  return all.sort((a, b) => b.made.localeCompare(a.made))
}

/** What is in a backup, by a copy of it in the data folder. Throws history-damaged for what is no history. */
export function contentsOf(folder: string, file: string): Contents {
  const scratch = mkdtempSync(join(folder, 'salvage-'))
  const copy = join(scratch, 'copy.sqlite')
  let db: Database.Database | undefined
  try {
    copyFileSync(file, copy)
    db = new Database(copy, { fileMustExist: true })
    const text = 'SELECT count(*) AS runs, max(created) AS newest FROM runs'
    return { file, ...(db.prepare(text).get() as Omit<Contents, 'file'>) }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (!code.startsWith('SQLITE_')) throw error
    throw new BasilError({
      code: 'history-damaged',
      what: 'This is no backup of a history that can be read',
      where: file,
      why: error instanceof Error ? error.message : code,
      next: 'choose another backup',
    })
  } finally {
    db?.close()
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** Whether today's, by UTC, is still to be made; not of a history without a run. */
export function isBackupDue(history: History, now: Date): boolean {
  const today = now.toISOString().slice(0, 10)
  const isOfToday = ({ made, kind }: Backup): boolean => kind !== 'before a migration' && made.startsWith(today)
  return (
    !listBackups(dirname(history.file)).some(isOfToday) &&
    history.db.prepare('SELECT 1 FROM runs UNION ALL SELECT 1 FROM tunings LIMIT 1').get() !== undefined
  )
}

/**
 * Makes today's backup, unless mayGoOn says no meanwhile (it is asked between pages and rows). What it finds damaged it
 * tells among the history's notices. Gives the backup's path; null: given up, or the file's structure is damaged.
 * Throws disk-full, target-unwritable.
 */
export async function makeBackup(history: History, now: Date, mayGoOn: () => boolean): Promise<string | null> {
  const place = backupsOf(dirname(history.file))
  let temporary: string | undefined
  try {
    temporary = halfCopyIn(place)
    const progress = (): number => {
      if (!mayGoOn()) throw new GivenUp()
      return 256 // pages a turn: 1 MiB
    }
    await history.db.backup(temporary, { progress })
    const isSound = await judge(temporary, history, mayGoOn)
    const kind = isSound ? 'daily' : 'unsound'
    const file = join(place, `${kind}-${stampOf(now)}.sqlite`)
    nameCopy(temporary, file)
    for (const old of listBackups(dirname(history.file))
      .filter((backup) => backup.kind === kind)
      .slice(kept))
      rmSync(old.file)
    return file
  } catch (error) {
    if (temporary) dropCopy(temporary)
    if (error instanceof GivenUp) return null
    if (!isDamage(error)) throw historyError(error, place)
    doubt(history.file) // its next opening finds the same
    return null
  }
}

class GivenUp extends Error {}

/** Whether every row of a copy is sound; the damaged ones are told. */
async function judge(copy: string, history: History, mayGoOn: () => boolean): Promise<boolean> {
  const db = new Database(copy)
  try {
    db.pragma('journal_mode = DELETE') // one file, whole in itself
    checkSize(db)
    knowChecksums(db)
    let isSound = true
    for (const table of allTables) {
      checkIntegrity(db, table)
      for (const damaged of damagedRows(db, table)) {
        for (const { record } of damaged) tellDamage(history, record)
        isSound &&= damaged.length === 0
        await setImmediate()
        if (!mayGoOn()) throw new GivenUp()
      }
    }
    return isSound
  } finally {
    db.close()
  }
}
