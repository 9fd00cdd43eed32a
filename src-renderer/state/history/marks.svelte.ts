// What is said of the run whose page is open, read anew after every change of it.
import type { MarkedRun } from '../../../src-main/contract/api/runs.ts'
import { client } from '../../bridge.ts'

class Marks {
  #of = $state.raw<MarkedRun | null>(null)

  get of() {
    return this.#of
  }

  async load(run: number): Promise<void> {
    this.#of = await client.runs.marks({ run })
  }

  close(): void {
    this.#of = null
  }

  async describe(run: number, words: { name: string } | { notes: string }): Promise<void> {
    this.#of = await client.runs.describe({ run, ...words })
  }

  async tag(run: number, tags: readonly string[]): Promise<void> {
    const before = this.#of?.tags ?? []
    const add = tags.filter((tag) => !before.includes(tag))
    const remove = before.filter((tag) => !tags.includes(tag))
    await client.runs.tag({ runs: [run], add, remove })
    await this.load(run)
  }
}

export const marks = new Marks()
