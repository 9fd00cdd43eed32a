// The job of the queue's page that keys act on, what was asked for by it, and the question before one at work is
// cancelled.
import type { Job } from '../../../src-main/contract/api/jobs.ts'
import { client } from '../../bridge.ts'
import { queue } from '../queue.svelte.ts'

class Chosen {
  #number = $state<number | null>(null)
  confirming = $state(false)
  asking = $state(false) // whether its request is shown
  #request = $state('')

  /** As the queue has it now; undefined once it is gone. */
  get job(): Job | undefined {
    return queue.jobs.find(({ job }) => job === this.#number)
  }

  /** What was asked for, as JSON. */
  get request(): string {
    return this.#request
  }

  async showRequest(job: number): Promise<void> {
    this.#request = JSON.stringify((await client.jobs.request({ job })).request, null, 2)
    this.#number = job
    this.asking = true
  }

  choose(job: number): void {
    this.#number = job
  }
}

export const chosen = new Chosen()
