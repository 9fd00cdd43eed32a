// One job at work: what is wished of it, how far it is, and its end.

import type { Need } from '../../contract/api/jobs.ts'
import type { RunId } from '../../contract/branded.ts'
import { BasilError, type ErrorRecord, recordOf } from '../../contract/errors.ts'
import { say } from '../../files/log.ts'
import type { StoredJob } from '../../history/jobs.ts'
import { stateAfter } from '../runs/refusals.ts'
import { type Ended, type Kind, needsOf, type Wish, type Work } from './kind.ts'

export interface AtWork {
  readonly job: number
  readonly needs: Need
  readonly kind: Kind
  progress: { what: string; done: number; total: number } | null
  share: number | null // of the whole
  remaining: number | null // seconds, when they were told
  toldAt: number // ms
  run: RunId | null // that a study is at
  file: string | null
  readonly begun: Promise<boolean> // false: it has ended without
  /** Never rejects. */
  readonly ended: Promise<Ended>
  wish(wish: Wish): void
  wished(): Wish
}

/** news: called whenever there is something new to show of it. */
export function workOn(kind: Kind, stored: StoredJob, news: () => void): AtWork {
  say(`job ${stored.job}, ${stored.kind}, begins`)
  const leaving = new AbortController()
  const begun = Promise.withResolvers<boolean>()
  let wished: Wish = 'go on'
  const work: Work = {
    signal: leaving.signal,
    wish: () => wished,
    pauses: () => mine.wish('pause now'),
    begun: () => begun.resolve(true),
    tell: ({ what, done, total }, remaining, share = total > 1 ? done / total : mine.share) => {
      if (remaining !== undefined) Object.assign(mine, { remaining, toldAt: performance.now() })
      Object.assign(mine, { progress: { what, done, total }, share })
      news()
    },
    at: (run) => {
      mine.run = run
      news()
    },
    wrote: (file) => {
      mine.file = file
    },
  }
  const mine: AtWork = {
    job: stored.job,
    needs: needsOf(kind, stored),
    kind,
    progress: null,
    share: null,
    remaining: null,
    toldAt: 0,
    run: null,
    file: null,
    begun: begun.promise,
    ended: Promise.resolve({ state: 'done' }),
    wish: (wish) => {
      if (wished === 'close') return
      wished = wish
      if (wish !== 'pause' && wish !== 'go on') leaving.abort()
      news()
    },
    wished: () => wished,
  }
  const run = async (): Promise<Ended> => (await kind.run(stored, stored.request, work)) ?? { state: 'done' }
  const ended = run()
    .catch((thrown: unknown) => endOf(recordOf(thrown), wished, kind.goesOn))
    .finally(() => begun.resolve(false))
  return Object.assign(mine, { ended })
}

/** goesOn: else nothing is kept that a break could be taken up from. */
function endOf(error: ErrorRecord, wish: Wish, goesOn: boolean): Ended {
  if (wish === 'close') return { state: 'interrupted' }
  if (wish === 'cancel') return { state: 'cancelled' }
  if (wish === 'pause now' || wish === 'pause') return { state: 'paused' }
  const state = stateAfter(error)
  return { state: state === 'interrupted' && !goesOn ? 'failed' : state, error }
}

/** Of a job that ended before it was under way, and not because somebody wished it. */
export function throwEnd({ state, error }: Pick<StoredJob, 'state' | 'error'>): void {
  if (error && (state === 'failed' || state === 'interrupted')) throw new BasilError(error)
}
