// Every study, newest first, kept up with while a page that shows them is open. A stream that breaks is read again.
import type { StudySummary } from '../../../src-main/contract/api/studies.ts'
import type { ErrorRecord } from '../../../src-main/contract/errors.ts'
import { client, errorOf } from '../../bridge.ts'
import { connection } from '../connection.svelte.ts'

const calmPause = 1_000 // ms before a stream that broke is read again

/** Calls `news` at every change of any study, the first time at once, until told to leave. Never rejects. */
export async function followStudies(signal: AbortSignal, news: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const _ of await client.studies.watch(undefined, { signal })) if (!signal.aborted) await news()
    } catch {
      // the banner tells of a lost connection
    }
    if (signal.aborted) return
    await new Promise((resolve) => setTimeout(resolve, calmPause))
    await connection.returned()
  }
}

class Studies {
  #list = $state.raw<readonly StudySummary[] | null>(null) // null until it was read
  #failed = $state.raw<ErrorRecord | null>(null)

  get list() {
    return this.#list
  }
  get failed() {
    return this.#failed
  }

  async load(): Promise<void> {
    try {
      this.#list = await client.studies.list()
      this.#failed = null
    } catch (thrown) {
      this.#failed = errorOf(thrown)
    }
  }

  async pause(study: number, now: boolean): Promise<void> {
    await client.studies.pause({ study, now })
    await this.load()
  }

  async resume(study: number): Promise<void> {
    await client.studies.resume({ study })
    await this.load()
  }

  /** Its runs stay. */
  async forget(study: number): Promise<void> {
    await client.studies.forget({ study })
    await this.load()
  }

  async bringBack(study: number): Promise<void> {
    await client.studies.bringBack({ study })
    await this.load()
  }
}

export const studies = new Studies()
