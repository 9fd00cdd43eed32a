// A log of lines that survives a kill: a line is there whole once it was synced, and what a killed writer left of its
// last one is cut off when the log is opened again. The first line says whose it is; a file of anything else is not
// touched.
import { constants } from 'node:fs'

import { BasilError } from '../contract/errors.ts'
import { openRegular } from './open.ts'
import { onDisk } from './write-atomic.ts'

export interface LineLog {
  lines: readonly string[] // that were there, without the first
  append(line: string): Promise<void>
  close(): Promise<void>
}

const most = 2 ** 28 // bytes

/** Made where there is none. Throws target-exists where the file is another's, and what opening throws. */
export async function openLineLog(path: string, first: string): Promise<LineLog> {
  const { handle, info } = await openRegular(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o666)
  try {
    const text = info.size > most ? '' : await handle.readFile('utf8')
    const end = text.lastIndexOf('\n') + 1
    const [own, ...lines] = text.slice(0, end).split('\n').slice(0, -1)
    if (own === undefined ? !first.startsWith(text) || info.size > most : own !== first) throw notOurs(path)
    const append = (line: string): Promise<void> =>
      onDisk(path, async () => {
        await handle.appendFile(`${line}\n`)
        await handle.sync()
      })
    // of a log that another writes too nothing is cut that is whole
    if (end < text.length) await onDisk(path, () => handle.truncate(Buffer.byteLength(text.slice(0, end))))
    if (own === undefined) await append(first)
    return { lines, append, close: () => handle.close() }
  } catch (error) {
    await handle.close()
    throw error
  }
}

function notOurs(path: string): BasilError {
  return new BasilError({
    code: 'target-exists',
    what: 'A file has the name of the log, and is none',
    where: path,
    why: 'what Basil did not write it does not write to',
    next: 'choose another name for it, or move that file',
  })
}
