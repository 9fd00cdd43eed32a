// The data sets the person added: rows of the history, and processes of their own that read what lies behind them, a
// few for what is looked at in a while and one for what reads every image, so that a page of pictures waits neither for
// a leak report nor for a large folder. Adding answers as soon as the rows are there; what is in them follows by itself
// and is told by watch(). Opened for reading it shows the same and changes nothing.
import { stat } from 'node:fs/promises'

import type {
  AddedData,
  DataFacts,
  DataSet,
  DataWork,
  DrawnSplit,
  LeakReport,
  NamedData,
  PreparedSplit,
  Previews,
  ShownData,
  WantedPreviews,
} from '../../contract/api/data.ts'
import { gone } from '../../contract/data/gone.ts'
import type { Told } from '../../contract/engine-api.ts'
import { recordOf } from '../../contract/errors.ts'
import type { Progress } from '../../contract/run/run.ts'
import {
  addData,
  dataAt,
  dataOf,
  dataSets,
  dueData,
  forgetData,
  putDataState,
  putDue,
  putFacts,
  putLeaks,
  putPrepared,
  type StoredData,
} from '../../history/data-sets.ts'
import { type History, transaction } from '../../history/statement.ts'
import { absolute } from '../library/library.ts'
import { createReader } from '../library/reader.ts'
import type { EngineClient } from '../link/engine-link.ts'
import type { EngineProcess } from '../link/engine-process.ts'
import { createPulse } from '../pulse.ts'
import { type Asking, answerOf } from './asked.ts'
import { createReaders } from './readers.ts'
import { noRow, nothingToCompare, readOnly } from './refusals.ts'
import { leakSplits, viewOf } from './view.ts'

export interface DataSets {
  list(): DataSet[]
  watch(): AsyncGenerator<{ version: number; reading: number; work: DataWork }, void>
  /**
   * Throws folder-busy where this process does not write, and cancelled when the signal says so; what was found by then
   * stays.
   */
  add(paths: string[], signal?: AbortSignal): Promise<AddedData>
  /** How many rows went; what they name stays. */
  forget(ids: number[]): number
  /** Everything is read again; resolves when that is done. */
  refresh(): Promise<boolean>
  show(id: number): ShownData
  draw(id: number, split: string): Promise<DrawnSplit>
  previews(id: number, split: string, wanted: WantedPreviews): Promise<Previews>
  prepare(id: number, splits: string[], size: number): AsyncGenerator<Told<PreparedSplit[]>, void>
  leaks(id: number, size: number): AsyncGenerator<Told<LeakReport>, void>
  /** Which of the field's data sets lie at folders or directly in them. */
  named(folders: string[]): Promise<NamedData[]>
  /** Whether a page may name this path: the person added it. */
  holds(path: string): boolean
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
  const finding = new Map<object, DataWork>() // folders that are searched now
  let atRow: { id: number; leaving: AbortController } | null = null
  let version = 0
  let reading = 0
  let atIt: Promise<void> | null = null
  let isClosed = false
  const pulse = createPulse(() => ({ version, reading, work: [...finding.values()].at(-1) ?? null }))

  function changed(): void {
    version++
    pulse.beat()
  }

  function changing(): void {
    if (!history.write) throw readOnly(home)
  }

  const stored = (id: number): StoredData => dataOf(history, id) ?? noRow(id)

  /** A short question, whose answer is all that is wanted of it. */
  function asked<T>(
    where: string,
    question: (client: EngineClient) => Promise<AsyncIterable<Told<T>>>,
    asking?: Asking,
  ): Promise<T> {
    return answerOf(quick.told(where, question), asking)
  }

  async function readOne(row: StoredData): Promise<void> {
    const keep = (outcome: () => void): void => {
      if (!isClosed && dataOf(history, row.id)) outcome()
    }
    const leaving = new AbortController()
    atRow = { id: row.id, leaving }
    try {
      const facts = await asked<DataFacts>(row.path, (client) => client.data.look({ path: row.path }), leaving)
      keep(() => putFacts(history, row, facts))
    } catch (thrown) {
      if (leaving.signal.aborted) return // the row was forgotten
      const error = recordOf(thrown)
      if (error.code === 'engine-lost' || error.code === 'cancelled') throw thrown
      const isMissing = error.code === 'file-missing' && !(await isThere(row.path))
      keep(() =>
        putDataState(history, row.id, isMissing ? 'missing' : 'unreadable', isMissing ? gone(row.path) : error),
      )
    }
  }

  async function attend(): Promise<void> {
    for (let due = dueData(history); due.length > 0 && !isClosed; due = dueData(history)) {
      reading = due.length
      changed()
      await readOne(due[0] as StoredData)
    }
  }

  function wake(): void {
    if (isClosed || atIt || !history.write) return
    atIt = attend()
      .catch(() => undefined) // the process does not start, or the disk is full: the rows wait for the next call
      .finally(() => {
        atIt = null
        reading = 0
        changed()
      })
  }

  async function settled(): Promise<void> {
    await opening
    while (atIt) await atIt
  }

  /** At opening: what is gone, and what is there again. What is in it is read when asked for. */
  async function lookAtAll(): Promise<void> {
    for (const { id, path, state } of dataSets(history)) {
      const is = await isThere(path)
      if (isClosed) return
      if (!is && state !== 'missing') putDataState(history, id, 'missing', gone(path))
      if (is && state === 'missing') putDue(history, id)
    }
    changed()
    wake()
  }

  async function add(paths: string[], signal?: AbortSignal): Promise<AddedData> {
    changing()
    const mine = {}
    const tell = ({ what, done, total }: Progress): void => {
      finding.set(mine, { what, done, total })
      pulse.beat()
    }
    const told: AddedData = { added: [], known: [], refused: [] }
    for (const path of paths.map(absolute)) {
      try {
        tell({ type: 'progress', what: `Looking into ${path}`, done: 0, total: 0 })
        const { paths: found, refused } = await asked(path, (client) => client.data.find({ path }), { signal, tell })
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
        wake()
      }
    }
    for (const id of told.known) putDue(history, id)
    changed()
    wake()
    return told
  }

  async function* leaks(id: number, size: number): AsyncGenerator<Told<LeakReport>, void> {
    changing()
    const { path, facts } = stored(id)
    const splits = leakSplits(facts)
    if (splits.length < 2) throw nothingToCompare(path)
    for await (const event of long.told(path, (client) => client.data.leaks({ path, splits, size, home }))) {
      if (event.type === 'result' && dataOf(history, id)) {
        const report = { ...event.result, made: now().toISOString() }
        transaction(history, () => {
          putLeaks(history, id, report)
          putPrepared(history, id, report.splits)
        })
        changed()
      }
      yield event
    }
  }

  async function* prepare(id: number, names: string[], size: number): AsyncGenerator<Told<PreparedSplit[]>, void> {
    changing()
    const { path, facts } = stored(id)
    const known = new Map([...(facts?.splits ?? []), ...(facts?.field ?? [])].map(({ name, count }) => [name, count]))
    const splits = await Promise.all(
      names.map(async (name) => ({ name, count: known.get(name) ?? (await draw(id, name)).count })),
    )
    for await (const event of long.told(path, (client) => client.data.prepare({ path, splits, size, home }))) {
      if (event.type === 'result' && dataOf(history, id)) {
        putPrepared(history, id, event.result)
        changed()
      }
      yield event
    }
  }

  const imagesOf = (id: number, split: string): string => `${stored(id).path}#${split}`
  const draw = (id: number, split: string): Promise<DrawnSplit> => {
    const images = imagesOf(id, split)
    return asked(images, (client) => client.data.draw({ images }))
  }
  const opening = history.write ? lookAtAll().catch(() => undefined) : Promise.resolve()

  return {
    list: () => dataSets(history).map(viewOf),
    watch: pulse.watch,
    add,
    forget: (ids) => {
      changing()
      const known = [...new Set(ids)].filter((id) => dataOf(history, id))
      if (atRow && known.includes(atRow.id)) atRow.leaving.abort()
      transaction(history, () => {
        for (const id of known) forgetData(history, id)
      })
      changed()
      return known.length
    },
    refresh: async () => {
      changing()
      transaction(history, () => {
        for (const { id } of dataSets(history)) putDue(history, id)
      })
      wake()
      await settled()
      return true
    },
    show: (id) => {
      const row = stored(id)
      return { ...viewOf(row), facts: row.facts, prepared: row.prepared, leaks: row.leaks }
    },
    named: (folders) => asked(folders.join(', '), (client) => client.data.named({ folders })),
    draw,
    previews: (id, split, wanted) => {
      const images = imagesOf(id, split)
      return asked(images, (client) => client.data.previews({ images, wanted }))
    },
    prepare,
    leaks,
    holds: (path) => dataAt(history, path) !== undefined,
    settled,
    close: async () => {
      isClosed = true
      pulse.end()
      await Promise.all([quick.close(), long.close()])
      await atIt
    },
  }
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
