// What kind a path is, and the names in a folder. Nothing is ever written here.
import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { BasilError } from '../contract/errors.ts'
import type { FolderEntry } from '../engine/formats/source.ts'

export async function kind(path: string): Promise<'file' | 'folder' | 'missing'> {
  try {
    const found = await stat(path)
    return found.isDirectory() ? 'folder' : 'file'
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(error))) return 'missing'
    throw refusal(path, error)
  }
}

export async function list(folder: string): Promise<FolderEntry[]> {
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

export async function entryOf(folder: string, entry: Dirent): Promise<FolderEntry> {
  const is = entry.isSymbolicLink() ? await kind(join(folder, entry.name)) : entry.isDirectory() ? 'folder' : 'file'
  return { name: entry.name, isFolder: is === 'folder', ...(is === 'missing' && { leadsNowhere: true }) }
}

export function refusal(path: string, error: unknown): BasilError {
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
