// The checkpoints among files and folders that the person named: by ending alone, nothing is opened. A folder is walked
// without hidden folders, what tools keep, or the same folder twice (links may go round); shards are parts of their
// index, no checkpoints of their own.
import type { Dirent } from 'node:fs'
import { opendir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

import { BasilError, type ErrorRecord, recordOf } from '../../contract/errors.ts'
import { isCheckpointName, isIndexName } from '../../contract/file-names.ts'
import { measure, refusal } from './file-identity.ts'

const never = /\.(json|txt|md|csv|ya?ml|py|log|png|jpe?g)$/i // named as a file by mistake, or beside checkpoints
const passed = /^(\..*|node_modules|__pycache__)$/
const ofMac = /^\._/ // what macOS keeps of a file on disks that are not its own: no file of that kind

export interface Limits {
  files: number // taken
  entries: number // looked at
}

const limits: Limits = { files: 5000, entries: 300_000 }

export interface Scanned {
  files: string[] // those that are no links first: a file is shown under its own name
  lost: string[] // links named like checkpoints whose files are not there, as of a disk that is not connected
  refused: ErrorRecord[]
}

/** Never throws: what cannot be looked at is refused with its reason. */
export async function scan(paths: string[], { files: most, entries }: Limits = limits): Promise<Scanned> {
  const found = new Map<string, Kind>()
  const refused: ErrorRecord[] = []
  const visited = new Set<string>()
  let left = entries
  let isCut = false

  async function walk(folder: string): Promise<void> {
    const real = await realpath(folder)
    if (visited.has(real)) return
    visited.add(real)
    const folders: string[] = []
    for await (const entry of await opendir(folder)) {
      isCut ||= --left < 0 || found.size >= most
      if (isCut) break
      const path = join(folder, entry.name)
      const kind = await kindOf(entry, path)
      if (kind === undefined) continue
      if (kind === 'folder' && !passed.test(entry.name)) folders.push(path)
      // it may have been a folder of them
      if (kind === 'lost' && !entry.name.includes('.')) refused.push(refusal(path, gone).record)
      if (kind !== 'folder' && !ofMac.test(entry.name) && isCheckpointName(entry.name)) found.set(path, kind)
    }
    for (const inner of folders.sort()) await refusing(inner, () => walk(inner))
  }

  async function refusing(path: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      refused.push((error instanceof BasilError ? error : refusal(path, error)).record)
    }
  }

  for (const path of paths)
    await refusing(path, async () => {
      if ((await stat(path)).isDirectory()) return walk(path)
      if ((never.test(path) && !isCheckpointName(path)) || ofMac.test(basename(path))) throw notACheckpoint(path)
      found.set(path, 'file')
    })
  if (isCut) refused.push(recordOf(tooMany(paths[0] ?? '', most, entries)))
  await withoutShards(found)
  const named = (...kinds: Kind[]): string[] =>
    kinds.flatMap((kind) => [...found].flatMap(([path, is]) => (is === kind ? [path] : [])).sort())
  return { files: named('file', 'link'), lost: named('lost'), refused }
}

const gone = Object.assign(new Error('it is a link that leads nowhere'), { code: 'ENOENT' })

type Kind = 'file' | 'link' | 'lost' // a link to a file, a link to what is not there

/** undefined: neither, as a pipe or a device. */
async function kindOf(entry: Dirent, path: string): Promise<Kind | 'folder' | undefined> {
  const isLink = entry.isSymbolicLink()
  const found = isLink ? await stat(path).catch(() => null) : entry
  if (!found) return 'lost'
  if (found.isFile()) return isLink ? 'link' : 'file'
  return found.isDirectory() ? 'folder' : undefined
}

/** Takes out the shards of every index found. */
async function withoutShards(found: Map<string, Kind>): Promise<void> {
  for (const index of [...found.keys()].filter(isIndexName)) {
    const { parts } = await measure(index).catch(() => ({ parts: [] }))
    for (const part of parts) found.delete(join(dirname(index), part))
  }
}

function notACheckpoint(path: string): BasilError {
  return new BasilError({
    code: 'format-unknown',
    what: 'This is no checkpoint',
    where: path,
    why: `files named like ${basename(path)} hold no weights`,
    next: 'add the checkpoint, or its folder: accuracies beside it are read by themselves',
  })
}

function tooMany(path: string, files: number, entries: number): BasilError {
  return new BasilError({
    code: 'not-supported',
    what: 'There is more than is taken at once',
    where: path,
    why: `${files} checkpoints and ${entries} names are looked at in one go`,
    next: 'what was found is in the library; add the folders below it one by one',
  })
}
