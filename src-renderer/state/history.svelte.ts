// The list of all runs, read a page at a time as it is scrolled, so that ten thousand runs cost no more than a hundred.
import type { RunSummary } from '../../src-main/contract/run/run.ts'
import { client } from '../bridge.ts'

const pageSize = 100

class History {
  #search = $state('')
  #total = $state<number | null>(null)
  #pages = $state.raw<ReadonlyMap<number, readonly RunSummary[]>>(new Map())
  #asked = new Set<number>()
  #version = 0

  get search() {
    return this.#search
  }
  get total() {
    return this.#total
  }

  /** The run at a place of the list; undefined until its page is there. */
  at(place: number): RunSummary | undefined {
    return this.#pages.get(Math.floor(place / pageSize))?.[place % pageSize]
  }

  /** Reads the pages that hold the places [first, last] where they are missing. */
  async need(first: number, last: number): Promise<void> {
    const pages: number[] = []
    for (let page = Math.floor(first / pageSize); page <= Math.floor(Math.max(first, last) / pageSize); page++)
      pages.push(page)
    await Promise.all(pages.filter((p) => !this.#asked.has(p)).map((p) => this.#read(p)))
  }

  async find(search: string): Promise<void> {
    this.#search = search
    await this.refresh()
  }

  /** Reads again; what is shown stays until the answer is there. */
  async refresh(): Promise<void> {
    this.#version++
    this.#asked.clear()
    await this.#read(0, true)
  }

  async #read(page: number, afresh = false): Promise<void> {
    this.#asked.add(page)
    const version = this.#version
    try {
      const { rows, total } = await client.runs.list({ offset: page * pageSize, limit: pageSize, search: this.#search })
      if (version !== this.#version) return
      this.#total = total
      this.#pages = new Map([...(afresh ? [] : this.#pages), [page, rows]])
    } catch (thrown) {
      this.#asked.delete(page)
      throw thrown
    }
  }
}

export const history = new History()
