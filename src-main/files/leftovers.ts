// Temporary files of writeAtomic, and folders of writeFolder: a name that says whose they are, and their removal where
// that process was killed. One is removed only when its process is gone and nothing was written to it for an hour: on a
// shared disk the process may be another machine's, whose numbers mean nothing here.
import { randomBytes } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

const quiet = 60 * 60 * 1000 // milliseconds
const form = /^\.basil-(\d{1,10})-[0-9a-f]{16}\.tmp$/

/** Short: the target's own name may already be as long as names can be. */
export const temporaryName = (): string => `.basil-${process.pid}-${randomBytes(8).toString('hex')}.tmp`

/** Never rejects: what cannot be listed or removed stays. */
export async function removeLeftovers(folder: string, now: number = Date.now()): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const owner = form.exec(name)?.[1]
    if (owner === undefined || isAlive(Number(owner))) continue
    const path = join(folder, name)
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: now }))
    if (now - mtimeMs > quiet) await rm(path, { recursive: true, force: true }).catch(() => undefined)
  }
}

/** Of a process of this machine. */
export function isAlive(id: number): boolean {
  try {
    process.kill(id, 0)
    return true
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH')
  }
}
