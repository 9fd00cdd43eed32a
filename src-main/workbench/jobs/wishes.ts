// What another process asks of the one at the queue, which alone writes: a file in the data folder for each wish, which
// that one finds within a second. So a terminal pauses a run that a window began, and lets it go on.
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface JobWish {
  what: 'pause' | 'resume'
  job: number
}

const form = /^(pause|resume)-job-(\d{1,15})$/

export function askForJob(home: string, { what, job }: JobWish): void {
  writeFileSync(join(home, `${what}-job-${job}`), '')
}

/** Those that were asked for since, which are then forgotten. */
function takeWishes(home: string): JobWish[] {
  return readdirSync(home).flatMap((name) => {
    const [, what, job] = form.exec(name) ?? []
    if (job === undefined) return []
    rmSync(join(home, name), { force: true })
    return [{ what: what === 'pause' ? ('pause' as const) : ('resume' as const), job: Number(job) }]
  })
}

const interval = 1000 // ms between two looks

/** Grants what is asked for from now on; what cannot be done, or was asked of another time, is let be. */
export function grantWishes(home: string, grant: (wish: JobWish) => Promise<void> | void): () => void {
  takeWishes(home) // nobody was there to hear of them
  const granted = async (wish: JobWish): Promise<void> => grant(wish)
  const look = async (): Promise<void> => {
    for (const wish of takeWishes(home)) await granted(wish).catch(() => undefined) // and the others all the same
  }
  const timer = setInterval(() => void look().catch(() => undefined), interval).unref()
  return () => clearInterval(timer)
}
