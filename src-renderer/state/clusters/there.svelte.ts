// Where the tasks of the study are whose page is open, if it is on a cluster, and what can be asked for there.
import type { StatusThere } from '../../../src-main/contract/api/clusters.ts'
import { isThere } from '../../../src-main/contract/clusters/counts.ts'
import { client } from '../../bridge.ts'
import { queue } from '../queue.svelte.ts'
import { inPlaces } from '../studies/places.ts'
import { follow } from '../work/follow.ts'

class There {
  #study: number | null = null
  #status = $state.raw<StatusThere | null>(null)
  #leaving = new AbortController()

  /** null: it is on no cluster, or was not read yet. */
  get status() {
    return this.#status
  }

  /** Tasks of it wait or are at work there, whether or not this machine looks at them. */
  get hasTasks() {
    return this.#status?.tasks.some(isThere) ?? false
  }

  /** Follows it until close(). */
  open(study: number): void {
    this.close()
    this.#study = study
    const { signal } = this.#leaving
    void follow(signal, client.studies.watch, () => this.#read(signal))
  }

  close(): void {
    this.#leaving.abort()
    this.#leaving = new AbortController()
    this.#study = null
    this.#status = null
  }

  async look(): Promise<void> {
    await this.#of((study) => client.clusters.collect({ study }))
  }

  /** Gives how many. */
  async retry(): Promise<number> {
    return (await this.#of((study) => client.clusters.retry({ study }))) ?? 0
  }

  async cancel(): Promise<void> {
    await this.#of(async (study) => {
      const job = queue.of('study', study)
      if (job) await queue.cancel(job.job)
    })
  }

  async takeBack(): Promise<void> {
    await this.#of((study) => client.clusters.takeBack({ study }))
  }

  async #of<T>(ask: (study: number) => Promise<T>): Promise<T | null> {
    if (this.#study === null) return null
    const answer = await ask(this.#study)
    await this.#read(this.#leaving.signal)
    return answer
  }

  async #read(signal: AbortSignal): Promise<void> {
    const study = this.#study
    if (study === null) return
    const status = await client.clusters.status({ study, since: this.#status?.version ?? 0 })
    if (signal.aborted) return
    const before = this.#status
    if (status && before && !status.whole && status.version < before.version) return // a later answer came first
    this.#status = status && { ...status, tasks: inPlaces(before?.tasks ?? [], status.tasks, status.whole) }
  }
}

export const there = new There()
