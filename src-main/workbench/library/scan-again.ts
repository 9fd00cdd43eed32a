// A second look at a folder: every row is looked at, the folder is walked once more, and what is other than before is
// told. A row that went missing and a new file of the same size, ends and time are one file that moved; the rows become
// one as soon as a hash agrees.
import type { ScannedAgain } from '../../contract/api/library.ts'
import { entriesOf, type StoredEntry } from '../../history/library/entries.ts'
import type { History } from '../../history/statement.ts'
import type { Adding } from './adding.ts'

interface Parts {
  history: History
  adding: Pick<Adding, 'add'>
  look: () => Promise<void> // at every file
}

export async function scanAgain({ history, adding, look }: Parts, folder: string): Promise<ScannedAgain> {
  const before = new Map(entriesOf(history).map((entry) => [entry.id, entry]))
  await look()
  const { refused } = await adding.add([folder])
  const after = entriesOf(history)
  const was = (entry: StoredEntry, ...states: StoredEntry['state'][]): boolean =>
    states.includes(before.get(entry.id)?.state ?? entry.state)
  const fresh = after.filter(({ id }) => !before.has(id))
  const lost = after.filter((entry) => entry.state === 'missing')
  const relinked = after.flatMap(({ id, path }) => {
    const from = before.get(id)?.path
    return from === undefined || from === path ? [] : [{ id, from }]
  })
  const alike = fresh.flatMap(({ id, bytes, quick, modified }) => {
    const same = lost.find((gone) => gone.bytes === bytes && gone.quick === quick && gone.modified === modified)
    return same && quick !== null ? [{ id, from: same.path, gone: same.id }] : []
  })
  const ids = (entries: readonly StoredEntry[]): number[] => entries.map(({ id }) => id)
  return {
    added: ids(fresh).filter((id) => !alike.some((one) => one.id === id)),
    missing: ids(lost.filter((entry) => !was(entry, 'missing') && !alike.some(({ gone }) => gone === entry.id))),
    back: ids(after.filter((entry) => entry.state !== 'missing' && was(entry, 'missing'))).filter(
      (id) => before.has(id) && !relinked.some((one) => one.id === id),
    ),
    changed: ids(after.filter((entry) => entry.state === 'changed' && !was(entry, 'changed'))),
    moved: [...relinked, ...alike.map(({ id, from }) => ({ id, from }))],
    refused,
  }
}
