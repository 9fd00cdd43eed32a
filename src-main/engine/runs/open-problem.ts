// What a run learns on, as its configuration says: the tower itself, its linearisation by forward mode, or the
// linearisation on precomputed features; over the task vectors, or along the difference vector that a start's
// coefficients make of them.

import { stepsOf } from '../../contract/merges/step.ts'
import { splitPath } from '../../contract/named-tensor.ts'
import type { EngineEvent } from '../../contract/run/run.ts'
import type { Table } from '../../numbers/table.ts'
import type { LabelledImages } from '../datasets/images.ts'
import { alongStart } from '../learning/difference-vector.ts'
import type { Problem, Split } from '../learning/problem.ts'
import { clipProblem } from '../problems/clip-problem.ts'
import {
  type Features,
  floatsOf,
  learningSplits,
  openFeatures,
  requireRoom,
  unkept,
} from '../problems/linear-features.ts'
import { cachedProblem } from '../problems/linear-problem.ts'
import { openStore } from '../weights/device.ts'
import type { VectorStore } from '../weights/vector-store.ts'
import type { Context } from './context.ts'

export interface OpenProblem {
  problem: Problem
  close(): Promise<void>
}

type Site = Pick<Context, 'config' | 'host' | 'parents' | 'files' | 'groups' | 'place'>

export async function* openProblem(context: Site, start?: Table): AsyncGenerator<EngineEvent, OpenProblem> {
  const { config, host, parents, groups, place } = context
  if (config.linearised === 'cached') {
    const opened = yield* openCached(context)
    if (opened) return start ? { ...opened, problem: alongStart(opened.problem, start) } : opened
  }
  const store = await openStore(host.backend, parents, config.vectorPrecision, start && { groups, coefficients: start })
  const plain = clipProblem(place, store, groups, config.linearised !== 'no')
  return { problem: place.objective.adapted?.(plain, config) ?? plain, close: async () => store.dispose() }
}

/** Bytes on disk of the features a run keeps, 0 for a run without. Throws disk-full when they can never fit. */
export function roomFor({ config, host, parents, groups, place }: Omit<Site, 'files'>): number {
  if (config.linearised !== 'cached') return 0
  const splits = learningSplits(config).map(({ task, split, path }) => ({
    path,
    images: place.tasks[task]?.splits[split]?.count ?? 0,
  }))
  return requireRoom(
    splits,
    floatsOf(parents.vectors.length, groups.names.length, parents.architecture.embed),
    host.features ?? unkept,
  )
}

/** Undefined when the person would rather stop than wait: the same model can still be measured by forward mode. */
async function* openCached(context: Site): AsyncGenerator<EngineEvent, OpenProblem | undefined> {
  const { config, host, parents, groups, place } = context
  const vectors = parents.vectors.map((v) => v.file.source.name)
  const cache = host.features ?? unkept
  const bytes = roomFor(context)
  const features: Partial<Record<Split, Features>>[] = place.tasks.map(() => ({}))
  const byIdentity = new Map<string, Features>() // two tasks may share their images
  let store: VectorStore | undefined
  let isOpen = false
  const close = async (): Promise<void> => {
    for (const opened of byIdentity.values()) await opened.close()
  }
  try {
    for (const { task, split, path } of learningSplits(config)) {
      const wanted = {
        task: place.tasks[task]?.name ?? '',
        images: place.tasks[task]?.splits[split] as LabelledImages,
        identity: identityOf(context, path),
        hold: bytes <= cache.memoryBytes,
      }
      const maker = {
        place,
        groups,
        vectors: vectors.length,
        cache,
        store: async () => (store ??= await openStore(host.backend, parents, config.vectorPrecision)),
        stopping: host.stopping,
      }
      const opened = byIdentity.get(wanted.identity) ?? (yield* openFeatures(maker, wanted))
      if (!opened) return undefined
      byIdentity.set(wanted.identity, opened)
      ;(features[task] as Partial<Record<Split, Features>>)[split] = opened
    }
    isOpen = true
    return { problem: cachedProblem(place, features, groups.names, vectors), close }
  } finally {
    store?.dispose()
    if (!isOpen) await close() // an error, or nobody listens any more
  }
}

const form = 1 // of the tables; another one makes all that is kept strange

/** What the tables of a split are a function of, by content: never a path, a task's name or its head. */
export function identityOf(
  { config, parents, groups, files }: Pick<Site, 'config' | 'parents' | 'groups' | 'files'>,
  path: string,
): string {
  const [file, key] = splitPath(path)
  // every file of a run has its hash
  const hashOf = (of: string): string => files.find((f) => f.file === of)?.sha256 ?? of
  const { architecture } = parents
  const steps = stepsOf(config)
  const statistics = files.flatMap(({ role, sha256 }) => (role === 'statistics' ? [sha256] : []))
  return JSON.stringify({
    form,
    pretrained: hashOf(config.pretrained),
    vectors: config.vectors.map(hashOf),
    precision: config.vectorPrecision,
    ...(config.products !== 'float32' && { products: config.products }),
    ...(steps.length > 0 && { steps }),
    ...(statistics.length > 0 && { statistics }),
    groups: [config.blocks, groups.names.length],
    architecture,
    data: hashOf(file),
    key,
  })
}
