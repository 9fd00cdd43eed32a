// What is done with several runs at once, and the dialogs that ask before.
import type { ListedRun, Trash } from '../../../src-main/contract/api/runs.ts'
import type { RunId } from '../../../src-main/contract/branded.ts'
import { client } from '../../bridge.ts'
import { history } from './list.svelte.ts'

const atATime = 500 // runs

class Care {
  tagging = $state(false) // the dialog of tags
  #trash = $state.raw<Trash | null>(null) // the question before it is emptied

  get trash() {
    return this.#trash
  }

  async askOfTrash(): Promise<void> {
    this.#trash = await client.runs.trashed()
  }

  keepTrash(): void {
    this.#trash = null
  }

  async emptyTrash(): Promise<void> {
    this.#trash = null
    await client.runs.emptyTrash()
  }

  async pin(runs: RunId[], pinned: boolean): Promise<void> {
    await client.runs.pin({ runs, pinned })
  }

  async tag(runs: RunId[], add: string[], remove: string[]): Promise<void> {
    this.tagging = false
    await client.runs.tag({ runs, add, remove })
  }

  toTrash(runs: RunId[]) {
    return client.runs.trash({ runs })
  }

  async restore(runs: RunId[]): Promise<void> {
    await client.runs.restore({ runs })
  }

  /** The runs that are ticked, in the list's order, or all that are found. */
  async rows(): Promise<ListedRun[]> {
    const { selection, asked } = history
    const all: ListedRun[] = []
    for (let offset = 0; ; offset += atATime) {
      const { rows } = await client.runs.list({ ...asked, offset, limit: atATime })
      all.push(...rows.filter(({ run }) => selection.size === 0 || selection.has(run)))
      if (rows.length < atATime) return all
    }
  }
}

export const care = new Care()
