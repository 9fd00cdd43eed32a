// Runs came, went, began, ended or are called otherwise, in whichever window or terminal: whoever shows runs reads them
// again when the count goes up.
import { client } from '../../bridge.ts'
import { current } from '../run/current.svelte.ts'
import { workbench } from '../workbench.svelte.ts'
import { follow } from './follow.ts'

class RunNews {
  #count = $state(0)

  get count() {
    return this.#count
  }

  /** Until the signal is given. Never rejects. */
  async follow(signal: AbortSignal): Promise<void> {
    await follow(signal, client.runs.changed, async () => {
      this.#count++
      await Promise.all([workbench.refresh(), current.view?.look()])
    })
  }
}

export const runNews = new RunNews()
