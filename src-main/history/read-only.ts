// Reading where nothing can be written: SQLite needs files beside a history in WAL mode, so it is given a copy, with
// the log, in a temporary folder.
import { accessSync, constants, copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** By rights, or because its file system is mounted so. */
export function isReadOnly(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return false
  } catch {
    return true
  }
}

/** What open makes of a copy of the file; close also takes the copy away. */
export async function copied<T extends { close(): unknown }>(
  file: string,
  open: (copy: string) => Promise<T>,
): Promise<{ db: T; close: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'basil-read-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  try {
    const copy = join(folder, 'history.sqlite')
    for (const suffix of ['', '-wal', '-journal'])
      if (existsSync(file + suffix)) copyFileSync(file + suffix, copy + suffix)
    const db = await open(copy)
    const close = (): void => {
      db.close()
      remove()
    }
    return { db, close }
  } catch (error) {
    remove()
    throw error
  }
}
