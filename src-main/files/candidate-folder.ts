// The folder beside an output that holds the one candidate that is being scored. It is a lock too: it says whose it is,
// and a second search for the same output is refused while the first one lives. What a killed search left is removed by
// the next; what is no such folder is not touched.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'

import { z } from 'zod'

import { BasilError } from '../contract/errors.ts'
import { isAlive } from './leftovers.ts'
import { readStart } from './open.ts'
import { onDisk } from './write-atomic.ts'

export interface CandidateFolder {
  path: string
  /** All but what says whose it is. */
  clear(): Promise<void>
  /** With all that is in it; never rejects. */
  remove(): Promise<void>
}

const ownerName = 'owner.json'
const ownerSchema = z.object({ process: z.number(), machine: z.string() })

/** Throws folder-busy, target-exists, or what the disk says. */
export async function takeCandidateFolder(path: string): Promise<CandidateFolder> {
  await sweep(path)
  await onDisk(path, () => mkdir(path))
  const owner = JSON.stringify({ process: process.pid, machine: hostname() })
  await onDisk(path, () => writeFile(join(path, ownerName), owner, { flag: 'wx' }))
  return {
    path,
    clear: async () => {
      for (const name of await readdir(path)) if (name !== ownerName) await removed(join(path, name))
    },
    remove: () => removed(path).catch(() => undefined),
  }
}

const removed = (path: string): Promise<void> => rm(path, { recursive: true, force: true, maxRetries: 5 })

async function sweep(path: string): Promise<void> {
  const names = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw notOurs(path)
  })
  if (names === null) return
  const owner = await ownerOf(path)
  if (!owner && names.length > 0) throw notOurs(path)
  if (owner && (owner.machine !== hostname() || (owner.process !== process.pid && isAlive(owner.process))))
    throw new BasilError({
      code: 'folder-busy',
      what: 'Another search is at work here',
      where: path,
      why: `process ${owner.process} on ${owner.machine} writes its candidates there`,
      next: 'wait for it, or end it; if there is no such process any more, remove the folder',
    })
  await onDisk(path, () => removed(path))
}

async function ownerOf(path: string): Promise<z.infer<typeof ownerSchema> | undefined> {
  try {
    const { bytes } = await readStart(join(path, ownerName), 10_000)
    return ownerSchema.safeParse(JSON.parse(bytes.toString('utf8'))).data
  } catch {
    return undefined
  }
}

function notOurs(path: string): BasilError {
  return new BasilError({
    code: 'target-exists',
    what: 'Something has the name of the folder for candidates',
    where: path,
    why: 'Basil did not make it, and removes nothing that is not its own',
    next: 'choose another name for what is written, or move it',
  })
}
