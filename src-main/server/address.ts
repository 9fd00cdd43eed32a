// Where a data folder's workbench was served last, <data folder>/server.json: a page that stayed open finds it there
// again after a restart of some minutes. The token lives as long as its port: who takes that while Basil is away may be
// shown what belongs to it, so that a server which has to move, or was away for long, begins with a token of its own.
// What is left: a program on this machine that takes the port within those minutes, and whose page is opened there,
// can act as Basil's own page until the next longer absence. The file is for its owner alone; one that others may read
// is not believed.
import { randomBytes } from 'node:crypto'
import { chmodSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { z } from 'zod'

import { readStartSync } from '../files/open.ts'

const addressSchema = z.object({
  port: z.number().int().min(1).max(65_535),
  token: z.string().regex(/^[\w-]{43}$/),
})
export type Address = z.infer<typeof addressSchema>

const largest = 4096 // bytes
const fileOf = (home: string): string => join(home, 'server.json')

const longestAway = 5 * 60_000 // milliseconds
export const between = 60_000 // two touches

/** null: not served before or not lately, or the file is not to be believed. */
export function readAddress(home: string, now: Date = new Date()): Address | null {
  const file = fileOf(home)
  try {
    const { mode, mtimeMs } = statSync(file)
    const isOurs = process.platform === 'win32' || (mode & 0o077) === 0
    const isRecent = Math.abs(now.getTime() - mtimeMs) <= longestAway // a clock that was wrong says nothing
    return isOurs && isRecent
      ? addressSchema.parse(JSON.parse(readStartSync(file, largest).bytes.toString('utf8')))
      : null
  } catch {
    return null
  }
}

/** A disk that takes nothing: the next start has another address. */
export function keepAddress(home: string, address: Address): void {
  const temporary = `${fileOf(home)}.${randomBytes(6).toString('hex')}.tmp`
  try {
    writeFileSync(temporary, `${JSON.stringify(address)}\n`, { mode: 0o600, flag: 'wx' })
    chmodSync(temporary, 0o600) // whatever the umask leaves
    renameSync(temporary, fileOf(home))
  } catch {
    rmSync(temporary, { force: true })
  }
}

/** It is served now. */
export function touchAddress(home: string, now: Date = new Date()): void {
  try {
    utimesSync(fileOf(home), now, now)
  } catch {
    // it is gone, or the disk takes nothing: the next start has another address
  }
}
