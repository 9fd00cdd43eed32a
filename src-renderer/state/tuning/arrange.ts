// Which fine-tunings a list shows, and in which order. Pure.
import { cardOf } from '../../../src-main/contract/tuning/config.ts'
import { tuningKinds } from '../../../src-main/contract/tuning/kinds/index.ts'
import type { TuningSummary } from '../../../src-main/contract/tuning/tuning.ts'

export const sortKeys = ['tuning', 'name', 'kind', 'task', 'state', 'steps', 'accuracy', 'created'] as const
export type SortKey = (typeof sortKeys)[number]
export interface Order {
  key: SortKey
  down: boolean
}

export function titleOfKind(kind: string): string {
  return tuningKinds.find(({ name }) => name === kind)?.title ?? kind
}

/** Those in which every word is found; what has no value comes last, whichever way. */
export function arranged(rows: readonly TuningSummary[], search: string, { key, down }: Order): TuningSummary[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  const found = rows.filter((row) => {
    const text = [row.name, row.kind, titleOfKind(row.kind), row.task, row.state, row.model ?? '']
      .join('\n')
      .toLowerCase()
    return words.every((word) => text.includes(word))
  })
  return found.toSorted((a, b) => {
    const [x, y] = [a[key], b[key]]
    if (x === null || y === null) return Number(x === null) - Number(y === null)
    const order = typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y))
    return (down ? -order : order) || b.tuning - a.tuning
  })
}

/** Whether the vector of a fine-tuning is of the tangent space, so that runs with it are best linearised. */
export function isLinear({ kind, ...config }: { kind: string; linearised?: boolean }): boolean {
  const card = tuningKinds.find(({ name }) => name === kind)
  if (!card) return false
  const { linear } = cardOf(card.name)
  return linear === true || (linear === 'where asked' && config.linearised === true)
}
