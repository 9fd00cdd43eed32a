// The newest logs of processes, each by its end, for who reports something.
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { isLogName } from './log.ts'
import { openRegular } from './open.ts'

const mostFiles = 12
const mostBytes = 64 * 1024 // of each

/** The newest first; none where there is no folder. What goes away meanwhile is passed by. */
export async function newestLogs(folder: string): Promise<{ name: string; text: string }[]> {
  const names = (await readdir(folder).catch(() => [])).filter(isLogName)
  const dated = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(folder, name)).catch(() => null))?.mtimeMs ?? 0 })),
  )
  const newest = dated.toSorted((a, b) => b.at - a.at || (a.name < b.name ? -1 : 1)).slice(0, mostFiles)
  const read = newest.map(async ({ name }) => ({ name, text: await endOf(join(folder, name)).catch(() => null) }))
  return (await Promise.all(read)).flatMap(({ name, text }) => (text === null ? [] : [{ name, text }]))
}

/** Whole lines. */
async function endOf(path: string): Promise<string> {
  const { handle, info } = await openRegular(path)
  try {
    const from = Math.max(0, info.size - mostBytes)
    const bytes = Buffer.alloc(Math.min(info.size, mostBytes))
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, from)
    const text = bytes.toString('utf8', 0, bytesRead)
    return from === 0 ? text : `(the first ${from} bytes are left out)\n${text.slice(text.indexOf('\n') + 1)}`
  } finally {
    await handle.close()
  }
}
