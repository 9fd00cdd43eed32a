// One question to a reading process whose answer is all that is wanted of it: progress is told, and whoever has left
// waits no longer, whatever the process is at; it ends its work when it next tells something.
import type { Told } from '../../contract/engine-api.ts'
import { BasilError } from '../../contract/errors.ts'
import type { Progress } from '../../contract/run/run.ts'

export interface Asking {
  signal?: AbortSignal | undefined
  tell?: (progress: Progress) => void
}

/** Throws cancelled when it is left. */
export async function answerOf<T>(events: AsyncGenerator<Told<T>, void>, { signal, tell }: Asking = {}): Promise<T> {
  const left = leaving(signal)
  try {
    for (;;) {
      const { done, value: event } = await Promise.race([events.next(), left])
      if (done) throw new Error('the reading process ended without an answer')
      if (event.type === 'result') return event.result
      tell?.(event)
    }
  } finally {
    void events.return().catch(() => undefined)
  }
}

function leaving(signal: AbortSignal | undefined): Promise<never> {
  const left = new Promise<never>((_, reject) => {
    const leave = (): void => reject(ended())
    if (signal?.aborted) leave()
    else signal?.addEventListener('abort', leave, { once: true })
  })
  left.catch(() => undefined)
  return left
}

function ended(): BasilError {
  return new BasilError({
    code: 'cancelled',
    what: 'Looking for data was ended',
    where: '',
    why: 'you cancelled it',
    next: 'what was found by then is in the list; add the rest again, folder by folder if it is much',
  })
}
