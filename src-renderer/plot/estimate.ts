// How long something will take, in words that promise no more than is known.
import type { Estimate, Taken } from '../../src-main/contract/run/estimate.ts'
import { bytes, counted, duration } from './format.ts'
import { roomText } from './room.ts'

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

/** Of a study or one run, in sentences: how long, in how much memory, and what of it was done before. */
export function takenText({ runs, done, estimate, memoryBytes, diskBytes, diskFree }: Taken): string {
  const time = estimate
    ? `It takes ${about(estimate.seconds)}, ${sourceOf(estimate)}.`
    : 'How long it takes is not known on this machine yet.'
  const disk = roomText(diskBytes, diskFree)
  const asked = memoryBytes === null ? '' : ` It asks for about ${bytes(memoryBytes)} of memory.`
  const memory = asked + (disk.text === '' ? '' : ` ${disk.text}`)
  if (done === 0) return `${time}${memory}`
  const [were, are] = done === 1 ? ['was', 'is'] : ['were', 'are']
  return `${time}${memory} ${done} of its ${counted(runs, 'run')} ${were} done before with the same settings and seed, and ${are} computed anew.`
}
