// Folders on disk as the engine sees them: what kind a path is, and the names in a folder. Nothing is ever written
// here.
import type { Dirent } from 'node:fs'
import { opendir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { BasilError } from '../contract/errors.ts'
import type { FolderEntry, OpenFiles } from '../engine/formats/source.ts'
import { openSource } from './source.ts'
import { unpacked } from './unpacked.ts'

export const openFiles: OpenFiles = { open: openSource, unpacked, kind, list }

/** The folders of one walk, which has an end. */
export interface Walk extends OpenFiles {
  readonly looked: number // names, each folder's once
  stop(): void // what is still being listed is given up
}

/** most: names that are looked at; a folder that makes them more is not-supported. */
export function walkOf(most: number): Walk {
  const counted = new Set<string>()
  let looked = 0
  let isStopped = false
  return {
    open: openSource,
    unpacked,
    kind,
    get looked() {
      return looked
    },
    stop: () => {
      isStopped = true
    },
    list: async (folder) => {
      const isNew = !counted.has(folder)
      counted.add(folder)
      const entries: FolderEntry[] = []
      try {
        for await (const entry of await opendir(folder, { bufferSize: 1024 })) {
          if (isStopped) throw given()
          if (isNew && ++looked > most) throw tooMany(folder, most)
          entries.push(await entryOf(folder, entry))
        }
      } catch (error) {
        throw error instanceof BasilError ? error : refusal(folder, error)
      }
      return entries
    },
  }
}

export function tooMany(where: string, most: number): BasilError {
  return new BasilError({
    code: 'not-supported',
    what: 'There is more than Basil walks in one go',
    where,
    why: `it looks at ${most} names and there are more, which is a bound of its own`,
    next: 'name the folder of one data set, not one that holds much else',
  })
}

function given(): BasilError {
  return new BasilError({
    code: 'cancelled',
    what: 'The walk was ended',
    where: '',
    why: 'nobody waits for it',
    next: 'begin it again',
  })
}

async function kind(path: string): Promise<'file' | 'folder' | 'missing'> {
  try {
    const found = await stat(path)
    return found.isDirectory() ? 'folder' : 'file'
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(error))) return 'missing'
    throw refusal(path, error)
  }
}

async function list(folder: string): Promise<FolderEntry[]> {
  let found: Dirent[]
  try {
    found = await readdir(folder, { withFileTypes: true })
  } catch (error) {
    throw refusal(folder, error)
  }
  const entries: FolderEntry[] = []
  for (const entry of found) entries.push(await entryOf(folder, entry))
  return entries
}

async function entryOf(folder: string, entry: Dirent): Promise<FolderEntry> {
  const is = entry.isSymbolicLink() ? await kind(join(folder, entry.name)) : entry.isDirectory() ? 'folder' : 'file'
  return { name: entry.name, isFolder: is === 'folder', ...(is === 'missing' && { leadsNowhere: true }) }
}

function refusal(path: string, error: unknown): BasilError {
  const missing = codeOf(error) === 'ENOENT'
  return new BasilError(
    {
      code: missing ? 'file-missing' : 'file-unreadable',
      what: missing ? 'A folder is missing' : 'A folder cannot be read',
      where: path,
      why: missing
        ? 'there is no folder at this place'
        : codeOf(error) === 'ENOTDIR'
          ? 'it is not a folder'
          : codeOf(error),
      next: missing ? 'check the path, or choose the folder again' : 'check the path and its permissions',
    },
    { cause: error },
  )
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
