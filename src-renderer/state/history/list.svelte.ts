// The list of all runs, read a page at a time as it is scrolled, so that ten thousand runs cost no more than a hundred:
// those a query finds, sorted and grouped as was chosen. A query that is wrong leaves what was found before.
import type { AskedRuns, ListedRun, RunGroup, RunsOverview, Sort } from '../../../src-main/contract/api/runs.ts'
import { groupingSchema, sortSchema } from '../../../src-main/contract/api/runs.ts'
import { parseQuery, type Query } from '../../../src-main/contract/run/query/query.ts'
import { client } from '../../bridge.ts'
import { choice } from '../remembered.svelte.ts'
import { placesOf } from './groups.ts'
import { Selection } from './selection.svelte.ts'

const pageSize = 60
const newestFirst: Sort = { by: 'run', down: true }

class History {
  readonly sort = choice('history.sort', sortSchema, newestFirst)
  readonly group = choice('history.group', groupingSchema, 'none')
  readonly selection = new Selection(() => client.runs.found(this.asked))
  #text = $state('') // as it is written
  #query = $state.raw<Query>([]) // the last that was right
  #found = '' // its text
  #total = $state<number | null>(null)
  #groups = $state.raw<readonly RunGroup[]>([])
  #folded = $state.raw<ReadonlySet<string>>(new Set())
  #pages = $state.raw<ReadonlyMap<number, readonly ListedRun[]>>(new Map())
  #overview = $state.raw<RunsOverview | null>(null)
  #sight: readonly number[] = [0] // pages
  #asked = new Set<number>()
  #read = new Map<number, readonly ListedRun[]>() // pages of this version
  #version = 0
  readonly #parsed = $derived(parseQuery(this.#text))
  readonly #places = $derived(placesOf(this.#groups, this.#folded, this.#total ?? 0))

  get text() {
    return this.#text
  }
  get fault() {
    return this.#parsed.fault
  }
  get query() {
    return this.#query
  }
  get asked(): AskedRuns {
    return { query: this.#found, sort: this.sort.value, group: this.group.value }
  }
  /** Runs that are found; null until the first answer. */
  get total() {
    return this.#total
  }
  /** Rows of the table: runs, and headings of groups. */
  get places() {
    return this.#places.total
  }
  get overview() {
    return this.#overview
  }
  get trash() {
    return this.#query.some((term) => 'field' in term && term.field === 'is' && term.values.includes('trash'))
  }

  /** What stands at a place of the table; a run is undefined until its page is there. */
  at(place: number): { group: RunGroup; folded: boolean } | { run: ListedRun | undefined } {
    const found = this.#places.at(place)
    const group = found && 'group' in found ? this.#groups[found.group] : undefined
    if (group) return { group, folded: this.#folded.has(group.key) }
    const at = found && 'run' in found ? found.run : -1
    return { run: this.#pages.get(Math.floor(at / pageSize))?.[at % pageSize] }
  }

  /** Reads the pages that hold the places [first, last] where they are missing. */
  async need(first: number, last: number): Promise<void> {
    const pages = new Set<number>()
    for (let place = first; place <= last; place++) {
      const found = this.#places.at(place)
      if (found && 'run' in found) pages.add(Math.floor(found.run / pageSize))
    }
    if (pages.size > 0) this.#sight = [...pages]
    const missing = [...pages].filter((page) => !this.#asked.has(page))
    const version = this.#version
    await Promise.all(missing.map((page) => this.#list(page)))
    if (version === this.#version && missing.length > 0) this.#pages = new Map([...this.#pages, ...this.#read])
  }

  /** As it is typed: the list follows wherever it is right. */
  async find(text: string): Promise<void> {
    this.#text = text
    const { query } = parseQuery(text)
    if (!query || text.trim() === this.#found) return
    this.#query = query
    this.#found = text.trim()
    this.#sight = [0]
    await this.refresh()
  }

  async sortBy(by: Sort['by']): Promise<void> {
    const { by: before, down } = this.sort.value
    this.sort.value = { by, down: by === before ? !down : false }
    await this.refresh()
  }

  async groupBy(group: AskedRuns['group']): Promise<void> {
    this.group.value = group
    this.#folded = new Set()
    await this.refresh()
  }

  fold(key: string): void {
    const folded = new Set(this.#folded)
    if (!folded.delete(key)) folded.add(key)
    this.#folded = folded
  }

  /** Reads what is in sight again; what is shown stays until the answer is there. */
  async refresh(): Promise<void> {
    const version = ++this.#version
    this.#asked.clear()
    this.#read = new Map()
    const pages = this.#sight
    const [groups, lists] = await Promise.all([
      this.group.value === 'none' ? [] : client.runs.groups(this.asked),
      Promise.all(pages.map((page) => this.#list(page))),
    ])
    if (version !== this.#version) return
    this.#total = lists[0]?.total ?? 0
    this.#groups = groups
    this.#pages = new Map(this.#read) // with those that came into sight meanwhile
    await this.selection.settle()
  }

  /** What there is to choose from. */
  async lookOver(): Promise<void> {
    this.#overview = await client.runs.overview()
  }

  async #list(page: number) {
    const read = this.#read
    this.#asked.add(page)
    try {
      const list = await client.runs.list({ ...this.asked, offset: page * pageSize, limit: pageSize })
      read.set(page, list.rows)
      return list
    } catch (thrown) {
      if (read === this.#read) this.#asked.delete(page)
      throw thrown
    }
  }
}

export const history = new History()
