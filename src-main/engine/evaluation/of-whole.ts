// Work that is a part of more of the same kind: its progress says besides how far the whole is.
import type { Progress } from '../../contract/run/run.ts'

/** before: of the whole, done by then, in the unit of the part's own progress. */
export async function* ofWhole<T>(
  before: number,
  total: number,
  part: AsyncGenerator<Progress, T>,
): AsyncGenerator<Progress, T> {
  try {
    for (;;) {
      const next = await part.next()
      if (next.done) return next.value
      yield { ...next.value, whole: { done: before + next.value.done, total } }
    }
  } finally {
    await part[Symbol.asyncDispose]() // nobody listens any more
  }
}
