// The columns that the list of runs may have, in their order, and those that were chosen.
import { z } from 'zod'

import type { SortKey } from '../../../src-main/contract/api/runs.ts'
import { choice } from '../remembered.svelte.ts'

export interface Column {
  title: string
  width: number // pixels; 0: what is left, and at least leastName
  look?: 'number'
}

export const leastName = 180

export const columns = {
  run: { title: 'Run', width: 68, look: 'number' },
  name: { title: 'Name', width: 0 },
  method: { title: 'Method', width: 118 },
  objective: { title: 'Objective', width: 112 },
  state: { title: 'State', width: 122 },
  accuracy: { title: 'Accuracy', width: 82, look: 'number' },
  relative: { title: 'Relative', width: 78, look: 'number' },
  iterations: { title: 'Iterations', width: 84, look: 'number' },
  seed: { title: 'Seed', width: 62, look: 'number' },
  created: { title: 'Created', width: 136 },
  duration: { title: 'Duration', width: 88, look: 'number' },
  study: { title: 'Study', width: 62, look: 'number' },
  base: { title: 'Base', width: 150 },
  tags: { title: 'Tags', width: 130 },
  notes: { title: 'Notes', width: 170 },
} as const satisfies Record<SortKey, Column>

const keys = Object.keys(columns) as SortKey[]
const atFirst: SortKey[] = [
  ...(['run', 'name', 'method', 'state', 'accuracy', 'relative', 'iterations', 'created', 'duration'] as const),
]

class Columns {
  #chosen = choice('history.columns', z.array(z.string()), atFirst)

  /** Number and name are always there. */
  readonly shown = $derived(keys.filter((key) => key === 'run' || key === 'name' || this.#chosen.value.includes(key)))
  readonly width = $derived(this.shown.reduce((sum, key) => sum + (columns[key].width || leastName), 34))

  show(key: SortKey, on: boolean): void {
    this.#chosen.value = keys.filter((one) => (one === key ? on : this.shown.includes(one)))
  }
}

export const chosenColumns = new Columns()
