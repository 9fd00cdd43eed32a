// A backup in the place of the history: the question with what is in both, the wait while Basil closes its history and
// opens the other, which every page sees as a lost connection that comes back, and what came of it.
import type { Contents, Restored } from '../../../src-main/contract/api/history.ts'
import { client, errorOf } from '../../bridge.ts'
import { connection } from '../connection.svelte.ts'

const pause = 100 // ms between two looks while it is being put in place

class Restoring {
  asking = $state(false) // the dialog
  browsing = $state(false) // the dialog that chooses another file
  #contents = $state.raw<{ backup: Contents; present: Contents } | null>(null)
  #busy = $state(false)
  #last = $state.raw<Restored | null>(null)

  /** What is in the backup that is asked about, and in the history. */
  get contents() {
    return this.#contents
  }
  get busy() {
    return this.#busy
  }
  /** The last one since Basil was started. */
  get last() {
    return this.#last
  }

  async load(): Promise<void> {
    this.#last = await client.history.restored()
  }

  /** Opens the dialog. Throws where the file is no backup. */
  async ask(file: string): Promise<void> {
    this.#contents = await client.history.contents({ file })
    this.browsing = false
    this.asking = true
  }

  /** Resolves when the history is open again. Throws why the backup could not be put in place. */
  async put(file: string): Promise<Restored> {
    this.#busy = true
    try {
      const before = (await client.history.restored())?.at ?? null
      await client.history.restore({ file }).catch((thrown: unknown) => {
        if (connection.current === 'open') throw thrown // else its answer was lost, and what came of it is asked
      })
      this.#last = await this.#outcome(before)
      return this.#last
    } finally {
      this.#busy = false
    }
  }

  async #outcome(before: string | null): Promise<Restored> {
    for (;;) {
      await connection.returned()
      const found = await client.history.restored().catch((thrown: unknown) => {
        if (errorOf(thrown).code === 'message-invalid') throw thrown
        return null // the connection went meanwhile
      })
      if (found && found.at !== before) return found
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
  }
}

export const restoring = new Restoring()
