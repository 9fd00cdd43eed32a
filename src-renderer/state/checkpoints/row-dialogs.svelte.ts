// Dialogs about one row of the library: what it is compared with, and whose tasks it is measured on.
import type { Entry } from '../../../src-main/contract/api/library.ts'
import type { RunSummary } from '../../../src-main/contract/run/run.ts'
import { client } from '../../bridge.ts'

class RowDialogs {
  entry = $state.raw<Entry | null>(null)
  comparing = $state(false)
  evaluating = $state(false)
  #runs = $state.raw<readonly RunSummary[]>([])

  /** Those whose tasks can be used, newest first. */
  get runs() {
    return this.#runs
  }

  async loadRuns(): Promise<void> {
    const { rows } = await client.runs.list({ limit: 200 })
    this.#runs = rows.filter(({ state }) => state === 'done' || state === 'stopped')
  }
}

export const asked = new RowDialogs()
