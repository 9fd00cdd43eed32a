// Where the states of fine-tunings lie: tunings/N of the data folder. What is in there, tuning-states.ts knows.
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

export const tuningsFolder = (home: string): string => join(home, 'tunings')
export const tuningFolder = (tuning: number, home: string): string => join(tuningsFolder(home), String(tuning))

/** What it has come to, and that it may be begun anew, is kept elsewhere. Never rejects. */
export async function removeTuningStates(tuning: number, home: string): Promise<void> {
  await rm(tuningFolder(tuning, home), { recursive: true, force: true }).catch(() => undefined)
}

/** Of tunings that have a folder. Never rejects. */
export async function tuningsWithStates(home: string): Promise<number[]> {
  const names = await readdir(tuningsFolder(home)).catch(() => [])
  return names.filter((name) => /^[1-9]\d{0,14}$/.test(name)).map(Number)
}
