// Every cluster, the one whose form is open, and what was found at each since the window was opened.
import { SvelteMap } from 'svelte/reactivity'

import type { Probe } from '../../../src-main/contract/api/clusters.ts'
import type { Cluster } from '../../../src-main/contract/clusters/cluster.ts'
import type { ErrorRecord } from '../../../src-main/contract/errors.ts'
import { client, errorOf } from '../../bridge.ts'
import { LongWork } from '../checkpoints/long-work.svelte.ts'
import { type ClusterForm, clusterIn, type FieldIssues } from './cluster-form.ts'

class Clusters {
  #list = $state.raw<readonly Cluster[] | null>(null) // null until it was read
  #failed = $state.raw<ErrorRecord | null>(null)
  editing = $state.raw<Cluster | 'new' | null>(null) // the form that is open
  readonly probes = new SvelteMap<string, LongWork<Probe>>()

  get failed() {
    return this.#failed
  }
  get list() {
    return this.#list
  }

  async load(): Promise<void> {
    try {
      this.#list = await client.clusters.list()
      this.#failed = null
    } catch (thrown) {
      this.#failed = errorOf(thrown)
    }
  }

  /** Adds it, or changes the one of its name; what was found before is of another. */
  async put(cluster: Cluster): Promise<void> {
    await client.clusters.put(cluster)
    this.#forgetProbe(cluster.name)
    await this.load()
  }

  /** What the form says; nothing is kept where a field is wrong, or it is refused. */
  async save(form: ClusterForm): Promise<{ issues: FieldIssues; error: ErrorRecord | null }> {
    const { cluster, issues } = clusterIn(form)
    const error = cluster ? await this.put(cluster).then(() => null, errorOf) : null
    return { issues, error }
  }

  async remove(name: string): Promise<void> {
    await client.clusters.remove({ name })
    this.#forgetProbe(name)
    await this.load()
  }

  /** Never rejects. */
  async probe(name: string): Promise<void> {
    const work = this.probes.get(name) ?? new LongWork<Probe>()
    this.probes.set(name, work)
    await work.begin((signal) => client.clusters.probe({ name }, { signal }))
  }

  #forgetProbe(name: string): void {
    this.probes.get(name)?.stop()
    this.probes.delete(name)
  }
}

export const clusters = new Clusters()
