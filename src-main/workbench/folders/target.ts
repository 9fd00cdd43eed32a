// A place for a file as a page names it, in a browser that has no dialog of the system's: the folder is one that may be
// shown, the name is a name, and nothing lies there, so that nothing is overwritten by a page's word.
import { basename, dirname, isAbsolute } from 'node:path'

import { BasilError } from '../../contract/errors.ts'
import { requireFree } from '../../files/write-atomic.ts'
import type { Platform } from '../platform.ts'
import type { Folders } from './folders.ts'

/** Throws not-allowed, target-exists. */
export async function requireTarget(
  folders: Pick<Folders, 'holds'>,
  path: string,
): Promise<{ out: string; overwrite: false }> {
  await requirePlace(folders, path)
  await requireFree(path, { overwrite: false })
  return { out: path, overwrite: false }
}

/** Of a file that may be there. Throws not-allowed. */
export async function requirePlace(folders: Pick<Folders, 'holds'>, path: string): Promise<void> {
  if (!isAbsolute(path) || path.includes('\0') || basename(path) === '' || /[/\\]\.\.?([/\\]|$)/.test(path))
    throw refusal(path, 'it is not the whole path of a file')
  await requireFolder(folders, dirname(path))
}

/** Throws not-allowed. */
export async function requireFolder(folders: Pick<Folders, 'holds'>, folder: string): Promise<void> {
  if (!isAbsolute(folder)) throw refusal(folder, 'it is not the whole path of a folder')
  if (!(await folders.holds(folder))) throw refusal(folder, 'it is no folder that Basil may show')
}

/**
 * Where something is written: the target that a page chose, the system's dialog, or null for the exports; undefined:
 * the dialog was closed. The dialog has asked about what is there.
 */
export async function placeFor(
  folders: Pick<Folders, 'holds'>,
  platform: Pick<Platform, 'pickTarget'>,
  target: string | undefined,
  suggestedName: string,
): Promise<{ out: string; overwrite: boolean } | null | undefined> {
  if (target !== undefined) return requireTarget(folders, target)
  const out = await platform.pickTarget(suggestedName)
  if (out === null) return undefined
  return out === undefined ? null : { out, overwrite: true }
}

function refusal(where: string, why: string): BasilError {
  return new BasilError({
    code: 'not-allowed',
    what: 'A file cannot be written there',
    where,
    why,
    next: 'choose a folder in the dialog; what you type into its path field may be used',
  })
}
