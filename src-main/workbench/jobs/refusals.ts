// What the queue refuses, and why.
import { BasilError } from '../../contract/errors.ts'
import type { StoredJob } from '../../history/jobs.ts'

/** Something needs the engine, or everything, to itself. atWork: a line each. */
export function atWorkNow(atWork: readonly string[]): BasilError {
  return new BasilError({
    code: 'run-state',
    what: 'Basil is at work',
    where: atWork.join('; '),
    why: 'this needs the engine to itself',
    next: 'wait for it to end, or pause or cancel it: "basil queue list" lists what is at work',
    inWindow: 'wait for it to end, or pause or cancel it in the queue',
  })
}

/** A job in a state that does not allow it. */
export function notNow({ job, state }: Pick<StoredJob, 'job' | 'state'>, what: string, next: string): BasilError {
  return new BasilError({ code: 'run-state', what, where: `job ${job}`, why: `it is ${state}`, next })
}
