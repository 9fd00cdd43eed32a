// The library of checkpoints: rows of the history, and a process of its own that reads what lies behind them. Adding
// answers as soon as the rows are there; what is in them follows by itself and is told by watch(). Opened for reading
// it shows the same and changes nothing.
import { dirname } from 'node:path'

import type { Added, LibraryWork, Listed, Reopened, ScannedAgain, Shown } from '../../contract/api/library.ts'
import { BasilError } from '../../contract/errors.ts'
import { entriesOf, entryAt } from '../../history/library/entries.ts'
import type { History } from '../../history/statement.ts'
import type { EngineProcess } from '../link/engine-process.ts'
import { createPulse } from '../pulse.ts'
import { createReader } from '../reading/reader.ts'
import { createAdding } from './adding.ts'
import { createBackgroundReading } from './background-reading.ts'
import { type Changes, createChanges } from './changes.ts'
import { type Questions, questionsTo } from './questions.ts'
import { reopen } from './reopen.ts'
import { rowOfFile, showRow } from './rows.ts'
import { scanAgain } from './scan-again.ts'
import { createSets } from './sets/sets.ts'
import { viewOf } from './view.ts'

export interface Library extends Questions, Changes {
  list(): Promise<Listed>
  watch(): AsyncGenerator<{ version: number; work: LibraryWork }, void>
  /** Files and folders. Throws folder-busy where this process does not write. */
  add(paths: string[]): Promise<Added>
  /** A file that Basil wrote. Never rejects: where no row can be made, the file is there all the same. */
  shelve(file: string): Promise<void>
  find(file: { bytes: number; modified: number; quick: string }): number | null
  /** Resolves when the folder was walked and every file looked at. */
  scanAgain(folder: string): Promise<ScannedAgain>
  /** Resolves when every file has been looked at; what has changed is read after that. */
  refresh(): Promise<boolean>
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
    ...createChanges({ history, changing, changed, added }),
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
