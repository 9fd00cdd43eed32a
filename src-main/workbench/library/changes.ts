// What a person does to rows: words of one or of many, forgetting, and bringing back what was forgotten last, which is
// kept whole in memory so that nothing is read anew.
import type { Described, Entry, Tagging } from '../../contract/api/library.ts'
import { bringBack, type TakenEntry } from '../../history/library/entries.ts'
import { type History, transaction } from '../../history/statement.ts'
import { describeRow, forgetRows, tagRows } from './rows.ts'

/** All of it throws folder-busy where this process does not write. */
export interface Changes {
  describe(said: Described): Entry
  /** The rows that have other tags now. */
  tag(tagging: Tagging): number[]
  /** How many rows went; their files stay. */
  forget(ids: number[]): number
  /** Rows that the last forgetting took, as they were; how many. */
  bringBack(ids: number[]): number
}

interface Parts {
  history: History
  changing: () => void // throws where this process does not write
  changed: () => void
  added: () => void
}

export function createChanges({ history, changing, changed, added }: Parts): Changes {
  let forgotten: readonly TakenEntry[] = []
  const done = <T>(change: () => T): T => {
    changing()
    const result = change()
    changed()
    return result
  }
  return {
    describe: (said) => done(() => describeRow(history, said)),
    tag: (tagging) => done(() => tagRows(history, tagging)),
    forget: (ids) =>
      done(() => {
        forgotten = forgetRows(history, ids)
        return forgotten.length
      }),
    bringBack: (ids) =>
      done(() => {
        const wanted = forgotten.filter(({ id }) => ids.includes(id))
        const back = transaction(history, () => wanted.filter((taken) => bringBack(history, taken)))
        forgotten = forgotten.filter((taken) => !back.includes(taken))
        added()
        return back.length
      }),
  }
}
