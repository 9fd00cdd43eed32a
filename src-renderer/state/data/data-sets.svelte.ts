// The data sets on screen: every row, kept up to date as they are read, how they are searched, and what is selected.
import { SvelteSet } from 'svelte/reactivity'

import type { AddedData, DataSet, DataWork } from '../../../src-main/contract/api/data.ts'
import type { ErrorRecord } from '../../../src-main/contract/errors.ts'
import { client } from '../../bridge.ts'
import { connection } from '../connection.svelte.ts'
import { undo } from '../undo.svelte.ts'

const calmPause = 1_000 // ms before a stream that broke is read again

class DataSets {
  #rows = $state.raw<readonly DataSet[]>([])
  #reading = $state(0)
  #work = $state.raw<DataWork>(null)
  #leaving = $state.raw<AbortController | null>(null)
  #loaded = $state(false)
  #refreshing = $state(false)
  search = $state('')
  browsing = $state(false) // the dialog for folders and files
  adding = $state(false) // the dialog for paths
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
  /** Of a folder that is searched. */
  get work() {
    return this.#work
  }
  /** Whether this page asked for it, and can leave it. */
  get searching() {
    return this.#leaving !== null
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
        let known: number | null = null
        for await (const { version, reading, work } of await client.data.watch(undefined, { signal })) {
          this.#reading = reading
          this.#work = work
          if (version !== known) await this.load()
          known = version
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
    await this.#search((signal) => client.data.pick({ kind }, { signal }))
  }

  /** What was refused of them. */
  async add(paths: string[]): Promise<readonly ErrorRecord[]> {
    return (await this.#search((signal) => client.data.add({ paths }, { signal })))?.refused ?? []
  }

  /** Of what was refused, one that was read. */
  putAway(refused: ErrorRecord): void {
    if (this.added) this.added = { ...this.added, refused: this.added.refused.filter((one) => one !== refused) }
  }

  /** What was found of it by then stays. */
  leave(): void {
    this.#leaving?.abort()
  }

  /** null when it was left, or nothing was chosen. */
  async #search(ask: (signal: AbortSignal) => Promise<AddedData | null>): Promise<AddedData | null> {
    const leaving = new AbortController()
    this.#leaving = leaving
    try {
      const added = await ask(leaving.signal)
      if (added) this.added = added
      return added
    } catch (thrown) {
      if (leaving.signal.aborted) return null
      throw thrown
    } finally {
      if (this.#leaving === leaving) this.#leaving = null
      await this.load()
    }
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

  /** The selected rows go, and can be brought back; their data stays. */
  async forget(): Promise<void> {
    const gone = this.#chosen
    const ids = gone.map(({ id }) => id)
    if (ids.length === 0) return
    await client.data.forget({ ids })
    this.selected.clear()
    await this.load()
    const what = gone.length === 1 && gone[0] ? gone[0].name : `${gone.length} data sets`
    undo.give(`${what} left the list; the images stay where they are.`, async () => {
      await client.data.bringBack({ ids })
      await this.load()
    })
  }
}

/** Those in which every word is found, by name. */
function found(rows: readonly DataSet[], search: string): DataSet[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  const texts = (row: DataSet): string => [row.name, row.path, row.source, row.state].join('\n').toLowerCase()
  return rows
    .filter((row) => words.every((word) => texts(row).includes(word)))
    .sort((a, b) => a.name.localeCompare(b.name))
}

export const dataSets = new DataSets()
