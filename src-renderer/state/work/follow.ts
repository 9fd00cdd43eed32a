// A stream of Basil that says when to ask again, read for as long as it is wanted: one that breaks is read again when
// the connection is back.
import { connection } from '../connection.svelte.ts'

const calmPause = 1_000 // ms before a stream that broke is read again
const rest = 250 // ms after one look before the next

type Watch = (input: undefined, options: { signal: AbortSignal }) => Promise<AsyncIterable<unknown>>

/** Calls `news` at the beginning and after every change, until the signal is given. Never rejects. */
export async function follow(signal: AbortSignal, watch: Watch, news: () => Promise<void>): Promise<void> {
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
  while (!signal.aborted) {
    try {
      for await (const _ of await watch(undefined, { signal })) {
        if (signal.aborted) return
        await news()
        await pause(rest)
      }
    } catch {
      // the connection was lost, which the banner tells
    }
    await pause(calmPause)
    await connection.returned()
  }
}
