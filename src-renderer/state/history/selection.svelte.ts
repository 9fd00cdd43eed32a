// Runs that are ticked. Only what the list finds can be: one that is filtered away is ticked no more.
import type { RunId } from '../../../src-main/contract/branded.ts'

export class Selection {
  #ticked = $state.raw<ReadonlySet<RunId>>(new Set())
  #last: RunId | null = null // where a range begins
  #found: () => Promise<RunId[]>

  /** found: numbers of all that the list finds, in its order. */
  constructor(found: () => Promise<RunId[]>) {
    this.#found = found
  }

  get size() {
    return this.#ticked.size
  }
  get runs(): RunId[] {
    return [...this.#ticked]
  }

  has(run: RunId): boolean {
    return this.#ticked.has(run)
  }

  /** reach: also all between it and the one before. */
  async tick(run: RunId, on: boolean, reach = false): Promise<void> {
    const range = reach && this.#last !== null ? await this.#between(this.#last, run) : [run]
    this.#last = run
    const others = this.runs.filter((one) => !range.includes(one))
    this.#ticked = new Set(on ? [...others, ...range] : others)
  }

  async all(): Promise<void> {
    this.#ticked = new Set(await this.#found())
  }

  none(): void {
    this.#ticked = new Set()
    this.#last = null
  }

  /** After the list was read again. */
  async settle(): Promise<void> {
    if (this.size === 0) return
    const found = new Set(await this.#found())
    this.#ticked = new Set(this.runs.filter((run) => found.has(run)))
  }

  async #between(a: RunId, b: RunId): Promise<RunId[]> {
    const found = await this.#found()
    const [from, to] = [found.indexOf(a), found.indexOf(b)].sort((x, y) => x - y)
    return from === undefined || to === undefined || from < 0 ? [b] : found.slice(from, to + 1)
  }
}
