// How many bytes of models a second the last merge on this machine read, in one small file of the data folder.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { dataFolder } from './data-folder.ts'
import { writeAtomic } from './write-atomic.ts'

const least = 50e6 // bytes; less is over before its rate can be told

const place = (home: string): string => join(home, 'cache', 'merge-rate.json')

/** null: none is known. */
export async function mergeRate(home: string = dataFolder()): Promise<number | null> {
  const text = await readFile(place(home), 'utf8').catch(() => '')
  const rate = Number(text)
  return Number.isFinite(rate) && rate > 0 ? rate : null
}

/** Never rejects: without it a plan names no time. */
export async function rememberMergeRate(bytes: number, seconds: number, home: string = dataFolder()): Promise<void> {
  if (bytes < least || seconds <= 0) return
  await writeAtomic(place(home), [Buffer.from(String(bytes / seconds))], { overwrite: true }).catch(() => undefined)
}
