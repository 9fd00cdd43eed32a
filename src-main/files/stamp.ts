// Whether a file is still the one it was: its device, inode, size and the times of its content and of its record, as
// the system has them. What has another stamp was written to, or replaced.
import { stat } from 'node:fs/promises'

import { BasilError } from '../contract/errors.ts'
import { contentOf } from './source.ts'

/** Of every file that checkpoints consist of, by path. */
export async function stampsOf(checkpoints: readonly string[]): Promise<Map<string, string>> {
  const stamps = new Map<string, string>()
  for (const checkpoint of checkpoints)
    for (const file of (await contentOf(checkpoint)).files) stamps.set(file, await stampOf(file))
  return stamps
}

export async function stampOf(file: string): Promise<string> {
  const found = await stat(file, { bigint: true }).catch(() => null)
  return found ? [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' ') : 'missing'
}

/** Throws file-changed, naming a file that is not as it was. */
export async function requireStamps(stamps: ReadonlyMap<string, string>): Promise<void> {
  for (const [file, before] of stamps)
    if ((await stampOf(file)) !== before)
      throw new BasilError({
        code: 'file-changed',
        what: 'A file changed while it was read',
        where: file,
        why: 'its size, its times or its place on the disk are no longer those of the beginning',
        next: 'wait until nothing writes to it any more, then begin again',
      })
}
