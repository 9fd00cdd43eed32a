// The stamps of all files of checkpoints, taken before long work and held against what is there after it.
import { BasilError } from '../contract/errors.ts'
import { contentOf } from './source.ts'
import { stampOf } from './stamp.ts'

/** Of every file that checkpoints consist of, by path. */
export async function stampsOf(checkpoints: readonly string[]): Promise<Map<string, string>> {
  const stamps = new Map<string, string>()
  for (const checkpoint of checkpoints)
    for (const file of (await contentOf(checkpoint)).files) stamps.set(file, await stampOf(file))
  return stamps
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
