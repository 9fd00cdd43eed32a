// Folders on disk as the engine sees them: what kind a path is, and the names in a folder. Nothing is ever written here.
import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { BasilError } from '../contract/errors.ts'
import type { FolderEntry, OpenFiles } from '../engine/formats/source.ts'
import { openSource } from './source.ts'
import { unpacked } from './unpacked.ts'

export const openFiles: OpenFiles = { open: openSource, unpacked, kind, list }

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
  for (const entry of found) {
    const is = entry.isSymbolicLink() ? await kind(join(folder, entry.name)) : entry.isDirectory() ? 'folder' : 'file'
    entries.push({ name: entry.name, isFolder: is === 'folder', ...(is === 'missing' && { leadsNowhere: true }) })
  }
  return entries
}

function refusal(path: string, error: unknown): BasilError {
  const missing = codeOf(error) === 'ENOENT'
  return new BasilError(
    {
      code: missing ? 'file-missing' : 'file-unreadable',
      what: missing ? 'A folder is missing' : 'A folder cannot be read',
      where: path,
      why: missing ? 'there is no folder at this place' : codeOf(error) === 'ENOTDIR' ? 'it is not a folder' : codeOf(error),
      next: missing ? 'check the path, or choose the folder again' : 'check the path and its permissions',
    },
    { cause: error },
  )
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
