// How often a cluster is looked at: every 15 seconds while something is new, then ever more seldom, and at once where
// somebody asks for it or wishes its job to end.
import type { Work } from '../jobs/kind.ts'
import type { Pace } from './work.ts'

export interface Waiting {
  of(study: number, work: Work): Pace
  /** Looks at once. */
  wake(study: number): void
  end(): void
}

const seconds = 1000
const glance = 250 // milliseconds between two looks at what is wished

export function createWaiting(first = 15 * seconds): Waiting {
  const wakes = new Map<number, () => void>()
  let isEnded = false
  return {
    of: (study, work) => ({
      ...{ first, most: 4 * first, away: 20 * first },
      wait: (ms) =>
        new Promise((resolve) => {
          if (isEnded || work.wish() !== 'go on') return resolve()
          const done = (): void => {
            clearTimeout(timer)
            clearInterval(looks)
            wakes.delete(study)
            resolve()
          }
          const timer = setTimeout(done, ms)
          const looks = setInterval(() => {
            if (work.wish() !== 'go on') done()
          }, glance)
          wakes.set(study, done)
        }),
    }),
    wake: (study) => wakes.get(study)?.(),
    end: () => {
      isEnded = true
      for (const done of [...wakes.values()]) done()
    },
  }
}
