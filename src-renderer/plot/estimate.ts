// How long something will take, in words that promise no more than is known.
import type { Estimate } from '../../src-main/contract/run/estimate.ts'
import { duration } from './format.ts'

/** 83 s as "about 1 min 23 s", 754 s as "about 13 min", 7300 s as "about 2 h". */
export function about(seconds: number): string {
  if (seconds < 1) return 'about a second'
  if (seconds < 600) return `about ${duration(seconds)}`
  if (seconds < 5400) return `about ${Math.round(seconds / 60)} min`
  const hours = seconds / 3600
  return hours < 48
    ? `about ${hours < 10 ? Number(hours.toFixed(1)) : Math.round(hours)} h`
    : `about ${Math.round(hours / 24)} days`
}

/** What it is known from. */
export function sourceOf({ from, run }: Pick<Estimate, 'from' | 'run'>): string {
  if (from === 'run') return `as run ${run} took here`
  return from === 'probe' ? 'by two steps of it, measured here' : 'roughly, by the trial of the engine'
}
