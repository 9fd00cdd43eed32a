// Work that writes a model, as a stream: how far it is, and at the end what came of it. Whoever listens at their own
// pace hears the newest; whoever leaves ends the work.
import type { Told } from '../contract/engine-api.ts'
import { BasilError } from '../contract/errors.ts'
import type { Progress } from '../contract/run/run.ts'

/**
 * What `job` tells, of several the newest, and what it gives; it ends at its next telling when nobody listens any more.
 */
export async function* telling<T>(job: (tell: (progress: Progress) => void) => Promise<T>): AsyncGenerator<Told<T>> {
  let newest: Progress | undefined
  let [isOver, isHeard] = [false, true]
  let wake = (): void => undefined
  const result = job((progress) => {
    if (!isHeard) throw cancelled()
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

function cancelled(): BasilError {
  return new BasilError({
    code: 'cancelled',
    what: 'Writing was ended',
    where: '',
    why: 'it was asked to',
    next: 'start it again',
  })
}
