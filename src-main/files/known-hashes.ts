// SHA-256 of files that were hashed before, by path and stamp, in one small file of the data folder: hashing eight
// models takes as long as merging them. A file whose record says that it was touched in the last seconds before it was
// hashed is not remembered: its times may not tell a later change. What is damaged or from elsewhere counts as unknown.
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { z } from 'zod'

import { type Sha256, sha256 } from '../contract/branded.ts'
import { dataFolderIfAny } from './data-folder.ts'
import { makeFolder } from './made-folder.ts'
import { stampOf } from './stamp.ts'
import { writeAtomic } from './write-atomic.ts'

const most = 2000 // files; the least recently hashed go first
const settled = 3000 // milliseconds

const schema = z.record(z.string(), z.object({ stamp: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }))
type Known = z.infer<typeof schema>

const place = (home: string): string => join(home, 'cache', 'hashes.json')

async function read(home: string | null): Promise<Known> {
  try {
    return home === null ? {} : schema.parse(JSON.parse(await readFile(place(home), 'utf8')))
  } catch {
    return {}
  }
}

/** Of those that are as they were; null of the others. */
export async function knownHashes(files: readonly string[], home = dataFolderIfAny()): Promise<(Sha256 | null)[]> {
  const known = await read(home)
  return Promise.all(
    files.map(async (file) => {
      const found = known[file]
      return found && found.stamp === (await stampOf(file)) ? sha256(found.sha256) : null
    }),
  )
}

/** Never rejects: what cannot be kept is hashed again. `stamps`: from before the files were read. */
export async function rememberHashes(
  hashes: ReadonlyMap<string, Sha256>,
  stamps: ReadonlyMap<string, string>,
  home = dataFolderIfAny(),
  now: number = Date.now(),
): Promise<void> {
  if (home === null) return
  try {
    const known = await read(home)
    for (const [file, hash] of hashes) {
      const stamp = stamps.get(file)
      if (stamp === undefined || !isSettled(stamp, now) || stamp !== (await stampOf(file))) continue
      delete known[file] // so that it stands last
      known[file] = { stamp, sha256: hash }
    }
    const kept = Object.fromEntries(Object.entries(known).slice(-most))
    makeFolder(dirname(place(home)))
    await writeAtomic(place(home), [Buffer.from(JSON.stringify(kept))], { overwrite: true })
  } catch {
    // the next one hashes again
  }
}

function isSettled(stamp: string, now: number): boolean {
  const [, , , modified, changed] = stamp.split(' ')
  return Math.max(Number(modified), Number(changed)) / 1e6 < now - settled
}
