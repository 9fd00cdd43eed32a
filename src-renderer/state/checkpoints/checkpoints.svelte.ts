// The library on screen: every row, kept up to date as files are read and hashed, how it is searched and sorted, and
// what is selected.
import { SvelteSet } from 'svelte/reactivity'
import { z } from 'zod'

import type { Added, CheckpointSet, Entry, LibraryWork, ScannedAgain } from '../../../src-main/contract/api/library.ts'
import type { ErrorRecord } from '../../../src-main/contract/errors.ts'
import { client, errorOf } from '../../bridge.ts'
import { connection } from '../connection.svelte.ts'
import { choice } from '../remembered.svelte.ts'
import { undo } from '../undo.svelte.ts'
import { arrange, type Order, type SortKey, type Wanted } from './arrange.ts'
import { distinctNames, type Grouping, groupings, itemsOf } from './tree.ts'

const calmPause = 1_000 // ms before a stream that broke is read again
const readPause = 2 // ms a row between two readings of a list that changes: one of 500 is read once a second

const grouping = choice<Grouping>('library.group', z.enum(groupings), 'folder')
const closed = choice<string[]>('library.closed', z.array(z.string()), [])
const details = choice('library.details', z.boolean(), true)

class Checkpoints {
  #entries = $state.raw<readonly Entry[]>([])
  #sets = $state.raw<readonly CheckpointSet[]>([])
  #work = $state.raw<LibraryWork>(null)
  #loaded = $state(false)
  #failed = $state.raw<ErrorRecord | null>(null) // why the list could not be read
  #refreshing = $state(false)
  #version = -1
  #shownVersion = -1
  wanted = $state<Wanted>({ search: '', role: '', state: '', tag: '' })
  order = $state<Order>({ key: 'name', down: false })
  browsing = $state(false) // the dialog for files and folders
  adding = $state(false) // the dialog for paths
  tagging = $state(false) // the dialog for words of many rows
  focused = $state<number | null>(null) // the row whose details are beside the list
  #scanned = $state.raw<ScannedAgain | null>(null)
  added = $state.raw<Added | null>(null) // what the last adding came to
  readonly selected = new SvelteSet<number>()

  #byId = $derived(new Map(this.#entries.map((e) => [e.id, e])))
  #shown = $derived(arrange(this.#entries, this.wanted, this.order))
  #isSearching = $derived(this.wanted.search.trim() !== '')
  #items = $derived(itemsOf(this.#shown, grouping.value, new Set(this.#isSearching ? [] : closed.value)))
  #chosen = $derived(this.#shown.filter((e) => this.selected.has(e.id)))
  #names = $derived(distinctNames(this.#entries))
  #tags = $derived([...new Set(this.#entries.flatMap((e) => e.tags))].sort())

  get entries() {
    return this.#entries
  }
  get sets() {
    return this.#sets
  }
  get work() {
    return this.#work
  }
  get loaded() {
    return this.#loaded
  }
  get failed() {
    return this.#failed
  }
  get refreshing() {
    return this.#refreshing
  }
  /** The rows as searched and sorted. */
  get shown() {
    return this.#shown
  }
  /** The rows under their headings. */
  get items() {
    return this.#items
  }
  get grouping() {
    return grouping.value
  }
  set grouping(wanted: Grouping) {
    grouping.value = wanted
  }
  /** Whether they are beside the list. */
  get details() {
    return details.value
  }
  set details(wanted: boolean) {
    details.value = wanted
  }
  /** What the second look at a folder found. */
  get scanned() {
    return this.#scanned
  }
  /** The selected rows that are shown, in their order: what a filter hides is not acted upon. */
  get chosen() {
    return this.#chosen
  }
  get tags() {
    return this.#tags
  }

  /** null where the library has no such row (any more). */
  of(id: number | null): Entry | null {
    return id === null ? null : (this.#byId.get(id) ?? null)
  }

  /** As told apart from others of the same name. */
  nameOf(entry: Pick<Entry, 'id' | 'name'>): string {
    return this.#names.get(entry.id) ?? entry.name
  }

  /** A heading opens, or closes. */
  fold(key: string): void {
    const others = closed.value.filter((one) => one !== key)
    closed.value = others.length < closed.value.length ? others : [...others, key]
  }

  /** The first row with this content. */
  withContent(sha256: string): number | null {
    return this.#entries.find((e) => e.sha256 === sha256)?.id ?? null
  }

  byPath(path: string): Entry | null {
    return this.#entries.find((e) => e.path === path) ?? null
  }

  /** Keeps up with the library until told to leave; a stream that breaks is read again. Never rejects. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const told of await client.library.watch(undefined, { signal })) {
          this.#work = told.work
          this.#version = told.version
          void this.#keepUp()
        }
      } catch {
        // the banner tells of a lost connection
      }
      await new Promise((resolve) => setTimeout(resolve, calmPause))
      await connection.returned()
      this.#shownVersion = -1
    }
  }

  async load(): Promise<void> {
    const { entries, sets, work } = await client.library.list()
    this.#entries = entries
    this.#sets = sets
    this.#work = work
    this.#loaded = true
    this.#failed = null
    for (const id of this.selected) if (!this.#byId.has(id)) this.selected.delete(id)
  }

  show(id: number) {
    return client.library.show({ id })
  }

  sortBy(key: SortKey): void {
    this.order = { key, down: this.order.key === key && !this.order.down }
  }

  /** Selects a row, or no longer; from the row selected last up to it, where asked for. */
  select(id: number, on: boolean, upTo = false): void {
    const places = this.#items.flatMap((item) => (item.kind === 'entry' ? [item.entry.id] : []))
    const [from, to] = [places.indexOf([...this.selected].at(-1) ?? -1), places.indexOf(id)]
    const reach = upTo && from >= 0 && to >= 0 ? places.slice(Math.min(from, to), Math.max(from, to) + 1) : [id]
    for (const one of reach) {
      if (on) this.selected.add(one)
      else this.selected.delete(one)
    }
  }

  /** Of what was refused, one that was read. */
  putAway(refused: ErrorRecord): void {
    if (this.added) this.added = { ...this.added, refused: this.added.refused.filter((one) => one !== refused) }
  }

  async add(paths: string[]): Promise<void> {
    this.added = await client.library.add({ paths })
    await this.load()
  }

  /** Electron's own dialog. */
  async pick(kind: 'files' | 'folder'): Promise<void> {
    const added = await client.library.pick({ kind })
    if (!added) return
    this.added = added
    await this.load()
  }

  async refresh(): Promise<void> {
    this.#refreshing = true
    try {
      await client.library.refresh()
      await this.load()
    } finally {
      this.#refreshing = false
    }
  }

  /** The selected rows go, and can be brought back; their files stay. */
  async forget(): Promise<void> {
    const gone = this.#chosen
    const ids = gone.map((e) => e.id)
    if (ids.length === 0) return
    await client.library.forget({ ids })
    this.selected.clear()
    await this.load()
    const what = gone.length === 1 && gone[0] ? gone[0].name : `${gone.length} checkpoints`
    undo.give(
      `${what} left the library; the ${gone.length === 1 ? 'file stays where it is' : 'files stay where they are'}.`,
      async () => {
        await client.library.bringBack({ ids })
        await this.load()
      },
    )
  }

  /** Words for the selected rows, with the way back. */
  async tag(add: string[], remove: string[]): Promise<void> {
    const ids = this.#chosen.map((e) => e.id)
    if (ids.length === 0 || add.length + remove.length === 0) return
    const changed = await client.library.tag({ ids, add, remove })
    await this.load()
    if (changed.length === 0) return
    const rows = changed.length === 1 ? '1 checkpoint' : `${changed.length} checkpoints`
    undo.give(`Tags of ${rows} changed.`, async () => {
      await client.library.tag({ ids: changed, add: remove, remove: add })
      await this.load()
    })
  }

  /** Walks a folder again and looks at every file; what it found is told. */
  async scanAgain(folder: string): Promise<void> {
    this.#refreshing = true
    try {
      this.#scanned = await client.library.scanAgain({ folder })
      await this.load()
    } finally {
      this.#refreshing = false
    }
  }

  putScannedAway(): void {
    this.#scanned = null
  }

  /** In the system's file manager; a browser has none. */
  async reveal(id: number): Promise<void> {
    await client.library.reveal({ id })
  }

  #reading = false

  /** Never rejects: why the list cannot be read is shown in its place. */
  async #keepUp(): Promise<void> {
    if (this.#reading) return
    this.#reading = true
    try {
      while (this.#shownVersion !== this.#version) {
        this.#shownVersion = this.#version
        await this.load()
        await new Promise((resolve) => setTimeout(resolve, readPause * this.#entries.length))
      }
    } catch (thrown) {
      if (connection.current === 'open') this.#failed = errorOf(thrown)
    } finally {
      this.#reading = false
    }
  }
}

export const checkpoints = new Checkpoints()
