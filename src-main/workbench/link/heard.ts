// What the engine tells of one question, one by one. An engine that ends is heard of at once, and a listener who leaves
// ends the work.

import type { Progress } from '../../contract/run/run.ts'
import type { EngineClient } from './engine-link.ts'
import type { Supervisor } from './supervisor.ts'

export async function* heard<E>(
  supervisor: Pick<Supervisor, 'ask'>,
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

/** What a job at work knows of its queue, as far as it is needed here. */
interface Telling {
  readonly signal: AbortSignal
  tell(progress: Progress): void
}

/** Tells how far it is, and gives what comes last. Ended before its time it ends the engine's process, at once. */
export async function lastHeard<E extends { type: string }>(
  supervisor: Supervisor,
  work: Telling,
  question: (client: EngineClient) => Promise<AsyncIterable<Progress | E>>,
): Promise<Exclude<E, Progress>> {
  const end = (): void => void supervisor.restart()
  const isProgress = (event: Progress | E): event is Progress => event.type === 'progress'
  let last: Exclude<E, Progress> | undefined
  work.signal.throwIfAborted()
  work.signal.addEventListener('abort', end)
  try {
    for await (const event of heard(supervisor, question))
      if (isProgress(event)) work.tell(event)
      else last = event as Exclude<E, Progress>
  } finally {
    work.signal.removeEventListener('abort', end)
  }
  if (last) return last
  throw new Error('the engine ended without saying what came of it')
}
