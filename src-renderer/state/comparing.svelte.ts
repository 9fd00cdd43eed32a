// Runs beside each other: those of the page, read all at once, and the dialog that picks some to set beside one.
import type { Paired } from '../../src-main/contract/api/comparison.ts'
import type { ErrorRecord } from '../../src-main/contract/errors.ts'
import type { RunDetail } from '../../src-main/contract/run/run.ts'
import { client, errorOf } from '../bridge.ts'

class Comparing {
  #runs = $state.raw<readonly RunDetail[]>([])
  #paired = $state.raw<readonly Paired[]>([])
  #failed = $state.raw<ErrorRecord | null>(null)
  #asked = 0
  /** The run that others are to be set beside; null: the dialog is closed. */
  first = $state<number | null>(null)

  get runs() {
    return this.#runs
  }
  get paired() {
    return this.#paired
  }
  get failed() {
    return this.#failed
  }

  /** Never rejects. */
  async open(runs: readonly number[]): Promise<void> {
    this.#asked++
    const asked = this.#asked
    this.#runs = []
    this.#paired = []
    this.#failed = null
    try {
      const shown = await Promise.all([...new Set(runs)].map((run) => client.runs.show({ run })))
      if (asked !== this.#asked) return
      this.#runs = shown
      if (shown.length < 2) return
      const paired = await client.comparison.paired({ runs: shown.map(({ run }) => run) })
      if (asked === this.#asked) this.#paired = paired
    } catch (thrown) {
      if (asked === this.#asked) this.#failed = errorOf(thrown)
    }
  }

  close(): void {
    this.#asked++
    this.#runs = []
    this.#paired = []
  }
}

export const comparing = new Comparing()
