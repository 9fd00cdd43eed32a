// What stands between a wish and a run: states from which a run goes on, the state an error leaves it in, and what a
// workbench refuses of runs.
import type { RunId } from '../../contract/branded.ts'
import { BasilError, type ErrorRecord } from '../../contract/errors.ts'
import type { RunDetail, RunState } from '../../contract/run/run.ts'
import { requireSound } from '../../history/detail.ts'

const resumable: RunState[] = ['paused', 'interrupted', 'cancelled', 'failed']
const outside: ErrorRecord['code'][] = [
  'engine-lost',
  'engine-missing',
  'device-lost',
  'device-refused',
  'out-of-memory',
  'disk-full',
  'target-unwritable',
]

/** What stopped from outside can go on as it is, elsewhere at least; the rest failed. */
export function stateAfter({ code }: ErrorRecord): 'interrupted' | 'cancelled' | 'failed' {
  if (code === 'cancelled') return 'cancelled'
  return outside.includes(code) ? 'interrupted' : 'failed'
}

/**
 * How a sitting ends that failed, or was ended before its time: the state that is kept, and what is told of it. left:
 * the state of one that somebody ended.
 */
export function endAfter(
  error: ErrorRecord,
  isClosing: boolean,
  left?: () => 'cancelled' | 'interrupted',
): { state: 'cancelled' | 'interrupted' | 'failed'; error: ErrorRecord | null } {
  const isEnded = error.code === 'cancelled'
  const state = isClosing ? 'interrupted' : isEnded ? (left?.() ?? 'cancelled') : stateAfter(error)
  return { state, error: isEnded ? null : error }
}

/** Throws run-state, or history-damaged where a row that matters is. */
export function requireResumable(detail: RunDetail): void {
  const { run, state } = detail
  if (resumable.includes(state)) {
    requireSound(detail)
    return
  }
  throw new BasilError({
    code: 'run-state',
    what: 'The run cannot be resumed',
    where: `run ${run}`,
    why: `it is ${state}`,
    ...(state === 'waiting'
      ? { next: 'wait for its turn: "basil queue run" works on what waits', inWindow: 'wait for its turn in the queue' }
      : { next: state === 'running' ? 'watch it instead' : 'start a new run with its configuration' }),
  })
}

export function missingEpoch(run: RunId, stage: number, epoch: number): never {
  throw new BasilError({
    code: 'run-missing',
    what: 'There is no such epoch',
    where: `run ${run}, stage ${stage}, epoch ${epoch}`,
    why: 'the history has no such row',
    next: 'choose an epoch that the run has',
  })
}
