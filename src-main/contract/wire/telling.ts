// Long work as a stream that is heard at a door: how far it is, and last what came of it.
import type { Told } from '../engine-api.ts'
import { BasilError } from '../errors.ts'
import type { Progress } from '../run/run.ts'

/**
 * What `job` tells, of several the newest, and what it gives; it ends at its next telling when nobody listens any more,
 * and `what` names it then.
 */
export async function* telling<T>(
  what: string,
  job: (tell: (progress: Progress) => void) => Promise<T>,
): AsyncGenerator<Told<T>> {
  let newest: Progress | undefined
  let [isOver, isHeard] = [false, true]
  let wake = (): void => undefined
  const result = job((progress) => {
    if (!isHeard) throw cancelled(what)
    newest = progress
    wake()
  }).finally(() => {
    isOver = true
    wake()
  })
  result.catch(() => undefined) // is told below
  try {
    while (!isOver) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
      if (newest) yield newest
      newest = undefined
    }
    yield { type: 'result', result: await result }
  } finally {
    isHeard = false
    await result.catch(() => undefined) // what it was writing is gone by now
  }
}

function cancelled(what: string): BasilError {
  return new BasilError({
    code: 'cancelled',
    what: `${what} was ended`,
    where: '',
    why: 'it was asked to',
    next: 'start it again',
  })
}
