// Which files a process asks the system for, by any of Node's ways that name one: seen while it is watched, whoever
// asks. Every importer of node:fs sees the watched functions (syncBuiltinESMExports).
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { resolve } from 'node:path'

const ways = [
  'open',
  'readFile',
  'readdir',
  'opendir',
  'createReadStream',
  'writeFile',
  'mkdir',
  'rm',
  'unlink',
  'rename',
]

export interface FilesWatch {
  /** The absolute paths that were asked for since the last time. */
  taken(): string[]
  stop(): void
}

export function watchFiles(): FilesWatch {
  const paths = new Set<string>()
  const undo: (() => void)[] = []
  const watch = (on: object, name: string): void => {
    const own: unknown = Reflect.get(on, name)
    if (typeof own !== 'function') return
    Reflect.set(on, name, (path: unknown, ...rest: unknown[]) => {
      if (typeof path === 'string' || path instanceof URL) paths.add(resolve(String(path)))
      return Reflect.apply(own, on, [path, ...rest])
    })
    undo.push(() => void Reflect.set(on, name, own))
  }
  for (const name of ways) {
    watch(fs, name)
    watch(fs, `${name}Sync`)
    watch(fs.promises, name)
  }
  syncBuiltinESMExports()
  return {
    taken: () => {
      const all = [...paths]
      paths.clear()
      return all
    },
    stop: () => {
      for (const back of undo) back()
      syncBuiltinESMExports()
    },
  }
}
