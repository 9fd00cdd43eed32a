// Precomputed features of a linearised model. Features are linear in the coefficients,
//   f_lin(x) = f(x; theta_pre) + sum_k,b c_k,b J_b(x) tau_k,b,
// so each image needs one table F (1 + vectors * groups, embed), float32: row 0 is f(x; theta_pre), row 1 + k * groups
// + b is J_b(x) tau_k,b. It is computed once by forward mode (clip-jvp.ts), many (k, b) stacked, and kept where the
// host keeps it: what is there and whole is read, what is missing or damaged is computed.
import { setImmediate } from 'node:timers/promises'

import { BasilError } from '../../contract/errors.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import type { EngineEvent } from '../../contract/run/run.ts'
import type { LabelledImages } from '../datasets/images.ts'
import { disposeAll, type Tensor } from '../devices/tensor.ts'
import type { FeatureCache } from '../formats/feature-cache.ts'
import { type Direction, tangents } from '../models/clip-jvp.ts'
import { forward, type Tape, type Tower } from '../models/clip-vit.ts'
import type { Groups } from '../weights/merge.ts'
import type { VectorStore } from '../weights/vector-store.ts'
import type { TaskSetup } from './clip-problem.ts'
import { fitting } from './micro-batch.ts'
import { patchesOf } from './patches.ts'

const stackedBytes = 256 * 2 ** 20 // of stacked tangents, at the widest place of a layer
// enough for products to be fast; more directions at a time would only meet more layers where one enters
const stackedRows = 8192

const looks = 1000 // images read between two words about it

/** For a host that keeps nothing: the tables live as long as the run. */
export const unkept: FeatureCache = {
  capBytes: Number.POSITIVE_INFINITY,
  memoryBytes: Number.POSITIVE_INFINITY,
  bytesFor: (images, floats) => 4 * images * floats,
  open: async () => ({ read: async () => undefined, write: async () => undefined, close: async () => undefined }),
}

/** One split's tables, ready for learning. */
export interface Features {
  /** (1 + vectors * groups, embed) of each image named. Throws file-damaged. */
  of(images: ArrayLike<number>): Promise<Float32Array[]>
  close(): Promise<void>
}

export interface Wanted {
  task: string
  images: LabelledImages
  identity: string
  hold: boolean // in memory
}

export interface Maker {
  place: TaskSetup
  groups: Groups
  vectors: number
  cache: FeatureCache
  /** Opened when the first table is missing. */
  store: () => Promise<VectorStore>
  stopping: () => boolean
}

export function floatsOf(vectors: number, groups: number, embed: number): number {
  return (1 + vectors * groups) * embed
}

/** Before anything is computed: throws disk-full when the tables of these splits can never fit. Gives their bytes. */
export function requireRoom(
  splits: readonly { path: string; images: number }[],
  floats: number,
  cache: FeatureCache,
): number {
  const sizes = new Map(splits.map((s) => [s.path, cache.bytesFor(s.images, floats)])) // one data file is kept once
  const bytes = [...sizes.values()].reduce((sum, b) => sum + b, 0)
  if (bytes <= cache.capBytes) return bytes
  throw new BasilError({
    code: 'disk-full',
    what: 'The precomputed features of this run do not fit into the cache',
    where: 'linearised: cached',
    why: `they take ${gigabytes(bytes)} (${gigabytes(4 * floats)} an image), the cache may take ${gigabytes(cache.capBytes)}`,
    next: 'set "linearised" to "jvp", which keeps nothing, or allow a larger cache with BASIL_CACHE_GB',
  })
}

/** The images a run learns and selects on; test images are never precomputed. */
export function learningSplits(
  config: ResolvedConfig,
): { task: number; split: 'training' | 'validation'; path: string }[] {
  return config.tasks.flatMap((t, task) => [
    { task, split: 'training' as const, path: t.data },
    ...(t.validation ? [{ task, split: 'validation' as const, path: t.validation }] : []),
  ])
}

/** Reads what is kept and computes the rest, image by image; undefined when the person would rather stop. */
export async function* openFeatures(maker: Maker, wanted: Wanted): AsyncGenerator<EngineEvent, Features | undefined> {
  const { place, groups, vectors, cache } = maker
  const { count } = wanted.images
  const embed = place.tower.architecture.embed
  const file = await cache.open(wanted.identity, count, floatsOf(vectors, groups.names.length, embed))
  const held: (Float32Array | undefined)[] = []
  let isOpen = false
  const take = (image: number, table: Float32Array): void => {
    if (wanted.hold) held[image] = table
  }
  try {
    const missing: number[] = []
    for (let image = 0; image < count; image++) {
      if (image % looks === 0)
        yield { type: 'progress', what: `Reading linearised features of ${wanted.task}`, done: image, total: count }
      place.signal.throwIfAborted()
      const table = await file.read(image)
      if (table) take(image, table)
      else missing.push(image)
    }
    for (let at = 0; at < missing.length; ) {
      yield {
        type: 'progress',
        what: `Computing linearised features of ${wanted.task}`,
        done: count - missing.length + at,
        total: count,
      }
      if (maker.stopping()) return undefined
      const store = await maker.store()
      const made = await fitting(place.microBatch, missing.length - at, (size) =>
        tablesOf(maker, store, wanted.images, missing.slice(at, at + size)),
      )
      for (const table of made) {
        const image = missing[at++] as number
        await file.write(image, table)
        take(image, table)
      }
    }
    isOpen = true
    const tableOf = async (image: number): Promise<Float32Array> =>
      held[image] ?? (await file.read(image)) ?? damaged(wanted, image)
    return { of: (images) => Promise.all(Array.from(images, tableOf)), close: () => file.close() }
  } finally {
    if (!isOpen) await file.close() // stopped, an error, or nobody listens any more
  }
}

/** The tables of a few images: one primal pass, then all directions by chunks that bound memory. */
async function tablesOf(
  { place, groups, vectors }: Maker,
  store: VectorStore,
  images: LabelledImages,
  indices: readonly number[],
): Promise<Float32Array[]> {
  const { tower, signal } = place
  const { ops, architecture } = tower
  const { embed, tokens, width, mlp } = architecture
  const columns = groups.names.length
  const tables = indices.map(() => new Float32Array(floatsOf(vectors, columns, embed)))
  const put = (row: number, features: Float32Array, first: number): void =>
    tables.forEach((table, n) => {
      table.set(features.subarray((first + n) * embed, (first + n + 1) * embed), row * embed)
    })
  const pictures = await (await images.fetch(indices))()
  const primal = ops.scope()
  try {
    const { features: still, tape } = primal.run(() =>
      forward(tower, store.base, patchesOf(tower, pictures), 'full tape'),
    )
    put(0, await ops.read(still), 0)
    // By group first: neighbours enter at the same layer, whatever their vector.
    const all = groups.names.flatMap((_, b) => Array.from({ length: vectors }, (_v, k) => ({ k, b })))
    const rows = Math.min(stackedRows, stackedBytes / (4 * (8 * width + mlp)))
    const chunk = Math.max(1, Math.floor(rows / (indices.length * tokens)))
    for (let at = 0; at < all.length; at += chunk) {
      await setImmediate()
      signal.throwIfAborted()
      const some = all.slice(at, at + chunk)
      const features = await along(tower, store, groups, some, tape as Tape)
      some.forEach(({ k, b }, i) => {
        put(1 + k * columns + b, features, i * indices.length)
      })
    }
    return tables
  } finally {
    primal.dispose()
  }
}

/** How features move along directions tau_k,b: vector k where it belongs to group b, and nothing elsewhere. */
async function along(
  tower: Tower,
  store: VectorStore,
  groups: Groups,
  columns: readonly { k: number; b: number }[],
  tape: Tape,
): Promise<Float32Array> {
  const made: Tensor[] = []
  const scope = tower.ops.scope()
  try {
    const directions: Direction[] = []
    for (const { k, b } of columns) {
      const alone = store.vectors.map((_, j) => (j === k ? 1 : 0))
      const tensors = new Map<string, Tensor>()
      for (const name of store.names) {
        if (groups.of.get(name) !== b) continue
        const tensor = await store.combine(name, alone)
        made.push(tensor)
        tensors.set(name, tensor)
      }
      directions.push((name) => tensors.get(name))
    }
    return await tower.ops.read(scope.run(() => tangents(tower, store.base, tape, directions)))
  } finally {
    scope.dispose()
    disposeAll(made)
  }
}

function damaged(wanted: Wanted, image: number): never {
  throw new BasilError({
    code: 'file-damaged',
    what: 'Precomputed features cannot be read any more',
    where: `${wanted.task}, image ${image}`,
    why: 'they do not have the checksum they were written with',
    next: 'check the disk, then resume the run: what is damaged is computed again',
  })
}

function gigabytes(bytes: number): string {
  return bytes < 1e7 ? `${(bytes / 1e3).toFixed(0)} KB` : `${(bytes / 1e9).toFixed(2)} GB`
}
