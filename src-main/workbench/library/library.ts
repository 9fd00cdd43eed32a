// The library of checkpoints: rows of the history, and a process of its own that reads what lies behind them. Adding
// answers as soon as the rows are there; what is in them follows by itself and is told by watch(). Opened for reading
// it shows the same and changes nothing.
import { homedir } from 'node:os'
import { basename, join, resolve } from 'node:path'

import type { Added, Described, Entry, LibraryWork, Listed, Reopened, Shown } from '../../contract/api/library.ts'
import type { Compatibility, Difference, Form, Statistics } from '../../contract/checkpoint.ts'
import type { Told } from '../../contract/engine-api.ts'
import { BasilError, recordOf } from '../../contract/errors.ts'
import type { Exported } from '../../contract/run/recipe.ts'
import {
  addEntries,
  contentOf,
  describeEntry,
  entriesOfSize,
  entryAt,
  entryOf,
  forgetEntry,
  type Place,
  type StoredEntry,
} from '../../history/library/entries.ts'
import { usesOf } from '../../history/library/uses.ts'
import { type History, transaction } from '../../history/statement.ts'
import { inExports } from '../export/exports.ts'
import type { EngineProcess } from '../link/engine-process.ts'
import { createPulse } from '../pulse.ts'
import { createBackgroundReading } from './background-reading.ts'
import { eachOf } from './each-of.ts'
import { measure, nowhere } from './file-identity.ts'
import { createReader } from './reader.ts'
import { recipeIn, reopen, runOf } from './reopen.ts'
import { type Scanned, scan } from './scan.ts'
import { createSets } from './sets/sets.ts'
import { viewOf } from './view.ts'
import { presentWith } from './whereabouts.ts'

export interface Library {
  list(): Promise<Listed>
  watch(): AsyncGenerator<{ version: number; work: LibraryWork }, void>
  /** Files and folders. Throws folder-busy where this process does not write. */
  add(paths: string[]): Promise<Added>
  find(file: { bytes: number; modified: number; quick: string }): number | null
  /** How many rows went; their files stay. */
  forget(ids: number[]): number
  /** Resolves when every file has been looked at; what has changed is read after that. */
  refresh(): Promise<boolean>
  describe(said: Described): Entry
  show(id: number): Shown
  statistics(id: number): AsyncGenerator<Told<Statistics>, void>
  compare(a: number, b: number): AsyncGenerator<Told<Difference>, void>
  compatible(pretrained: number, others: number[]): AsyncGenerator<Told<Compatibility>, void>
  suggestName(id: number, form: Form): string
  /** target null: a new file in the data folder's exports. */
  convert(id: number, form: Form, target: { out: string; overwrite: boolean } | null): Promise<Exported>
  reopen(recipe: string): Reopened
  /** Whether a page may name this path: the person added it. */
  holds(path: string): boolean
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

const batch = 100 // files measured and added in one go

export function createLibrary({ history, home, start, now = () => new Date() }: LibraryOptions): Library {
  const reader = createReader(start)
  let version = 0
  let looking: LibraryWork = null // while files are added
  const work = (): LibraryWork => looking ?? attendant.work()
  const pulse = createPulse(() => ({ version, work: work() }))
  const attendant = createBackgroundReading(history, reader, changed)
  const sets = createSets()
  let adding: Promise<unknown> = Promise.resolve() // one after the other, so that no file is taken twice

  function changing(): void {
    if (!history.write) throw readOnly(home)
  }

  function stored(id: number): StoredEntry {
    return entryOf(history, id) ?? missing(id)
  }

  function viewed(id: number): Entry {
    return viewOf(history).find((entry) => entry.id === id) ?? missing(id)
  }

  function changed(): void {
    version++
    pulse.beat()
  }

  function look(done: number, total: number): void {
    looking = { what: 'looking', done, total }
    changed()
  }

  async function addAll(paths: string[]): Promise<Added> {
    look(0, 0)
    try {
      return await addFound(await scan(paths.map(absolute)))
    } finally {
      looking = null
      changed()
    }
  }

  async function addFound({ files, lost, refused }: Scanned): Promise<Added> {
    const told: Added = { added: [], known: [], refused }
    keep(lost, lost.map(nowhere), told)
    for (let at = 0; at < files.length; at += batch) {
      look(at, files.length)
      const places: Place[] = []
      await eachOf(files.slice(at, at + batch), async (file) => {
        await measure(file).then(
          (place) => places.push(place),
          (error: unknown) => refused.push(recordOf(error)),
        )
      })
      keep(files, places, told)
    }
    sets.forget()
    attendant.wake()
    return told
  }

  /** In the order of the scan, one row for each file on disk. */
  function keep(order: string[], places: Place[], told: Added): void {
    const place = new Map(order.map((path, i) => [path, i]))
    const fresh = new Map<string, Place>()
    for (const found of places.sort((a, b) => (place.get(a.path) ?? 0) - (place.get(b.path) ?? 0))) {
      const known = entryAt(history, found)
      if (known) told.known.push(known.id)
      else if (!fresh.has(found.target)) fresh.set(found.target, found)
    }
    const ids = addEntries(history, [...fresh.values()], now())
    attendant.relinkUnhashed(ids)
    for (const id of ids) told.added.push(id)
    changed()
  }

  async function convert(
    id: number,
    form: Form,
    target: { out: string; overwrite: boolean } | null,
  ): Promise<Exported> {
    const { path } = stored(id)
    const write = async (out: string, overwrite: boolean): Promise<Exported> => {
      let written: Exported | undefined
      for await (const event of reader.told(path, (client) => client.convert({ file: path, out, overwrite, form })))
        if (event.type === 'result') written = event.result
      if (written) return written
      throw new Error('the engine ended without saying what it wrote')
    }
    if (target) return write(target.out, target.overwrite)
    return inExports(home, suggestName(id, form), (out) => write(out, false))
  }

  /** open_clip-ViT-B-32.pt in Hugging Face's layout: open_clip-ViT-B-32-huggingface.safetensors */
  function suggestName(id: number, { container, layout, dtype }: Form): string {
    const stem = basename(stored(id).path).replace(/(\.index)?\.[a-z]+$/i, '')
    const words = [stem, layout, dtype].filter((word) => word !== null).map((word) => word.replaceAll(' ', '-'))
    return `${words.join('-')}.${container === 'state_dict' ? 'pt' : 'safetensors'}`
  }

  // A history in trouble says so to whoever asks it.
  const opening = history.write ? attendant.refresh(false).catch(() => undefined) : Promise.resolve()

  return {
    list: async () => {
      const entries = viewOf(history)
      return { entries, sets: await sets.of(entries), work: work() }
    },
    watch: pulse.watch,
    add: (paths) => {
      changing()
      const mine = adding.then(() => addAll(paths))
      adding = mine.catch(() => undefined)
      return mine
    },
    find: ({ bytes, modified, quick }) =>
      entriesOfSize(history, bytes, quick).find((entry) => Math.trunc(entry.modified) === Math.trunc(modified))?.id ??
      null,
    forget: (ids) => {
      changing()
      const known = [...new Set(ids)].filter((id) => entryOf(history, id))
      transaction(history, () => {
        for (const id of known) forgetEntry(history, id)
      })
      changed()
      return known.length
    },
    refresh: async () => {
      changing()
      sets.forget()
      await attendant.refresh(true)
      return true
    },
    describe: ({ id, role, tags, notes }) => {
      changing()
      const before = stored(id)
      const said = {
        role: role === undefined ? before.role : role,
        tags: [...new Set(tags ?? before.tags)],
        notes: notes ?? before.notes,
      }
      describeEntry(history, id, said)
      changed()
      return viewed(id)
    },
    show: (id) => {
      const entry = viewed(id)
      const { tensors, metadata } = contentOf(history, id)
      return { ...entry, list: tensors, metadata, lineage: lineageOf(history, entry, metadata) }
    },
    statistics: (id) => {
      const { path: file } = stored(id)
      return reader.told(file, (client) => client.statistics({ file }))
    },
    compare: (a, b) => {
      const files = { a: stored(a).path, b: stored(b).path }
      return reader.told(`${files.a}, ${files.b}`, (client) => client.compare(files))
    },
    compatible: (id, ids) => {
      const pretrained = stored(id).path
      const others = ids.map((other) => stored(other).path)
      return reader.told(pretrained, (client) => client.compatible({ pretrained, others }))
    },
    suggestName,
    convert,
    reopen: (recipe) => reopen(history, recipe),
    holds: (path) => entryAt(history, { path, target: path })?.path === path,
    settled: async () => {
      await Promise.all([opening, adding])
      await attendant.settled()
    },
    close: async () => {
      pulse.end()
      await attendant.close()
      await adding.catch(() => undefined)
    },
  }
}

/** Where a checkpoint comes from, as far as it says so itself, and what came of it. */
function lineageOf(history: History, { sha256 }: Entry, metadata: Record<string, string>): Shown['lineage'] {
  const recipe = recipeIn(metadata)
  const parents = recipe
    ? [{ role: 'pretrained', ...recipe.pretrained }, ...recipe.vectors.map((vector) => ({ role: 'vector', ...vector }))]
    : []
  return {
    made: recipe && {
      run: runOf(history, recipe),
      name: recipe.name,
      method: recipe.method,
      iteration: recipe.iteration,
    },
    parents: parents.map((parent) => ({
      role: parent.role,
      name: parent.name,
      sha256: parent.sha256,
      id: presentWith(history, parent.sha256)?.id ?? null,
    })),
    usedBy: sha256 === null ? [] : usesOf(history, sha256),
  }
}

export function absolute(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : resolve(path)
}

function missing(id: number): never {
  throw new BasilError({
    code: 'file-missing',
    what: 'The library has no such row',
    where: `row ${id}`,
    why: 'it was forgotten, or taken together with the row of the same file',
    next: 'reload the list, or add the file again',
  })
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
