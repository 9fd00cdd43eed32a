// Paths that the person names become rows: a data set is one, a folder that holds several is as many. What cannot be
// looked into is refused with its reason, and the next path's turn comes.
import type { AddedData, DataWork } from '../../contract/api/data.ts'
import { recordOf } from '../../contract/errors.ts'
import type { Progress } from '../../contract/run/run.ts'
import { addData, dataAt, putDue } from '../../history/data-sets.ts'
import type { History } from '../../history/statement.ts'
import { answerOf } from '../reading/answer.ts'
import type { Reader } from '../reading/reader.ts'
import { absolute } from '../typed-path.ts'

export interface Adding {
  /** Throws cancelled when the signal says so; what was found by then stays. */
  add(paths: string[], signal?: AbortSignal): Promise<AddedData>
  /** How far the search that began last is. */
  work(): DataWork
}

interface Parts {
  history: History
  reader: Pick<Reader, 'told'>
  now: () => Date
  beat: () => void // how far it is
  changed: () => void // rows
}

export function createAdding({ history, reader, now, beat, changed }: Parts): Adding {
  const finding = new Map<object, DataWork>() // folders that are searched now

  async function add(paths: string[], signal?: AbortSignal): Promise<AddedData> {
    const mine = {}
    const tell = ({ what, done, total }: Progress): void => {
      finding.set(mine, { what, done, total })
      beat()
    }
    const told: AddedData = { added: [], known: [], refused: [] }
    for (const path of paths.map(absolute)) {
      try {
        tell({ type: 'progress', what: `Looking into ${path}`, done: 0, total: 0 })
        const events = reader.told(path, (client) => client.data.find({ path }))
        const { paths: found, refused } = await answerOf(events, { signal, tell })
        for (const one of refused) told.refused.push(one)
        const known = found.flatMap((at) => dataAt(history, at) ?? [])
        for (const { id } of known) told.known.push(id)
        const fresh = found.filter((at) => !known.some((row) => row.path === at))
        for (const id of addData(history, fresh, now())) told.added.push(id)
      } catch (error) {
        if (signal?.aborted) throw error
        told.refused.push(recordOf(error))
      } finally {
        finding.delete(mine)
        changed()
      }
    }
    for (const id of told.known) putDue(history, id)
    changed()
    return told
  }

  return { add, work: () => [...finding.values()].at(-1) ?? null }
}
