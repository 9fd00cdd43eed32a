// Work that reads whole checkpoints and tells how far it is: measuring, comparing, checking a set. One at a time; it is
// left when its page is.
import type { Told } from '../../../src-main/contract/engine-api.ts'
import type { ErrorRecord } from '../../../src-main/contract/errors.ts'
import type { Progress } from '../../../src-main/contract/run/run.ts'
import { errorOf } from '../../bridge.ts'

export class LongWork<T> {
  #progress = $state.raw<Progress | null>(null)
  #result = $state.raw<T | null>(null)
  #error = $state.raw<ErrorRecord | null>(null)
  #busy = $state(false)
  #leaving = new AbortController()

  get progress() {
    return this.#progress
  }
  get result() {
    return this.#result
  }
  get error() {
    return this.#error
  }
  get busy() {
    return this.#busy
  }

  /** Never rejects: what went wrong is kept as the error. Work that is still going on is left. */
  async begin(ask: (signal: AbortSignal) => Promise<AsyncIterable<Told<T>>>): Promise<void> {
    this.stop()
    const { signal } = this.#leaving
    this.#busy = true
    try {
      for await (const told of await ask(signal)) {
        if (signal.aborted) return
        if (told.type === 'result') this.#result = told.result
        else this.#progress = told
      }
    } catch (thrown) {
      if (!signal.aborted) this.#error = errorOf(thrown)
    } finally {
      if (!signal.aborted) this.#busy = false
    }
  }

  stop(): void {
    this.#leaving.abort()
    this.#leaving = new AbortController()
    this.#progress = null
    this.#result = null
    this.#error = null
    this.#busy = false
  }
}
