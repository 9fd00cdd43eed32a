// How fast a run goes, by the clock of the process it runs in: seconds a step of learning takes, and seconds an image
// takes that a whole model is measured on. Means in which what is recent weighs most, m <- m + w (x - m), so that a
// slow first step, which compiles kernels, is soon forgotten. Nothing here has any part in what is computed.
import type { PaceRecord } from '../../contract/run/pulse.ts'

const recent = { step: 0.3, image: 0.1 }

export interface Pace {
  /** A stage goes on after this step. */
  begin(stage: number, step: number): void
  /** One step more is done. */
  stepped(): void
  /** Measuring whole models on so many images, */
  measuring<T>(images: number, work: () => Promise<T>): Promise<T>
  /** of which it has seen so many more. */
  saw(images: number): void
  told(): PaceRecord
}

/** now: milliseconds of a clock that never goes back. */
export function createPace(now: () => number): Pace {
  const seen: PaceRecord = { stage: 0, step: 0, stepSeconds: null, imageSeconds: null, measuring: null }
  let mark = now() // since when the present step goes on
  const mean = (before: number | null, seconds: number, weight: number): number =>
    before === null ? seconds : before + weight * (seconds - before)
  return {
    begin: (stage, step) => {
      Object.assign(seen, { stage, step })
      mark = now()
    },
    stepped: () => {
      const at = now()
      seen.stepSeconds = mean(seen.stepSeconds, (at - mark) / 1000, recent.step)
      seen.step++
      mark = at
    },
    measuring: async (images, work) => {
      mark = now()
      seen.measuring = { done: 0, of: images }
      try {
        return await work()
      } finally {
        seen.measuring = null
        mark = now()
      }
    },
    saw: (images) => {
      if (!seen.measuring || images === 0) return
      const at = now()
      seen.imageSeconds = mean(seen.imageSeconds, (at - mark) / 1000 / images, recent.image)
      seen.measuring.done = Math.min(seen.measuring.of, seen.measuring.done + images)
      mark = at
    },
    told: () => ({ ...seen, measuring: seen.measuring && { ...seen.measuring } }),
  }
}
