// What the runs of a study are made of: every path of their configurations, what has to be carried for it, and the same
// configurations with the paths of there.
import { basename, dirname } from 'node:path'

import pMap from 'p-map'

import type { Cluster } from '../../contract/clusters/cluster.ts'
import type { Content } from '../../contract/clusters/remote.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import { type Carrier, carrierOf, type WholeContent, wholeContent } from '../../files/whole-content.ts'
import { everyText } from '../every-text.ts'

export interface Carried {
  paths: string[] // of the configurations, without "#name"
  whole: WholeContent
  asked: Content
}

/** Paths of here to those of there. */
export type PathsThere = readonly (readonly [string, string])[]

/** Each path once, whatever follows its "#". */
export function pathsOf(configs: readonly ResolvedConfig[]): string[] {
  const found = new Set<string>()
  const seen = (path: string): string => {
    found.add(path)
    return path
  }
  for (const config of configs) withPaths(config, seen)
  return [...found].sort()
}

/** The same with other paths; absolute: of a path without its "#name". */
export function withPaths(config: ResolvedConfig, other: (path: string) => string): ResolvedConfig {
  const named = (path: string): string => {
    const [, file = '', name = ''] = /^(.*?)(#[^#/\\]*)?$/s.exec(path) ?? []
    return `${other(file)}${name}`
  }
  const orNone = (path: string | null): string | null => (path === null ? null : named(path))
  return {
    ...config,
    pretrained: named(config.pretrained),
    vectors: config.vectors.map(named),
    tasks: config.tasks.map((task) => ({
      ...task,
      ...{ data: named(task.data), head: named(task.head) },
      ...{ validation: orNone(task.validation), test: orNone(task.test), finetuned: orNone(task.finetuned) },
    })),
  }
}

interface Options {
  signal: AbortSignal
  tell: (done: number, total: number) => void // files hashed, of those of one content
  cache: string // where hashes of folders are kept
}

/** Hashes all of it. Throws file-missing and file-unreadable. */
export async function carriedFor(paths: readonly string[], cluster: Cluster, options: Options): Promise<Carried[]> {
  const carriers = new Map<string, { carrier: Carrier; paths: string[] }>()
  for (const path of paths) {
    const carrier = await carrierOf(path)
    const key = JSON.stringify(carrier)
    const known = carriers.get(key)
    if (known) known.paths.push(path)
    else carriers.set(key, { carrier, paths: [path] })
  }
  return pMap(
    carriers.values(),
    async ({ carrier, paths }) => {
      options.signal.throwIfAborted()
      const whole = await wholeContent(carrier, options)
      const { sha256, bytes, kind, path } = whole
      const { only } = carrier
      const mapped = mappedPaths(cluster, path)
      return {
        paths,
        whole,
        asked: { sha256, bytes, kind, name: basename(path), paths: mapped, ...(only && { only }) },
      }
    },
    { concurrency: 1 }, // the disk is one
  )
}

function mappedPaths({ paths }: Cluster, path: string): string[] {
  return paths.flatMap(({ here, there }) => {
    const root = here.replace(/[/\\]+$/, '')
    if (path !== root && !path.startsWith(`${root}/`) && !path.startsWith(`${root}\\`)) return []
    return `${there.replace(/\/+$/, '')}${path.slice(root.length).replaceAll('\\', '/')}`
  })
}

/** path: of the content there. */
export function pathsThere({ paths, whole }: Carried, path: string): PathsThere {
  const root = whole.kind === 'folder' ? whole.path : dirname(whole.path)
  const there = whole.kind === 'folder' ? path : dirname(path)
  return paths.map((one) => [one, `${there}${one.slice(root.length).replaceAll('\\', '/')}`])
}

/** What comes from there with the paths of here: a run's files and images are named as its configuration names them. */
export function backHere<T>(value: T, paths: PathsThere): T {
  const turned = (text: string): string => {
    for (const [here, there] of paths)
      if (text === there || text.startsWith(`${there}#`)) return here + text.slice(there.length)
    for (const [here, there] of paths) if (text.startsWith(`${there}/`)) return here + text.slice(there.length)
    return text
  }
  return everyText(value, turned)
}
