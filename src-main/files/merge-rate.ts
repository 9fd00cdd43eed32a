// How many bytes of models a second the last merge on this machine read, in one small file of the data folder.
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { dataFolderIfAny } from './data-folder.ts'
import { makeFolder } from './made-folder.ts'
import { writeAtomic } from './write-atomic.ts'

const least = 50e6 // bytes; less is over before its rate can be told

const place = (home: string): string => join(home, 'cache', 'merge-rate.json')

/** null: none is known. */
export async function mergeRate(home: string | null = dataFolderIfAny()): Promise<number | null> {
  if (home === null) return null
  const text = await readFile(place(home), 'utf8').catch(() => '')
  const rate = Number(text)
  return Number.isFinite(rate) && rate > 0 ? rate : null
}

/** Never rejects: without it a plan names no time. */
export async function rememberMergeRate(bytes: number, seconds: number, home = dataFolderIfAny()): Promise<void> {
  if (home === null || bytes < least || seconds <= 0) return
  try {
    makeFolder(dirname(place(home)))
    await writeAtomic(place(home), [Buffer.from(String(bytes / seconds))], { overwrite: true })
  } catch {
    // as it was
  }
}
