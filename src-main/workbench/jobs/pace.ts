// How long a job still takes, by its own progress: what is left takes as long, in proportion, as what was done since
// its first word. Of a job in several pieces the whole counts where it is told, else each piece by itself.
import type { Progress } from '../../contract/run/run.ts'
import type { Work } from './kind.ts'

/** Tells the queue how far it is, with the seconds that are left. now: ms of a clock that never goes back. */
export function paced(work: Pick<Work, 'signal' | 'tell'>, now: () => number = () => performance.now()) {
  let piece = ''
  let first = { at: 0, done: 0 }
  return {
    signal: work.signal,
    tell: (progress: Omit<Progress, 'type'>): void => {
      const { what, whole, done, total } = progress
      const far = whole ?? { done, total }
      const own = whole ? `of ${whole.total}` : what
      if (own !== piece || far.done < first.done) first = { at: now(), done: far.done }
      piece = own
      const since = far.done - first.done
      const left = since > 0 ? (((now() - first.at) / 1000) * (far.total - far.done)) / since : null
      const share = far.total > 1 ? Math.min(1, far.done / far.total) : undefined
      work.tell({ what, done, total }, left === null ? null : Math.max(1, left), share)
    },
  }
}
