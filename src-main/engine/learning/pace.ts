// How fast a run goes, by the clock of the process it runs in: seconds a step of learning takes, and seconds an image
// takes that a whole model is measured on. Means in which what is recent weighs most, m <- m + w (x - m), so that a slow
// first step, which compiles kernels, is soon forgotten. Nothing here has any part in what is computed.
import type { PaceRecord } from '../../contract/run/pulse.ts'

const recent = 0.3

export interface Pace {
  /** A stage goes on after this step. */
  begin(stage: number, step: number): void
  /** One step more is done. */
  stepped(): void
  /** Measuring whole models on so many images. */
  measuring<T>(images: number, work: () => Promise<T>): Promise<T>
  told(): PaceRecord
}

/** now: milliseconds of a clock that never goes back. */
export function createPace(now: () => number): Pace {
  const seen: PaceRecord = { stage: 0, step: 0, stepSeconds: null, imageSeconds: null }
  let mark = now() // since when the present step goes on
  const mean = (before: number | null, seconds: number): number =>
    before === null ? seconds : before + recent * (seconds - before)
  return {
    begin: (stage, step) => {
      Object.assign(seen, { stage, step })
      mark = now()
    },
    stepped: () => {
      const at = now()
      seen.stepSeconds = mean(seen.stepSeconds, (at - mark) / 1000)
      seen.step++
      mark = at
    },
    measuring: async (images, work) => {
      const began = now()
      const given = await work()
      mark = now()
      if (images > 0) seen.imageSeconds = mean(seen.imageSeconds, (mark - began) / 1000 / images)
      return given
    },
    told: () => ({ ...seen }),
  }
}
