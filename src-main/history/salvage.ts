// Bringing back what can be read. What the present history lacks, or has only with a damaged row, comes from histories
// that were set aside as damaged, newest first, and then from the newest backup that opens. Only what is whole and
// passes its checksums is taken, under its own number, and nothing sound is replaced. Before a damaged row gives way,
// the history is copied as it was: nothing is lost, and no file deleted.
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'

import Database from 'better-sqlite3'

import type { Salvaged, Thing } from '../contract/api/history.ts'
import { BasilError, recordOf } from '../contract/errors.ts'
import { listBackups } from './backups.ts'
import { allTables, columnsOf, damagedRows, keepChecksums, knowChecksums, sound } from './checksums.ts'
import { migrate, migrations, versionOf } from './migrate.ts'
import { beforeOf, keepAndReplace, setAsideIn } from './names.ts'
import { copyTo } from './on-disk.ts'
import { openHistory } from './open.ts'
import { readableRows } from './readable-rows.ts'
import { checkIntegrity, checkSize, lengthen } from './soundness.ts'
import { emptyLog, type History, transaction } from './statement.ts'
import { damagedThings, dropStrayMarks, missingThings, transfer } from './transfer.ts'

/** Of a history that is open for writing and at rest. */
export async function salvage(history: History, now: Date): Promise<Salvaged> {
  const folder = dirname(history.file)
  const salvaged: Salvaged = { taken: [], unsure: [], different: [], lost: [], skipped: [], before: null }
  const inPart: Thing[] = []
  const sources: History[] = []
  const scratch = mkdtempSync(join(folder, 'salvage-'))
  try {
    if (damagedThings(history).length) {
      salvaged.before = beforeOf(folder, now)
      await copyTo(history.db, salvaged.before)
    }
    const add = (file: string, open: () => Promise<History>): Promise<boolean> =>
      unlessUnreadable(salvaged, file, async () => void sources.push({ ...(await open()), file }))
    for (const [i, file] of setAsideIn(folder).entries()) await add(file, () => readable(file, scratch, i))
    for (const [i, { file }] of listBackups(folder).entries())
      if (await add(file, () => backupAt(file, scratch, i))) break
    for (const [i, source] of sources.entries())
      await unlessUnreadable(salvaged, source.file, async () => {
        const found = unhindered(history, () => transfer(history, source, sources.slice(i + 1)))
        const isOld = (old: Thing): boolean =>
          !found.taken.some(({ what, key }) => what === old.what && key === old.key)
        salvaged.taken = [...salvaged.taken.filter(isOld), ...found.taken]
        salvaged.unsure = [...salvaged.unsure.filter(isOld), ...found.unsure]
        salvaged.different.push(...found.different)
        inPart.push(...found.broken)
      })
    dropStrayMarks(history)
    salvaged.lost = [...damagedThings(history), ...missingThings(history, inPart)]
    return salvaged
  } finally {
    for (const source of sources) source.close()
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** Whether the work on a file was done; else the file is told as skipped. */
async function unlessUnreadable(salvaged: Salvaged, file: string, work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    salvaged.skipped.push({ file, why: recordOf(error).why })
    return false
  }
}

/** A transaction in which a row may go and come back without what refers to it being told. */
function unhindered<T>(history: History, work: () => T): T {
  history.db.pragma('foreign_keys = OFF')
  try {
    return transaction(history, work)
  } finally {
    history.db.pragma('foreign_keys = ON')
  }
}

/**
 * Puts a backup in the place of the history. Throws folder-busy, history-damaged where the backup is, disk-full. Gives
 * where the history from before lies.
 */
export async function restore(folder: string, file: string, now: Date): Promise<string> {
  const present = await openHistory(folder)
  const scratch = mkdtempSync(join(folder, 'salvage-'))
  try {
    const backup = await backupAt(file, scratch, 0)
    backup.close()
    if (!emptyLog(present)) throw inUse(present.file)
    present.db.close()
    const before = beforeOf(folder, now)
    keepAndReplace(present.file, backup.file, before)
    return before
  } finally {
    rmSync(scratch, { recursive: true, force: true })
    present.close()
  }
}

function inUse(where: string): BasilError {
  const why = 'another process reads it now'
  return new BasilError({
    code: 'folder-busy',
    what: 'The history is in use',
    where,
    why,
    next: 'wait a moment and try again',
  })
}

/** Counts of rows are kept as they are copied: they are those of the file that lost some. */
async function opened(file: string): Promise<History> {
  const db = new Database(file)
  knowChecksums(db)
  await migrate(db, migrations(), 'copy')
  keepChecksums(db)
  db.pragma('journal_mode = DELETE') // one file, whole in itself
  return {
    db,
    file,
    write: true,
    notices: [],
    interrupted: [],
    lives: () => false,
    tunes: () => false,
    close: () => db.close(),
  }
}

/** A copy of a backup, brought to the newest form. Throws history-damaged. */
async function backupAt(file: string, scratch: string, number: number): Promise<History> {
  const copy = join(scratch, `backup-${number}.sqlite`)
  copyFileSync(file, copy)
  requireHistory(copy, file)
  const history = await opened(copy)
  try {
    checkSize(history.db)
    checkIntegrity(history.db)
    const [first] = allTables.flatMap((table) => [...damagedRows(history.db, table)].flat())
    if (first) throw first
    return history
  } catch (error) {
    history.close()
    throw error
  }
}

/** SQLite takes a file without a byte for a new database, which would pass for a history without a run. */
function requireHistory(copy: string, file: string): void {
  const db = new Database(copy, { readonly: true })
  try {
    if (versionOf(db, migrations().length) > 0) return
  } finally {
    db.close()
  }
  throw new BasilError({
    code: 'history-damaged',
    what: 'This backup holds no history',
    where: file,
    why: 'there is no table in it',
    next: 'choose another backup',
  })
}

/** A history of all rows of a damaged one that can be read and pass their checksums. */
async function readable(file: string, scratch: string, number: number): Promise<History> {
  const copy = join(scratch, `damaged-${number}.sqlite`)
  for (const suffix of ['', '-wal', '-journal'])
    if (existsSync(file + suffix)) copyFileSync(file + suffix, copy + suffix)
  lengthen(copy)
  const db = new Database(copy)
  const history = await opened(join(scratch, `readable-${number}.sqlite`))
  try {
    knowChecksums(db)
    requireChecksums(db, file)
    history.db.pragma('foreign_keys = OFF')
    for (const table of allTables) {
      const columns = columnsOf(history.db, table).map(({ name }) => name)
      const text = `INSERT OR IGNORE INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((name) => `:${name}`).join(', ')})`
      const put = history.db.prepare(text)
      transaction(history, () => {
        for (const row of readableRows(db, table, sound({ db }, table))) put.run(row)
      })
    }
    return history
  } catch (error) {
    history.close()
    throw error
  } finally {
    db.close()
  }
}

function requireChecksums(db: Database.Database, file: string): void {
  const known = migrations().length
  const version = versionOf(db, known)
  if (version === known) return
  throw new BasilError({
    code: 'history-damaged',
    what: 'What is sound in this history cannot be told',
    where: file,
    why: `it is of version ${version}, and its rows have other checksums or none`,
    next: 'bring back a backup instead',
  })
}
