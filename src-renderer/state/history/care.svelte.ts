// Dialogs of the history, and the list as a file.
import type { ListedRun, Trash } from '../../../src-main/contract/api/runs.ts'
import { client } from '../../bridge.ts'
import { runsCsv } from '../../plot/runs/cells.ts'
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

  /** Of the runs that are ticked, in the list's order, or of all that are found. */
  async csv(): Promise<string> {
    const { selection, asked } = history
    const all: ListedRun[] = []
    for (let offset = 0; ; offset += atATime) {
      const { rows } = await client.runs.list({ ...asked, offset, limit: atATime })
      all.push(...rows.filter(({ run }) => selection.size === 0 || selection.has(run)))
      if (rows.length < atATime) return runsCsv(all)
    }
  }
}

export const care = new Care()
