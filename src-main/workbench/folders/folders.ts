// A folder as a page shows it: names, kinds by ending, sizes and times. Nothing is opened, no link is followed out of
// the roots, and a folder of any size is answered with its first ten thousand entries.
import type { Dirent } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'

import pMap from 'p-map'

import type { EntryKind, FolderEntry, Listing } from '../../contract/api/folders.ts'
import { BasilError } from '../../contract/errors.ts'
import { isCheckpointName } from '../../contract/file-names.ts'
import { absolute } from '../typed-path.ts'
import { isInside, type Place, rootsOf } from './roots.ts'

const most = 10_000 // entries
const mostRoots = 60 // shown; every one may be listed
const statsAtOnce = 32
const data = /\.(parquet|arrow|csv|tsv|tar|mat)$|-ubyte(\.gz)?$|_batch(_\d)?$/i

export interface Folders {
  /** null: the first root. Throws not-allowed, file-missing, file-unreadable. */
  list(path: string | null): Promise<Listing>
  /** Typed by the person, and a root from now on. */
  open(path: string): Promise<Listing>
  /** Whether a file may be written into this folder by a page's word. */
  holds(folder: string): Promise<boolean>
}

/** named: the folders of the library and the data sets, as they are now. */
export function createFolders(named: () => readonly string[]): Folders {
  const typed = new Set<string>()
  const roots = (): Promise<Place[]> => rootsOf(named(), [...typed])
  return {
    list: async (path) => {
      const places = await roots()
      return listing(path ?? places[0]?.path ?? homedir(), places)
    },
    open: async (path) => {
      const at = absolute(path)
      const found = await look(at)
      const folder = found.isDirectory() ? at : dirname(at)
      typed.add(folder)
      return listing(folder, await roots())
    },
    holds: async (folder) => {
      const real = await realpath(folder).catch(() => null)
      return real !== null && (await roots()).some((root) => isInside(real, root.real))
    },
  }
}

async function listing(path: string, roots: readonly Place[]): Promise<Listing> {
  const folder = absolute(path)
  const real = await realpath(folder).catch((error: unknown) => fail(folder, error))
  if (!roots.some((root) => isInside(real, root.real))) throw outside(folder)
  const found = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => fail(folder, error))
  const first = found.sort(likelyFirst).slice(0, most)
  const seen = await pMap(first, (entry) => entryOf(folder, real, entry, roots), { concurrency: statsAtOnce })
  const entries = seen.filter((entry) => entry !== null).sort(foldersFirst)
  const [above, out] = [dirname(folder), seen.length - entries.length]
  const aboveReal = above === folder ? null : await realpath(above).catch(() => null)
  const isAboveIn = aboveReal !== null && roots.some((root) => isInside(aboveReal, root.real))
  return {
    path: folder,
    parent: isAboveIn ? above : null,
    entries,
    roots: roots.slice(0, mostRoots).map(({ name, path: at }) => ({ name, path: at })),
    notes: [
      ...(found.length > most
        ? [
            `This folder has ${found.length.toLocaleString('en')} entries; the first ${most.toLocaleString('en')} are shown.`,
          ]
        : []),
      ...(out > 0
        ? [`${out === 1 ? 'One entry is' : `${out} entries are`} left out: links that lead elsewhere or nowhere.`]
        : []),
    ],
  }
}

/** null: a link that leads out of the roots, or nowhere. */
async function entryOf(
  folder: string,
  realFolder: string,
  entry: Dirent,
  roots: readonly Place[],
): Promise<FolderEntry | null> {
  const { name } = entry
  const path = join(folder, name)
  const real = entry.isSymbolicLink() ? await realpath(path).catch(() => null) : join(realFolder, name)
  if (real === null || !roots.some((root) => isInside(real, root.real))) return null
  const info = await stat(real).catch(() => null)
  if (info === null) return null
  const isFolder = info.isDirectory()
  return {
    name,
    path,
    kind: isFolder ? 'folder' : info.isFile() ? kindOf(name) : 'file',
    bytes: isFolder ? null : info.size,
    modified: info.mtime.toISOString(),
  }
}

function kindOf(name: string): EntryKind {
  if (isCheckpointName(name)) return 'checkpoint'
  if (/\.(json|ya?ml)$/i.test(name)) return 'configuration'
  return data.test(name) ? 'data' : 'file'
}

const natural = new Intl.Collator('en', { numeric: true })

const likelyFirst = (a: Dirent, b: Dirent): number =>
  Number(b.isDirectory()) - Number(a.isDirectory()) || natural.compare(a.name, b.name)

function foldersFirst(a: FolderEntry, b: FolderEntry): number {
  return Number(b.kind === 'folder') - Number(a.kind === 'folder') || natural.compare(a.name, b.name)
}

const look = (path: string) => stat(path).catch((error: unknown) => fail(path, error))

function outside(where: string): BasilError {
  return new BasilError({
    code: 'not-allowed',
    what: 'This folder is outside the places that Basil may show',
    where,
    why: 'only the home folder, mounted disks, and folders that you named are listed',
    next: 'type its path into the path field: what you type may be listed',
  })
}

function fail(where: string, error: unknown): never {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  const isMissing = code === 'ENOENT' || code === 'ENOTDIR'
  throw new BasilError(
    {
      code: isMissing ? 'file-missing' : 'file-unreadable',
      what: isMissing ? 'There is no such folder' : 'This folder cannot be read',
      where,
      why: code === 'ENOTDIR' ? 'it is a file' : isMissing ? 'nothing lies at this place' : reasonOf(code),
      next: isMissing
        ? `check the path, or choose ${basename(dirname(where)) || 'a folder'} above it`
        : 'choose another folder',
    },
    { cause: error },
  )
}

const reasonOf = (code: string): string =>
  code === 'EACCES' || code === 'EPERM' ? 'you are not permitted to' : `the system says ${code}`
