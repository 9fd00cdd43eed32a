// What a workbench refuses of fine-tunings.
import { BasilError } from '../../contract/errors.ts'
import type { RunState } from '../../contract/run/run.ts'

const resumable: RunState[] = ['paused', 'interrupted', 'cancelled', 'failed']

/** Throws run-state. */
export function requireGoesOn({ tuning, state }: { tuning: number; state: RunState }): void {
  if (resumable.includes(state)) return
  throw new BasilError({
    code: 'run-state',
    what: 'The fine-tuning cannot go on',
    where: `fine-tuning ${tuning}`,
    why: `it is ${state}`,
    ...(state === 'waiting'
      ? { next: 'wait for its turn: "basil queue run" works on what waits', inWindow: 'wait for its turn in the queue' }
      : { next: state === 'running' ? 'watch it instead' : 'start a new one with its configuration' }),
  })
}

/** Throws run-state. */
export function requireLeft({ tuning, state }: { tuning: number; state: RunState }): void {
  if (state !== 'running' && state !== 'waiting' && state !== 'paused') return
  throw new BasilError({
    code: 'run-state',
    what: 'The fine-tuning cannot be forgotten',
    where: `fine-tuning ${tuning}`,
    why: `it is ${state}`,
    next: 'cancel it first',
  })
}
