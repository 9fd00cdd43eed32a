// When jobs of the queue will begin and end: those at work end when they say, and what waits begins in its order as
// soon as there is room for what it needs. Whatever comes after something that nobody knows the length of is not known
// either. Held jobs stand still, and hold up nobody.
import type { Job, Need } from '../../../src-main/contract/api/jobs.ts'
import { duration } from '../format.ts'

// at a time, as workbench/jobs/rule.ts has it; what is worked on elsewhere begins at once
const rooms: Record<Exclude<Need, 'elsewhere'>, number> = { engine: 1, reader: 2 }

export interface Times {
  begins: number | null // seconds from now; null: not known
  ends: number | null
}

/** jobs: in the order of the queue. Gives the times of those at work and those that wait, by their number. */
export function timesOf(jobs: readonly Job[]): Map<number, Times> {
  const times = new Map<number, Times>()
  const free: Record<keyof typeof rooms, (number | null)[]> = { engine: [], reader: [] } // when each room will be free
  for (const { job, state, needs, remainingSeconds } of jobs) {
    if (state !== 'running') continue
    times.set(job, { begins: 0, ends: remainingSeconds })
    if (needs !== 'elsewhere') free[needs].push(remainingSeconds)
  }
  for (const { job, state, needs, expectedSeconds } of jobs) {
    if (state !== 'waiting') continue
    if (needs === 'elsewhere') {
      times.set(job, { begins: 0, ends: expectedSeconds })
      continue
    }
    const rooms = roomsOf(needs, free[needs])
    const first = rooms[0] ?? null // null: all others are taken for a time that is not known
    const begins = rooms.includes(null) && first !== 0 ? null : first
    const ends = begins === null || expectedSeconds === null ? null : begins + expectedSeconds
    times.set(job, { begins, ends })
    free[needs] = [...rooms.slice(1), ends]
  }
  return times
}

/** As long after they were told. */
export function later(times: ReadonlyMap<number, Times>, seconds: number): Map<number, Times> {
  const left = (at: number | null) => (at === null ? null : Math.max(0, at - seconds))
  return new Map([...times].map(([job, { begins, ends }]) => [job, { begins: left(begins), ends: left(ends) }]))
}

/** In words. */
export function whenText(
  { state, pausing, expectedSeconds }: Pick<Job, 'state' | 'pausing' | 'expectedSeconds'>,
  { begins, ends }: Times = { begins: null, ends: null },
): string {
  const about = (seconds: number) => `about ${duration(seconds)}`
  if (pausing) return 'Pauses at the next place where it can go on.'
  if (state === 'running') return ends === null ? 'How long it will take is not known yet.' : `Ends in ${about(ends)}.`
  const takes = expectedSeconds === null ? '' : `, with ${about(expectedSeconds)} to go`
  if (state === 'paused') return `Keeps its place until it is resumed${takes}.`
  if (begins === null) return `When it begins is not known yet${takes}.`
  return `Begins ${begins < 1 ? 'next' : `in ${about(begins)}`}${ends === null ? '; how long it will take is not known' : `, ends in ${about(ends)}`}.`
}

/** The soonest free first, those of which it is not known last. */
function roomsOf(need: keyof typeof rooms, taken: readonly (number | null)[]): (number | null)[] {
  const idle = Array.from({ length: Math.max(0, rooms[need] - taken.length) }, () => 0)
  return [...idle, ...taken].sort((a, b) => (a ?? Number.POSITIVE_INFINITY) - (b ?? Number.POSITIVE_INFINITY))
}

/** "Run 3" is at work, and "2 jobs" are in the queue. This study will wait ...: what stands after each of two links. */
export function waitParts(what: string, isRunning: boolean, others: number, wait: number | null) {
  const now = isRunning ? 'is at work' : 'waits'
  const then = `${what} will wait for its turn${wait === null ? '' : `, about ${duration(wait)},`} and begin by itself.`
  if (others === 0) return { first: `${now}. ${then}`, last: '' }
  return { first: `${now}, and`, last: `${others === 1 ? 'is' : 'are'} in the queue. ${then}` }
}
