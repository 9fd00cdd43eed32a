// Where a data folder's workbench was served last, <data folder>/server.json: a page that stayed open finds it there
// again after a restart. The token lives as long as its port: who takes the port while Basil is away may have been shown
// what belonged to it, so that a server which has to move begins with a token of its own. The file is for its owner
// alone; one that others may read is not believed.
import { randomBytes } from 'node:crypto'
import { chmodSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
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

/** null: not served before, or the file is not to be believed. */
export function readAddress(home: string): Address | null {
  const file = fileOf(home)
  try {
    const isOurs = process.platform === 'win32' || (statSync(file).mode & 0o077) === 0
    return isOurs ? addressSchema.parse(JSON.parse(readStartSync(file, largest).bytes.toString('utf8'))) : null
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
