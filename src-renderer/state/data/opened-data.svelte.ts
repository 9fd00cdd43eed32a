// The data set whose page is open: its splits, own draws, and the work that reads every image of it.
import type { DrawnSplit, LeakReport, PreparedSplit, ShownData } from '../../../src-main/contract/api/data.ts'
import type { ErrorRecord } from '../../../src-main/contract/errors.ts'
import { client, errorOf } from '../../bridge.ts'
import { LongWork } from '../checkpoints/long-work.svelte.ts'

class OpenedData {
  #shown = $state.raw<ShownData | null>(null)
  #failed = $state.raw<ErrorRecord | null>(null)
  #drawn = $state.raw<readonly DrawnSplit[]>([])
  #id: number | null = null
  size = $state(224) // of preprocessed images
  readonly leaks = new LongWork<LeakReport>()
  readonly preparing = new LongWork<PreparedSplit[]>()

  get shown() {
    return this.#shown
  }
  get failed() {
    return this.#failed
  }
  /** Splits with options that the person asked for, newest last. */
  get drawn() {
    return this.#drawn
  }

  close(): void {
    this.#id = null
    this.#shown = null
    this.#failed = null
    this.#drawn = []
    this.leaks.stop()
    this.preparing.stop()
  }

  async reload(): Promise<void> {
    const id = this.#id
    if (id === null) return
    try {
      const shown = await client.data.show({ id })
      if (id === this.#id) this.#shown = shown
    } catch (thrown) {
      if (id === this.#id) this.#failed = errorOf(thrown)
    }
  }

  async open(id: number): Promise<void> {
    this.close()
    this.#id = id
    await this.reload()
  }

  /** "field-val?shots=16&seed=0" */
  async draw(split: string): Promise<void> {
    const id = this.#id
    if (id === null) return
    const drawn = await client.data.draw({ id, split })
    if (id === this.#id) this.#drawn = [...this.#drawn.filter(({ name }) => name !== drawn.name), drawn]
  }

  /** Reads every image; what is told at the end is kept, and shown by the next reload. */
  async findLeaks(): Promise<void> {
    const id = this.#id
    if (id === null) return
    await this.leaks.begin((signal) => client.data.leaks({ id, size: this.size }, { signal }))
    await this.reload()
  }

  async prepare(splits: string[]): Promise<void> {
    const id = this.#id
    if (id === null) return
    await this.preparing.begin((signal) => client.data.prepare({ id, splits, size: this.size }, { signal }))
    await this.reload()
  }
}

export const openedData = new OpenedData()
