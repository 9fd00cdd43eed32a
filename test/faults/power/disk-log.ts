// What a process did to a folder (disk.cc), and what may be left of it after a loss of power at any moment. What was
// synced is there. Of what was written to a file since, each write, or each sector of 512 bytes, is there or not; the
// file's length may be there without its bytes. Of the names of a folder since it was synced, each change is there or
// not, a rename as a whole. The index of a log that processes share (-shm) is never on a disk.
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'

interface Entry {
  type: string
  inode: bigint
  offset: number
  first: Buffer
  second: Buffer
}

type Change = { at: number; bytes: Buffer } | { size: number }

interface File {
  durable: Buffer
  changes: Change[] // since it was synced
}

interface Folder {
  now: Map<string, Node>
  durable: Map<string, Node>
}
type Node = File | Folder
const isFolder = (node: Node | undefined): node is Folder => node !== undefined && 'now' in node

/** One change of names, in one folder or, of a rename, two. null: gone. */
type Names = { folder: Folder; name: string; node: Node | null }[]

interface Mark {
  index: number
  text: string
}

export function entriesIn(log: Buffer): Entry[] {
  const entries: Entry[] = []
  for (let at = 0; at < log.length; ) {
    const [type, inode] = [log.toString('latin1', at, at + 1), log.readBigUInt64LE(at + 1)]
    const offset = Number(log.readBigUInt64LE(at + 9))
    const begin = at + 25
    const middle = begin + log.readUInt32LE(at + 17)
    at = middle + log.readUInt32LE(at + 21)
    entries.push({ type, inode, offset, first: log.subarray(begin, middle), second: log.subarray(middle, at) })
  }
  return entries
}

export const marksIn = (entries: Entry[]): Mark[] =>
  entries.flatMap(({ type, first }, index) => (type === 'K' ? [{ index, text: first.toString() }] : []))

/** A disk that stands at some entry of a log, and gives what a loss of power would leave there. */
interface Standing {
  goTo(index: number): void
  /** Writes it to a folder that is not there yet. */
  left(chance: () => number, out: string): void
}

/** before: the folder as it was before the first entry, by its copy. */
export function standing(root: string, before: Folder, inodes: Map<bigint, File>, entries: Entry[]): Standing {
  let next = 0
  let names: Names[] = []
  const at = (path: string): Node | undefined => {
    let node: Node | undefined = before
    for (const part of relative(root, path).split('/').filter(Boolean))
      node = isFolder(node) ? node.now.get(part) : undefined
    return node
  }
  const put = (...sets: [string, Node | null][]): void => {
    const change: Names = []
    for (const [path, node] of sets) {
      const folder = at(dirname(path))
      if (!isFolder(folder)) throw new Error(`${path} is in no folder that is known`)
      change.push({ folder, name: basename(path), node })
      set(folder.now, basename(path), node)
    }
    names.push(change)
  }
  const fileOf = (inode: bigint): File => {
    const file = inodes.get(inode) ?? { durable: Buffer.alloc(0), changes: [] }
    inodes.set(inode, file)
    return file
  }

  function go({ type, inode, offset, first, second }: Entry): void {
    const [path, other] = [first.toString(), second.toString()]
    if (type === 'C') {
      const file: File = { durable: Buffer.alloc(0), changes: [] }
      inodes.set(inode, file)
      put([path, file])
    }
    if (type === 'W') fileOf(inode).changes.push({ at: offset, bytes: first })
    if (type === 'T') fileOf(inode).changes.push({ size: offset })
    if (type === 'A') {
      const file = fileOf(inode)
      if (!all(file).equals(first)) file.changes.push({ size: first.length }, { at: 0, bytes: first })
    }
    if (type === 'S') {
      const file = fileOf(inode)
      file.durable = all(file)
      file.changes = []
    }
    if (type === 'D') {
      const folder = at(path)
      const of = names.filter((change) => change.some((one) => one.folder === folder))
      for (const one of of.flat()) set(one.folder.durable, one.name, one.node)
      names = names.filter((change) => !of.includes(change))
    }
    if (type === 'M') put([path, { now: new Map(), durable: new Map() }])
    if (type === 'U') put([path, null])
    if (type === 'R') put([path, null], [other, at(path) ?? null])
    if (type === 'L') put([other, at(path) ?? null])
  }

  return {
    goTo: (index) => {
      for (; next < index; next++) go(entries[next] as Entry)
    },
    left: (chance, out) => {
      const of = new Map<Folder, Map<string, Node>>()
      const namesOf = (folder: Folder): Map<string, Node> => {
        const found = of.get(folder) ?? new Map(folder.durable)
        of.set(folder, found)
        return found
      }
      const how = chance()
      const most = how < 0.4 ? names.length * chance() : names.length // what a disk keeps in order, ends somewhere
      for (const [i, change] of names.entries())
        if (how < 0.4 ? i < most : how < 0.7 ? chance() < 0.5 : how < 0.85)
          for (const { folder, name, node } of change) set(namesOf(folder), name, node)
      const write = (folder: Folder, path: string): void => {
        mkdirSync(path)
        for (const [name, node] of namesOf(folder)) {
          if (isFolder(node)) write(node, join(path, name))
          else if (!name.endsWith('-shm')) writeFileSync(join(path, name), some(node, chance))
        }
      }
      write(before, out)
    },
  }
}

/** A folder as it is, all of it on the disk. */
export function presentFolder(path: string, inodes: Map<bigint, File>): Folder {
  const now = new Map<string, Node>()
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const inner = join(path, entry.name)
    const file = (): File => ({ durable: readFileSync(inner), changes: [] })
    const node = entry.isDirectory() ? presentFolder(inner, inodes) : file()
    if (!isFolder(node)) inodes.set(statSync(inner, { bigint: true }).ino, node)
    now.set(entry.name, node)
  }
  return { now, durable: new Map(now) }
}

function set(names: Map<string, Node>, name: string, node: Node | null): void {
  if (node) names.set(name, node)
  else names.delete(name)
}

const all = ({ durable, changes }: File): Buffer => changes.reduce(after, durable)

function after(content: Buffer, change: Change): Buffer {
  const size = 'size' in change ? change.size : Math.max(content.length, change.at + change.bytes.length)
  const grown = Buffer.alloc(size)
  content.copy(grown)
  if ('bytes' in change) change.bytes.copy(grown, change.at)
  return grown
}

/** What is left of a file. */
function some(file: File, chance: () => number): Buffer {
  const how = chance()
  if (how < 0.2) return file.durable
  if (how < 0.35) return all(file)
  if (how < 0.45) return after(file.durable, { size: all(file).length }) // zeros where bytes were to come
  const pieces = how < 0.75 ? file.changes : file.changes.flatMap(sectorsOf)
  const share = chance()
  return pieces.filter(() => chance() < share).reduce(after, file.durable)
}

function sectorsOf(change: Change): Change[] {
  if ('size' in change) return [change]
  const pieces: Change[] = []
  for (let from = 0; from < change.bytes.length; ) {
    const to = Math.min(change.bytes.length, from + 512 - ((change.at + from) % 512))
    pieces.push({ at: change.at + from, bytes: change.bytes.subarray(from, to) })
    from = to
  }
  return pieces
}
