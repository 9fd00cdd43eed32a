// The data sets the person added: rows of the history, and processes of their own that read what lies behind them, a
// few for what is looked at in a while and one for what reads every image, so that a page of pictures waits neither for
// a leak report nor for a large folder. Adding answers as soon as the rows are there; what is in them follows by itself
// and is told by watch(). Opened for reading it shows the same and changes nothing.
import type { AddedData, DataSet, DataWork, ShownData } from '../../contract/api/data.ts'
import { bringDataBack, dataAt, dataOf, dataSets, putDue, type TakenData, takeData } from '../../history/data-sets.ts'
import { type History, transaction } from '../../history/statement.ts'
import type { EngineProcess } from '../link/engine-process.ts'
import { createPulse } from '../pulse.ts'
import { createReader } from '../reading/reader.ts'
import { createReaders } from '../reading/readers.ts'
import { createAdding } from './adding.ts'
import { createBackgroundLooking } from './background-looking.ts'
import { type Questions, questionsTo, storedData } from './questions.ts'
import { readOnly } from './refusals.ts'
import { viewOf } from './view.ts'

export interface DataSets extends Questions {
  list(): DataSet[]
  watch(): AsyncGenerator<{ version: number; reading: number; work: DataWork }, void>
  /**
   * Throws folder-busy where this process does not write, and cancelled when the signal says so; what was found by then
   * stays.
   */
  add(paths: string[], signal?: AbortSignal): Promise<AddedData>
  /** How many rows went; what they name stays. */
  forget(ids: number[]): number
  /** Rows that the last forgetting took, as they were; how many. */
  bringBack(ids: number[]): number
  /** Everything is read again; resolves when that is done. */
  refresh(): Promise<boolean>
  show(id: number): ShownData
  /** Whether a page may name this path: the person added it. */
  holds(path: string): boolean
  /** Where they lie: folders and files. */
  paths(): string[]
  /** Resolves when nothing is left to read. */
  settled(): Promise<void>
  close(): Promise<void>
}

interface DataOptions {
  history: History
  home: string // the data folder
  start: () => EngineProcess
  now?: () => Date
}

export function createDataSets({ history, home, start, now = () => new Date() }: DataOptions): DataSets {
  const [quick, long] = [createReaders(start), createReader(start)]
  let version = 0
  let forgotten: readonly TakenData[] = [] // by the last forgetting
  const pulse = createPulse(() => ({ version, reading: looking.reading(), work: adding.work() }))
  const looking = createBackgroundLooking(history, quick, changed)
  const adding = createAdding({ history, reader: quick, now, beat: pulse.beat, changed: added })

  function changed(): void {
    version++
    pulse.beat()
  }

  function added(): void {
    changed()
    looking.wake()
  }

  function changing(): void {
    if (!history.write) throw readOnly(home)
  }

  return {
    ...questionsTo({ history, home, quick, long, changing, changed, now }),
    list: () => dataSets(history).map(viewOf),
    watch: pulse.watch,
    add: async (paths, signal) => {
      changing()
      return adding.add(paths, signal)
    },
    forget: (ids) => {
      changing()
      const known = [...new Set(ids)].filter((id) => dataOf(history, id))
      looking.leave(known)
      forgotten = transaction(history, () => known.flatMap((id) => takeData(history, id) ?? []))
      changed()
      return forgotten.length
    },
    bringBack: (ids) => {
      changing()
      const wanted = forgotten.filter(({ id }) => ids.includes(id))
      const back = transaction(history, () => wanted.filter((taken) => bringDataBack(history, taken)))
      forgotten = forgotten.filter((taken) => !back.includes(taken))
      added()
      return back.length
    },
    refresh: async () => {
      changing()
      transaction(history, () => {
        for (const { id } of dataSets(history)) putDue(history, id)
      })
      looking.wake()
      await looking.settled()
      return true
    },
    show: (id) => {
      const row = storedData(history, id)
      return { ...viewOf(row), facts: row.facts, prepared: row.prepared, leaks: row.leaks }
    },
    holds: (path) => dataAt(history, path) !== undefined,
    paths: () => dataSets(history).map(({ path }) => path),
    settled: looking.settled,
    close: async () => {
      const ended = looking.close()
      pulse.end()
      await Promise.all([quick.close(), long.close()])
      await ended
    },
  }
}
