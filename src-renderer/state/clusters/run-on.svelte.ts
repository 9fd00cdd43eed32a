// The dialog "Run on…": a study that is paused, or one that is begun with it, the cluster, and what it would take and
// lack there.
import type { PlanThere, WantedThere } from '../../../src-main/contract/api/clusters.ts'
import { client } from '../../bridge.ts'
import { LongWork } from '../checkpoints/long-work.svelte.ts'
import { clusters } from './clusters.svelte.ts'

type Wanted = { study: number } | { grant: string; definition: unknown }

class RunOn {
  open = $state(false)
  name = $state('') // of the cluster
  #wanted = $state.raw<Wanted | null>(null)
  #busy = $state(false)
  readonly work = new LongWork<PlanThere>()

  get busy() {
    return this.#busy
  }
  /** Of the cluster that is chosen now. */
  get plan(): PlanThere | null {
    const plan = this.work.result
    return plan?.cluster === this.name ? plan : null
  }

  /** Opens it; name: of a cluster that was chosen already. */
  async ask(wanted: Wanted, name = ''): Promise<void> {
    this.work.stop()
    this.#wanted = wanted
    await clusters.load()
    const all = clusters.list ?? []
    this.name = all.find((one) => one.name === (name || this.name))?.name ?? all[0]?.name ?? ''
    this.open = true
  }

  /** Never rejects. */
  async look(): Promise<void> {
    const wanted = this.#there()
    if (wanted) await this.work.begin((signal) => client.clusters.plan(wanted, { signal }))
  }

  leave(): void {
    this.work.stop()
  }

  /** The study's number; the dialog closes. */
  async begin(): Promise<number> {
    const wanted = this.#there()
    if (!wanted) throw new Error('a dialog that is of no study')
    this.#busy = true
    try {
      const { study } = await client.clusters.submit(wanted)
      this.open = false
      return study
    } finally {
      this.#busy = false
    }
  }

  #there(): WantedThere | null {
    return this.#wanted && this.name !== '' ? { ...this.#wanted, name: this.name } : null
  }
}

export const runOn = new RunOn()
