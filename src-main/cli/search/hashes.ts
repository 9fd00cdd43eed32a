// The content of a search's files by a thread of its own, while nothing else is read.
import type { Sha256 } from '../../contract/branded.ts'
import { hashInThread } from '../../files/hash-thread.ts'
import { cancelledSearch } from '../../workbench/scores/scorer.ts'

export async function hashesOf(files: readonly string[], signal: AbortSignal): Promise<Sha256[]> {
  const hashing = hashInThread(files)
  try {
    return await Promise.race([hashing.hashes, cancelledBy(signal)])
  } finally {
    await hashing.stop()
  }
}

/** Rejects once the signal has come. */
function cancelledBy(signal: AbortSignal): Promise<never> {
  const cancelled = new Promise<never>((_, reject) => {
    const cancel = (): void => reject(cancelledSearch())
    if (signal.aborted) cancel()
    else signal.addEventListener('abort', cancel, { once: true })
  })
  cancelled.catch(() => undefined) // nobody may be waiting any more
  return cancelled
}
