// How long steps took, and what is left by what steps of the same word took: of this sitting, in seconds.
import { mean } from '../../src-main/numbers/statistics/paired.ts'

interface Timed {
  like: string
}

export interface Clock {
  /** Does it, and gives the seconds that it took, in words. */
  during(step: Timed, work: () => Promise<void>): Promise<string>
  /** In words; "at least" where steps of a word that was not met yet are among them; null before the first. */
  left(steps: readonly Timed[]): string | null
}

export function clock(now: () => number = () => performance.now() / 1000): Clock {
  const took = new Map<string, number[]>()
  return {
    during: async ({ like }, work) => {
      const began = now()
      await work()
      const seconds = now() - began
      took.set(like, [...(took.get(like) ?? []), seconds])
      return inWords(seconds)
    },
    left: (steps) => {
      if (took.size === 0) return null
      const isAll = steps.every(({ like }) => took.has(like))
      const seconds = steps.reduce((sum, { like }) => sum + mean(took.get(like) ?? [0]), 0)
      return `${isAll ? '' : 'at least '}${inWords(seconds)}`
    },
  }
}

/** "1:02:09 h", "12:05 min", "7.3 s" */
export function inWords(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  const two = (n: number): string => String(Math.floor(n)).padStart(2, '0')
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)} h` : `${minutes}:${two(seconds % 60)} min`
}
