// The search by scores that is being written, remembered over reloads, and the one that is looked at.
import type { SearchShown } from '../../../src-main/contract/api/searches.ts'
import { client } from '../../bridge.ts'
import { queue } from '../queue.svelte.ts'
import { choice } from '../remembered.svelte.ts'
import { merging } from './merging.svelte.ts'
import { type SearchDraft, searchAskedOf, searchDraftSchema } from './search.ts'

class Searching {
  readonly #kept = choice<SearchDraft>('merge.search', searchDraftSchema, searchDraftSchema.parse({}))
  #shown = $state.raw<SearchShown | null>(null)
  #job = $state<number | null>(null) // that a person looks at; null: the newest
  #busy = $state(false)
  #stand = $derived(searchAskedOf(this.#kept.value, merging.stand))

  get draft() {
    return this.#kept.value
  }
  /** Newest first. */
  get jobs() {
    return queue.jobs.filter(({ kind }) => kind === 'search').toSorted((a, b) => b.job - a.job)
  }
  get job() {
    return this.jobs.find(({ job }) => job === this.#job) ?? this.jobs[0] ?? null
  }
  /** What is known of that one; null until it is read. */
  get shown() {
    return this.#shown?.job === this.job?.job ? this.#shown : null
  }
  /** In a sentence; null: nothing. */
  get lacking() {
    if (merging.asked === null) return 'The merge is not complete yet.'
    return 'lacking' in this.#stand ? this.#stand.lacking : null
  }
  get ready() {
    return !this.#busy && this.lacking === null
  }

  change(part: Partial<SearchDraft>): void {
    this.#kept.value = { ...this.#kept.value, ...part }
  }

  look(job: number): void {
    this.#job = job
  }

  /** Of the job that is looked at. */
  async read(): Promise<void> {
    const { job } = this.job ?? {}
    if (job !== undefined) this.#shown = await client.merges.searched({ job })
  }

  /** A pre-trained model that the method does not need is compared with. */
  async begin(): Promise<void> {
    const stand = this.#stand
    if (merging.asked === null || 'lacking' in stand) return
    this.#busy = true
    try {
      const merge = { ...merging.asked, pretrained: merging.draft.pretrained }
      this.#job = (await client.merges.search({ merge, search: stand.asked })).job
      merging.change({ name: '' })
    } finally {
      this.#busy = false
    }
  }

  async useBest(): Promise<void> {
    const { job } = this.job ?? {}
    if (job !== undefined) merging.fill(await client.merges.best({ job }), 'the best of the search')
  }
}

export const searching = new Searching()
