// What the engine tells of one question, one by one. An engine that ends is heard of at once, and a listener who leaves
// ends the work.

import type { EngineClient } from './engine-link.ts'
import type { Supervisor } from './supervisor.ts'

export async function* heard<E>(
  supervisor: Supervisor,
  question: (client: EngineClient) => Promise<AsyncIterable<E>>,
): AsyncGenerator<E> {
  const events = (await supervisor.ask(question))[Symbol.asyncIterator]()
  let isOver = false
  try {
    for (;;) {
      const next = await supervisor.ask(() => events.next())
      isOver = next.done === true
      if (next.done) return
      yield next.value
    }
  } catch (error) {
    isOver = true
    throw error
  } finally {
    if (!isOver) await events.return?.() // nobody listens any more
  }
}
