// The job of the queue's page that keys act on, and the question before one at work is cancelled.
import type { Job } from '../../../src-main/contract/api/jobs.ts'
import { queue } from '../queue.svelte.ts'

class Chosen {
  #number = $state<number | null>(null)
  confirming = $state(false)

  /** As the queue has it now; undefined once it is gone. */
  get job(): Job | undefined {
    return queue.jobs.find(({ job }) => job === this.#number)
  }

  choose(job: number): void {
    this.#number = job
  }
}

export const chosen = new Chosen()
