// The library's rows under headings: by folder, as a tree whose empty links are drawn together, or by the architecture
// with its pre-trained models first. What is closed shows its heading alone. Pure.
import type { Entry } from '../../../src-main/contract/api/library.ts'

export const groupings = ['folder', 'base', 'none'] as const
export type Grouping = (typeof groupings)[number]

export interface Group {
  kind: 'group'
  key: string // by which it is remembered as closed
  name: string
  title: string
  depth: number
  count: number // rows under it
  closed: boolean
  folder: string | null
}

export interface Row {
  kind: 'entry'
  entry: Entry
  depth: number
}

export type Item = Group | Row

/** entries: as they are to stand within a group. */
export function itemsOf(entries: readonly Entry[], grouping: Grouping, closed: ReadonlySet<string>): Item[] {
  if (grouping === 'none') return entries.map((entry) => ({ kind: 'entry', entry, depth: 0 }))
  return grouping === 'folder' ? byFolder(entries, closed) : byBase(entries, closed)
}

const separatorOf = (path: string): string => (/^[a-z]:\\|^\\\\/i.test(path) ? '\\' : '/')

/** Where a file lies, without its name. */
export function folderOf(path: string): string {
  const at = path.lastIndexOf(separatorOf(path))
  return at <= 0 ? path.slice(0, 1) : path.slice(0, at)
}

interface Node {
  path: string
  name: string
  children: Map<string, Node>
  entries: Entry[]
}

function byFolder(entries: readonly Entry[], closed: ReadonlySet<string>): Item[] {
  const top: Node = { path: '', name: '', children: new Map(), entries: [] }
  for (const entry of entries) {
    const mark = separatorOf(entry.path)
    let node = top
    for (const name of folderOf(entry.path).split(mark).filter(Boolean)) {
      const path = node.path === '' && mark === '\\' ? name : `${node.path}${mark}${name}`
      const shown = path === `/${name}` ? path : name
      const next = node.children.get(name) ?? { path, name: shown, children: new Map(), entries: [] }
      node.children.set(name, next)
      node = next
    }
    node.entries.push(entry)
  }
  const items: Item[] = []
  const put = (node: Node, depth: number): void => {
    const { path, name, children } = drawnTogether(node)
    const isClosed = closed.has(`folder ${path}`)
    items.push({
      ...{ kind: 'group', key: `folder ${path}`, name, title: path, depth },
      ...{ count: countOf(node), closed: isClosed, folder: path },
    })
    if (isClosed) return
    for (const child of inOrder(children)) put(child, depth + 1)
    for (const entry of drawnTogether(node).entries) items.push({ kind: 'entry', entry, depth: depth + 1 })
  }
  for (const node of inOrder(top.children)) put(node, 0)
  for (const entry of top.entries) items.push({ kind: 'entry', entry, depth: 0 })
  return items
}

/** A folder that holds another folder and nothing else is one with it: "models/clip". */
function drawnTogether(node: Node, name = node.name): Node {
  const [only, ...others] = node.children.values()
  if (!only || others.length > 0 || node.entries.length > 0) return { ...node, name }
  return drawnTogether(only, `${name}/${only.name}`)
}

const countOf = (node: Node): number =>
  [...node.children.values()].reduce((sum, child) => sum + countOf(child), node.entries.length)

const natural = new Intl.Collator('en', { numeric: true })

const inOrder = (nodes: ReadonlyMap<string, Node>): Node[] =>
  [...nodes.values()].sort((a, b) => natural.compare(a.name, b.name))

function byBase(entries: readonly Entry[], closed: ReadonlySet<string>): Item[] {
  const groups = Map.groupBy(entries, baseOf)
  return [...groups]
    .sort(([a], [b]) => Number(a in last) - Number(b in last) || natural.compare(a, b))
    .flatMap(([name, rows]) => {
      const bases = rows.filter((entry) => entry.role === 'pre-trained')
      const key = `base ${name}`
      const title =
        bases.length > 0 ? `Pre-trained: ${bases.map((entry) => entry.name).join(', ')}` : 'No pre-trained model'
      const group: Group = {
        ...{ kind: 'group', key, name, title: name in last ? name : title, depth: 0 },
        ...{ count: rows.length, closed: closed.has(key), folder: null },
      }
      const ordered = [...bases, ...rows.filter((entry) => entry.role !== 'pre-trained')]
      return [group, ...(group.closed ? [] : ordered.map((entry): Row => ({ kind: 'entry', entry, depth: 1 })))]
    })
}

const last = { 'Heads, data and coefficients': true, 'No known architecture': true } as const

function baseOf({ role, architecture }: Entry): string {
  if (role === 'head' || role === 'data' || role === 'coefficients') return 'Heads, data and coefficients'
  return architecture?.name ?? 'No known architecture'
}

/** Names by row: those that several rows share have as much of their folder before them as tells them apart. */
export function distinctNames(entries: readonly Entry[]): Map<number, string> {
  const names = new Map<number, string>()
  for (const alike of Map.groupBy(entries, ({ name }) => name).values())
    for (const entry of alike) names.set(entry.id, alike.length === 1 ? entry.name : apart(entry, alike))
  return names
}

function apart(entry: Entry, alike: readonly Entry[]): string {
  const parts = (path: string): string[] => path.split(/[/\\]/).filter(Boolean)
  const own = parts(entry.path)
  const least = entry.name.split('/').length + 1
  for (let length = least; length <= own.length; length++) {
    const name = own.slice(-length).join('/')
    if (alike.every((other) => other === entry || parts(other.path).slice(-length).join('/') !== name)) return name
  }
  return own.slice(-least).join('/')
}
