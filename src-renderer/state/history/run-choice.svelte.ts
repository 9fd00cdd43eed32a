// Choosing one run of all there are, by the query of the history: the newest that it finds, as many as a list can show.
import type { ListedRun } from '../../../src-main/contract/api/runs.ts'
import { parseQuery, printQuery, type Query } from '../../../src-main/contract/run/query/query.ts'
import { client } from '../../bridge.ts'

const most = 100

/** Those that ended with a model. */
export const withModel: Query = [{ not: false, field: 'state', operator: ':', values: ['done', 'stopped'] }]

export class RunChoice {
  #text = $state('')
  #rows = $state.raw<readonly ListedRun[]>([])
  #total = $state<number | null>(null)
  #version = 0
  readonly #fault = $derived(parseQuery(this.#text).fault)
  readonly #always: Query

  /** always: what a run has to be to stand among them. */
  constructor(always: Query) {
    this.#always = always
  }

  get text() {
    return this.#text
  }
  get fault() {
    return this.#fault
  }
  get rows() {
    return this.#rows
  }
  /** How many are found; null until the first answer. */
  get total() {
    return this.#total
  }

  /** A query that is wrong leaves what was found before. */
  async find(text: string): Promise<void> {
    this.#text = text
    const { query } = parseQuery(text)
    if (!query) return
    const version = ++this.#version
    const { rows, total } = await client.runs.list({ query: printQuery([...query, ...this.#always]), limit: most })
    if (version !== this.#version) return
    this.#rows = rows
    this.#total = total
  }
}
