// A folder's entries as its dialog shows them: hidden ones or not, of the wanted kinds, found by what is typed; and the
// steps of a path. Pure.
import type { EntryKind, FolderEntry, Listing } from '../../../src-main/contract/api/folders.ts'

export interface Narrowed {
  search: string // words, each of which must stand in the name
  kinds: readonly EntryKind[] // folders are always shown
  hidden: boolean
}

export function narrow(entries: readonly FolderEntry[], { search, kinds, hidden }: Narrowed): FolderEntry[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return entries.filter(({ name, kind }) => {
    if (!hidden && name.startsWith('.')) return false
    if (kind !== 'folder' && !kinds.includes(kind)) return false
    const plain = name.toLowerCase()
    return words.every((word) => plain.includes(word))
  })
}

export interface Crumb {
  name: string
  path: string
}

/** From the root that holds the folder down to it. */
export function crumbsOf({ path, roots }: Pick<Listing, 'path' | 'roots'>): Crumb[] {
  const mark = separatorOf(path)
  const within = roots.filter((root) => path === root.path || path.startsWith(withEnd(root.path, mark)))
  const root = within.sort((a, b) => a.path.length - b.path.length)[0]
  if (!root) return [{ name: path, path }]
  const crumbs: Crumb[] = [{ name: root.name, path: root.path }]
  const rest = path.slice(withEnd(root.path, mark).length)
  for (const name of rest.split(mark).filter(Boolean))
    crumbs.push({ name, path: joined(crumbs.at(-1)?.path ?? root.path, name) })
  return crumbs
}

/** A name in a folder, as its system writes it. */
export function joined(folder: string, name: string): string {
  return `${withEnd(folder, separatorOf(folder))}${name}`
}

const withEnd = (path: string, mark: string): string => (path.endsWith(mark) ? path : `${path}${mark}`)
const separatorOf = (path: string): string => (/^[a-z]:\\|^\\\\/i.test(path) ? '\\' : '/')

/** What is wrong with the name of a new file; null: nothing. */
export function nameFault(name: string, entries: readonly Pick<FolderEntry, 'name'>[]): string | null {
  if (name.trim() === '') return 'Name the file.'
  if (/[/\\\0]/.test(name) || name === '.' || name === '..') return 'A name holds no / and no \\.'
  return entries.some((entry) => entry.name === name)
    ? 'There is something of this name already: choose another.'
    : null
}
