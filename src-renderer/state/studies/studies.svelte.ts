// Every study, newest first, kept up with while a page that shows them is open.
import type { StudySummary } from '../../../src-main/contract/api/studies.ts'
import type { ErrorRecord } from '../../../src-main/contract/errors.ts'
import { client, errorOf } from '../../bridge.ts'
import { follow } from '../work/follow.ts'

class Studies {
  #list = $state.raw<readonly StudySummary[] | null>(null) // null until it was read
  #failed = $state.raw<ErrorRecord | null>(null)

  get list() {
    return this.#list
  }
  get failed() {
    return this.#failed
  }

  /** Until the signal is given. */
  follow(signal: AbortSignal): Promise<void> {
    return follow(signal, client.studies.watch, () => this.load())
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
