// A report of a problem as it would be written: what was packed, shown first, and where it was written.
import type { PreparedReport } from '../../src-main/contract/api/problem.ts'
import { client } from '../bridge.ts'

class Problem {
  #prepared = $state.raw<PreparedReport | null>(null)
  #saved = $state.raw<Awaited<ReturnType<typeof client.problem.save>>>(null)
  #busy = $state(false)
  #asked = 0

  get prepared() {
    return this.#prepared
  }
  get saved() {
    return this.#saved
  }
  get busy() {
    return this.#busy
  }

  /** With the record of a run, or of none; what was shown before is gone. */
  async prepare(run: number | null): Promise<void> {
    const mine = ++this.#asked
    this.#prepared = null
    this.#saved = null
    this.#busy = true
    try {
      const prepared = await client.problem.prepare({ run })
      if (mine === this.#asked) this.#prepared = prepared
    } finally {
      if (mine === this.#asked) this.#busy = false
    }
  }

  async save(): Promise<void> {
    if (!this.#prepared) return
    this.#busy = true
    try {
      this.#saved = await client.problem.save({ report: this.#prepared.report })
    } finally {
      this.#busy = false
    }
  }
}

export const problem = new Problem()
