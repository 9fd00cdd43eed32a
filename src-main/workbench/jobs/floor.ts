// Where jobs are worked on: what may begin is marked as begun before it does, and put away with its end before anything
// else begins.
import type { Job, Need } from '../../contract/api/jobs.ts'
import { recordOf } from '../../contract/errors.ts'
import { freeBytes } from '../../files/room.ts'
import { putJobState, queuedJobs, type StoredJob } from '../../history/jobs.ts'
import type { History } from '../../history/statement.ts'
import { createPulse } from '../pulse.ts'
import { type AtWork, workOn } from './at-work.ts'
import { createEnds } from './ends.ts'
import { type Estimate, type Kinds, needsOf, unknown } from './kind.ts'
import { createRoom } from './room.ts'
import { whatBegins } from './rule.ts'

export interface OnTheFloor extends AtWork {
  over: Promise<void> // put away
}

interface Options {
  history: History
  kinds: () => Kinds
  between: () => void
  now: () => Date
}

export type Floor = ReturnType<typeof createFloor>

export function createFloor({ history, kinds, between, now }: Options) {
  const atWork = new Map<number, OnTheFloor>()
  const own = new Set<number>()
  const refused = new Set<number>() // that could not even be marked as begun: told once, and tried again
  const ends = createEnds(history)
  const later = createLater(() => pump())
  const room = createRoom()
  const checks = createChecks(() => {
    if (!isClosed && !room.isTaken()) between()
  })
  let which: 'all' | 'own' | 'none' = 'own'
  let isClosed = false
  let version = 0
  const pulse = createPulse(() => ({ version: ++version }))
  const estimates = createEstimates(kinds)

  function pump(): void {
    pulse.beat()
    estimates.forget() // what ended says how long the next will take
    if (isClosed) return
    if (!ends.areKept()) later.ask()
    if (which === 'none') return
    const waiting = queuedJobs(history).filter(({ job }) => which === 'all' || own.has(job))
    const wanted = waiting.map((stored) => ({ stored, needs: needsOf(kinds()[stored.kind], stored) }))
    for (const { stored } of whatBegins(wanted, room.taken())) begin(stored)
  }

  function begin(stored: StoredJob): void {
    const { job, title } = stored
    try {
      putJobState(history, job, 'running', now())
    } catch (thrown) {
      // the disk takes nothing: it waits until it does
      if (!refused.has(job)) history.notices.push({ ...recordOf(thrown), what: `Job ${job} could not begin` })
      refused.add(job)
      later.ask()
      return
    }
    const kind = kinds()[stored.kind]
    const leave = room.take(needsOf(kind, stored), `job ${job}, ${title}`)
    const mine = workOn(kind, stored, pulse.beat)
    const over = mine.ended.then((ended) => {
      atWork.delete(job)
      ends.put(job, { ...ended, file: mine.file, at: now() })
      leave()
      if (!isClosed) between()
      pump()
      ended.after?.()
    })
    atWork.set(job, Object.assign(mine, { over }))
  }

  function hold(need: Need, title: string): () => void {
    room.requireFree(need)
    return inTurn(room.take(need, title), pump)
  }

  return {
    ...{ atWork, own, pulse, pump, room, ends },
    shown: (stored: StoredJob[]) =>
      shown(history, stored.map(ends.seen), atWork, { kinds: kinds(), estimateOf: estimates.of }),
    isAtWork: (need?: Need) => room.isTaken(need) || (need === undefined && checks.any()),
    asking: checks.asking,
    work: (wanted: typeof which) => {
      which = wanted
      pump()
    },
    hold,
    close: async () => {
      isClosed = true
      later.end()
      for (const mine of atWork.values()) mine.wish('close')
      await Promise.all([...atWork.values()].map(({ over }) => over))
      pulse.end()
    },
  }
}

/** As long as nothing ends, each is asked once. */
function createEstimates(kinds: () => Kinds) {
  const known = new Map<number, Estimate>()
  return {
    of: (stored: StoredJob): Estimate => {
      const found = known.get(stored.job) ?? {
        ...unknown,
        ...kinds()[stored.kind].estimate?.(stored, stored.request),
      }
      known.set(stored.job, found)
      return found
    },
    forget: () => known.clear(),
  }
}

const inTurn = (first: () => void, second: () => void) => (): void => {
  first()
  second()
}

const again = 1000 // milliseconds

/** Acts in a while, once, however often it is asked to. */
function createLater(act: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined
  return {
    ask: () => {
      timer ??= setTimeout(() => {
        timer = undefined
        act()
      }, again).unref()
    },
    end: () => clearTimeout(timer),
  }
}

/** Of work that is asked for and not yet in the queue, as it is still being checked. */
function createChecks(over: () => void) {
  const asked = new Set<symbol>()
  return {
    any: () => asked.size > 0,
    asking: async <T>(check: () => Promise<T>): Promise<T> => {
      const mine = Symbol('asking')
      asked.add(mine)
      return check().finally(() => {
        asked.delete(mine)
        over()
      })
    },
  }
}

/** Seconds from now. */
function leftOf({ remaining, toldAt }: AtWork): number | null {
  return remaining === null ? null : Math.max(0, remaining - (performance.now() - toldAt) / 1000)
}

interface Known {
  kinds: Kinds
  estimateOf(stored: StoredJob): Estimate
}

const withRoom = ({ writesTo, ...estimate }: Estimate) => ({
  ...estimate,
  diskFree: writesTo === null ? null : freeBytes(writesTo),
})

/** In the contract's shape. */
function shown(history: History, stored: StoredJob[], atWork: ReadonlyMap<number, AtWork>, known: Known): Job[] {
  const queued = queuedJobs(history, ['waiting', 'paused']).map(({ job }) => job)
  return stored.map(({ request, ...one }) => {
    const mine = atWork.get(one.job)
    const place = queued.indexOf(one.job)
    const kind = known.kinds[one.kind]
    return {
      ...one,
      ...{ needs: needsOf(kind, one), goesOn: kind.goesOn },
      ...withRoom(place < 0 && !mine ? unknown : known.estimateOf({ ...one, request })),
      position: place < 0 ? null : place + 1,
      progress: mine?.progress ?? null,
      share: mine?.share ?? null,
      remainingSeconds: mine ? leftOf(mine) : null,
      pausing: mine?.wished().startsWith('pause') ?? false,
      run: mine?.run ?? one.run,
    }
  })
}
