// The data sets on screen: every row, kept up to date as they are read, how they are searched, and what is selected.
import { SvelteSet } from 'svelte/reactivity'

import type { AddedData, DataSet } from '../../../src-main/contract/api/data.ts'
import type { ErrorRecord } from '../../../src-main/contract/errors.ts'
import { client } from '../../bridge.ts'
import { connection } from '../connection.svelte.ts'

const calmPause = 1_000 // ms before a stream that broke is read again

class DataSets {
  #rows = $state.raw<readonly DataSet[]>([])
  #reading = $state(0)
  #loaded = $state(false)
  #refreshing = $state(false)
  search = $state('')
  adding = $state(false) // the dialog for paths
  forgetting = $state(false) // the question before rows go
  added = $state.raw<AddedData | null>(null) // what the last adding came to
  readonly selected = new SvelteSet<number>()

  #shown = $derived(found(this.#rows, this.search))
  #chosen = $derived(this.#rows.filter(({ id }) => this.selected.has(id)))

  get rows() {
    return this.#rows
  }
  /** How many rows are still to be read. */
  get reading() {
    return this.#reading
  }
  get refreshing() {
    return this.#refreshing
  }
  /** The rows as searched, by name. */
  get shown() {
    return this.#shown
  }
  get loaded() {
    return this.#loaded
  }
  get chosen() {
    return this.#chosen
  }

  of(id: number | null): DataSet | null {
    return this.#rows.find((row) => row.id === id) ?? null
  }

  /** Keeps up with the rows until told to leave; a stream that breaks is read again. Never rejects. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const { reading } of await client.data.watch(undefined, { signal })) {
          this.#reading = reading
          await this.load()
        }
      } catch {
        // the banner tells of a lost connection
      }
      await new Promise((resolve) => setTimeout(resolve, calmPause))
      await connection.returned()
    }
  }

  async load(): Promise<void> {
    this.#rows = await client.data.list()
    this.#loaded = true
    for (const id of this.selected) if (!this.of(id)) this.selected.delete(id)
  }

  select(id: number, on: boolean): void {
    if (on) this.selected.add(id)
    else this.selected.delete(id)
  }

  /** Electron's own dialog. */
  async pick(kind: 'files' | 'folder'): Promise<void> {
    const added = await client.data.pick({ kind })
    if (!added) return
    this.added = added
    await this.load()
  }

  /** What was refused of them. */
  async add(paths: string[]): Promise<readonly ErrorRecord[]> {
    const added = await client.data.add({ paths })
    this.added = added
    await this.load()
    return added.refused
  }

  async refresh(): Promise<void> {
    this.#refreshing = true
    try {
      await client.data.refresh()
      await this.load()
    } finally {
      this.#refreshing = false
    }
  }

  /** The selected rows go; their data stays. */
  async forget(): Promise<void> {
    const ids = this.#chosen.map(({ id }) => id)
    this.forgetting = false
    if (ids.length === 0) return
    await client.data.forget({ ids })
    this.selected.clear()
    await this.load()
  }
}

/** Those in which every word is found, by name. */
function found(rows: readonly DataSet[], search: string): DataSet[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  const texts = (row: DataSet): string => [row.name, row.path, row.source, row.state].join('\n').toLowerCase()
  return rows.filter((row) => words.every((word) => texts(row).includes(word))).sort((a, b) => a.name.localeCompare(b.name))
}

export const dataSets = new DataSets()
