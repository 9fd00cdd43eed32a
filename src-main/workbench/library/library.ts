// The library of checkpoints: rows of the history, and a process of its own that reads what lies behind them. Adding
// answers as soon as the rows are there; what is in them follows by itself and is told by watch(). Opened for reading
// it shows the same and changes nothing.
import { dirname } from 'node:path'

import type {
  Added,
  Described,
  Entry,
  LibraryWork,
  Listed,
  Reopened,
  ScannedAgain,
  Shown,
  Tagging,
} from '../../contract/api/library.ts'
import { BasilError } from '../../contract/errors.ts'
import { bringBack, entriesOf, entryAt, type TakenEntry } from '../../history/library/entries.ts'
import { type History, transaction } from '../../history/statement.ts'
import type { EngineProcess } from '../link/engine-process.ts'
import { createPulse } from '../pulse.ts'
import { createReader } from '../reading/reader.ts'
import { createAdding } from './adding.ts'
import { createBackgroundReading } from './background-reading.ts'
import { type Questions, questionsTo } from './questions.ts'
import { reopen } from './reopen.ts'
import { describeRow, forgetRows, rowOfFile, showRow, tagRows } from './rows.ts'
import { scanAgain } from './scan-again.ts'
import { createSets } from './sets/sets.ts'
import { viewOf } from './view.ts'

export interface Library extends Questions {
  list(): Promise<Listed>
  watch(): AsyncGenerator<{ version: number; work: LibraryWork }, void>
  /** Files and folders. Throws folder-busy where this process does not write. */
  add(paths: string[]): Promise<Added>
  /** A file that Basil wrote. Never rejects: where no row can be made, the file is there all the same. */
  shelve(file: string): Promise<void>
  find(file: { bytes: number; modified: number; quick: string }): number | null
  /** How many rows went; their files stay. */
  forget(ids: number[]): number
  /** Rows that the last forgetting took, as they were; how many. */
  bringBack(ids: number[]): number
  /** The rows that have other tags now. */
  tag(tagging: Tagging): number[]
  /** Resolves when the folder was walked and every file looked at. */
  scanAgain(folder: string): Promise<ScannedAgain>
  /** Resolves when every file has been looked at; what has changed is read after that. */
  refresh(): Promise<boolean>
  describe(said: Described): Entry
  show(id: number): Shown
  reopen(recipe: string): Reopened
  /** Whether a page may name this path: the person added it. */
  holds(path: string): boolean
  /** Where its files lie. */
  folders(): string[]
  /** Resolves when every file has been looked at, and nothing is left to read and hash. */
  settled(): Promise<void>
  close(): Promise<void>
}

interface LibraryOptions {
  history: History
  home: string // the data folder
  start: () => EngineProcess
  now?: () => Date
}

export function createLibrary({ history, home, start, now = () => new Date() }: LibraryOptions): Library {
  const reader = createReader(start)
  let version = 0
  let forgotten: readonly TakenEntry[] = [] // by the last forgetting
  const pulse = createPulse(() => ({ version, work: work() }))
  const background = createBackgroundReading(history, reader, changed)
  const questions = questionsTo(reader, history, home)
  const sets = createSets()
  const adding = createAdding({ history, now, changed, done: added })
  const work = (): LibraryWork => adding.work() ?? background.work()

  function changed(): void {
    version++
    pulse.beat()
  }

  function added(): void {
    sets.forget()
    background.wake()
  }

  function changing(): void {
    if (!history.write) throw readOnly(home)
  }

  // A history in trouble says so to whoever asks it.
  const opening = history.write ? background.refresh(false).catch(() => undefined) : Promise.resolve()

  return {
    ...questions,
    list: async () => {
      const entries = viewOf(history)
      return { entries, sets: await sets.of(entries), work: work() }
    },
    watch: pulse.watch,
    add: (paths) => {
      changing()
      return adding.add(paths)
    },
    shelve: async (file) => {
      try {
        const { known } = await adding.add([file])
        if (known.length > 0) await background.refresh(false) // what lay there before is another now
      } catch {
        // a person can add it
      }
    },
    find: (file) => rowOfFile(history, file),
    forget: (ids) => {
      changing()
      forgotten = forgetRows(history, ids)
      changed()
      return forgotten.length
    },
    bringBack: (ids) => {
      changing()
      const wanted = forgotten.filter(({ id }) => ids.includes(id))
      const back = transaction(history, () => wanted.filter((taken) => bringBack(history, taken)))
      forgotten = forgotten.filter((taken) => !back.includes(taken))
      added()
      changed()
      return back.length
    },
    tag: (tagging) => {
      changing()
      const ids = tagRows(history, tagging)
      changed()
      return ids
    },
    scanAgain: async (folder) => {
      changing()
      sets.forget()
      return scanAgain({ history, adding, look: () => background.refresh(true) }, folder)
    },
    refresh: async () => {
      changing()
      sets.forget()
      await background.refresh(true)
      return true
    },
    describe: (said) => {
      changing()
      const entry = describeRow(history, said)
      changed()
      return entry
    },
    show: (id) => ({ ...showRow(history, id), measured: questions.measured(id) }),
    reopen: (recipe) => reopen(history, recipe),
    holds: (path) => entryAt(history, { path, target: path })?.path === path,
    folders: () => [...new Set(entriesOf(history).map(({ path }) => dirname(path)))].sort(),
    settled: async () => {
      await Promise.all([opening, adding.settled()])
      await background.settled()
    },
    close: async () => {
      pulse.end()
      await background.close()
      await adding.settled()
    },
  }
}

function readOnly(home: string): BasilError {
  return new BasilError({
    code: 'folder-busy',
    what: 'The library cannot be changed from here',
    where: home,
    why: 'it was opened for reading, as another Basil may write to this data folder',
    next: 'change it in the window that is open, or close that and try again',
  })
}
