// A file made in memory, where the person's dialog says, or among the exports where there is none.
import { writeAtomic } from '../../files/write-atomic.ts'
import type { Platform } from '../platform.ts'
import { inExports } from './exports.ts'

export interface Saved {
  file: string
  download: string | null
}

/** null: the dialog was closed. */
export async function saveFile(
  { pickTarget, download }: Pick<Platform, 'pickTarget' | 'download'>,
  home: string,
  name: string,
  bytes: Uint8Array,
): Promise<Saved | null> {
  const out = await pickTarget(name)
  if (out === null) return null
  const write = async (file: string, overwrite: boolean): Promise<string> => {
    await writeAtomic(file, [bytes], { overwrite })
    return file
  }
  const file =
    // the dialog has asked
    out === undefined ? await inExports(home, name, (free) => write(free, false)) : await write(out, true)
  return { file, download: download(file) }
}
