// The engine's double of a mix that is open: one task after the other with ten images, of which as many are right as
// the first coefficient says in tenths. Two waves, 4 images and all; between them it waits for a newer one.
import type { Mixing } from '../../src-main/worker/mix.ts'
import { blocks } from './toy-quadratic.ts'

const images = 10

export function toyMix(): Mixing {
  let session = 0
  let newest = 0
  let tasks = 0
  let isOpen = false
  return {
    open: async function* ({ recipe, tasks: asked }) {
      ;[session, newest, tasks, isOpen] = [session + 1, 0, asked.length, true]
      yield { type: 'progress', what: 'Opening vectors', done: 0, total: 1 }
      const own = { start: recipe.start, iterations: recipe.iterations }
      const vectors = recipe.vectors.map(({ name }) => name)
      const rest = { grouping: 'tensor' as const, groups: blocks, vectors, own, images: asked.map(() => images) }
      yield { type: 'result', result: { session, instant: false, ...rest } }
    },
    score: async function* ({ session: of, seq, coefficients }) {
      if (!isOpen || of !== session) throw new Error('not open')
      newest = Math.max(newest, seq)
      const share = Math.min(1, Math.max(0, coefficients.start[0]?.[0] ?? 0))
      for (const seen of [4, images]) {
        const count = { images: seen, correct: Math.round(share * seen) }
        yield { type: 'scores', tasks: Array.from({ length: tasks }, () => count), done: seen === images }
        await new Promise((resolve) => setTimeout(resolve, 20))
        if (newest !== seq) return
      }
    },
    close: async () => {
      const closed = isOpen
      isOpen = false
      return { closed }
    },
  }
}
