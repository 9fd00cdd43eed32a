// What a merge without training is: its card, and a function of a part of one parameter of every model. Whole models
// are never in memory: parts are read, merged and given as they are asked for (vectors-after.ts). What has to be known
// of the whole first (thresholds over all parameters) is found out once, before.
import type { z } from 'zod'

import type { MergeCard } from '../../contract/merges/card.ts'
import type { Raw } from '../devices/double/rows.ts'
import type { Dtype } from '../formats/dtype.ts'
import { infoOf } from '../formats/tensor-file.ts'
import type { WeightSet } from '../weights/parents.ts'
import { type Checkpoint, readNarrow, readParameter, readSlice, widened } from '../weights/slices.ts'
import { giveBack, lend } from './facts/buffers.ts'
import type { Wanted } from './statistics/wanted.ts'

export interface Sources extends Pick<WeightSet, 'base' | 'vectors' | 'parameters'> {
  /**
   * Of a merge that needs them, one for each vector: a checkpoint whose tensors are the statistics, by the names and in
   * the shapes that the merge says.
   */
  statistics?: readonly Checkpoint[]
}

/** n elements of one parameter, from `first` on. */
export interface Part {
  name: string // of the parameter
  shape: readonly number[] // of one dimension or none: a bias, a norm's scale
  dtype: Dtype // of it in the pre-trained model's file; what is given is rounded to it later, once
  first: number
  count: number // n
  base: Float32Array // (n), theta_pre
  /** (vectors x n): task vectors, exact; of a merge that needs no base the models themselves. May be written over. */
  vectors: Float64Array[]
  /** (vectors x n): the models themselves, of a merge that computes on the device; may be NaN or infinite. */
  theirs: readonly Raw[]
  still: Raw // theta_pre as the file has it
  /** What was read is not asked for any more. */
  release(): void
  /** Of `vectors`, one of them, for a merge that reads them in turn. */
  read(place: number): Promise<Float64Array>
  /** What `read` gives the difference from `base` of, by the weight, for one that takes it on the device; not of models. */
  parent?(place: number, into: Float32Array): Promise<{ model: Float32Array; weight: number }>
  which: readonly number[] // of the set's vectors each of them is
  /** Of each of them, 1 where nobody says: for a merge whose card has its own use for them. */
  weights: readonly number[]
  /** Of each of them what it has in place of the step's parameters, where its card lets models have their own. */
  each?: readonly Readonly<Record<string, unknown>>[]
  /** What each of them is called, no two alike: random numbers are keyed by it, the seed and the tensor's name. */
  models: readonly string[]
}

/** (n): where a vector leads to, float32(theta_pre + tau), in a buffer that is lent (facts/buffers.ts). */
export interface Moved {
  theta: Float32Array
}

/**
 * (n), or how it is computed once it is asked for: one vector of many is often read by itself; or of a merge on the
 * device where it leads to.
 */
export type Given = Float64Array | (() => Float64Array) | Moved

export const isMoved = (given: Given): given is Moved => 'theta' in given

/** What becomes of a part: (vectors given x n); of a merge that gives the whole model that, (1 x n). */
export type Combine = (part: Part) => Given[] | Promise<Given[]>

export function valuesOf(given: Given): Float64Array {
  if (isMoved(given)) throw new Error('a merge on the device gives no differences')
  return typeof given === 'function' ? given() : given
}

/** Of what only hands its vectors on, nothing is read. */
export const asTheyAre: Combine = ({ vectors }) => vectors

interface Mathematics<P> {
  /** tensor: a part is a whole parameter, as norms and singular values need; slice: any elements of it. */
  by: 'slice' | 'tensor'
  /** alone: what becomes of a vector depends on no other, and a part has but one of them. */
  of: 'all' | 'alone'
  /** The merge reads the vectors one at a time, and Part.vectors is empty: memory does not grow with their number. */
  inTurn?: boolean
  /** What of each task's images it wants, where its card says that it does (Sources.statistics). */
  collects?(parameters: P): Wanted
  /** The merge computes on the float64 device, by element, from Part.theirs (facts/taus.ts); Part.vectors is empty. */
  onDevice?: boolean
  prepare(sources: Sources, parameters: P): Combine | Promise<Combine>
}

export interface Merge extends Pick<Mathematics<unknown>, 'by' | 'of' | 'inTurn' | 'onDevice'> {
  card: MergeCard
  /** Defaults are filled in; throws where the card does not take the parameters. */
  prepare(sources: Sources, parameters: Record<string, unknown>): Promise<Combine>
  /** Defaults are filled in; null: it wants no images. */
  wanted(parameters: Record<string, unknown>): Wanted | null
}

export function merge<P extends z.ZodObject>(card: MergeCard<P>, mathematics: Mathematics<z.output<P>>): Merge {
  return {
    card,
    by: mathematics.by,
    of: mathematics.of,
    ...(mathematics.inTurn && { inTurn: true }),
    ...(mathematics.onDevice && { onDevice: true }),
    prepare: async (sources, parameters) => mathematics.prepare(sources, card.parameters.parse(parameters)),
    wanted: (parameters) => mathematics.collects?.(card.parameters.parse(parameters)) ?? null,
  }
}

/** A vector's own number in place of the step's. */
export function ownOf({ each }: Pick<Part, 'each'>, t: number, name: string, ofAll: number): number {
  const own = each?.[t]?.[name]
  return typeof own === 'number' ? own : ofAll
}

/** v - b; of what is not finite and the same, 0. */
export const difference = (v: number, b: number): number => (Object.is(v, b) ? 0 : v - b)

export interface Place {
  name: string
  first: number
  count: number
}

/** ofModels: models are merged, not vectors; isScaled: each vector is first multiplied by its weight. */
interface Asked {
  ofModels: boolean
  weights: readonly number[]
  each?: Part['each']
  isScaled: boolean
  inTurn?: boolean
  onDevice?: boolean
}

/**
 * Elements of some models' parameter, as a merge wants them. What is not finite and equal in a model and the base, as a
 * causal mask of -Infinity is, is no difference; where it is not equal, throws tensor-not-finite naming the model.
 */
export async function partOf(
  { base, vectors, parameters }: Sources,
  which: readonly number[],
  { name, first, count }: Place,
  { ofModels, weights, each, isScaled, inTurn = false, onDevice = false }: Asked,
): Promise<Part> {
  const { dtype } = infoOf(base.file.tensors, base.prefix + name, base.file.source)
  const slice = (of: Checkpoint): Promise<Float32Array> => readSlice(of, name, first, count, new Float32Array(count))
  const lent = onDevice ? which.map(() => lend(count)).concat(lend(count)) : []
  const [still, ...theirs] = onDevice
    ? ((await Promise.all(
        [base, ...which.map((t) => vectors[t] as Checkpoint)].map((of, k) =>
          readNarrow(of, name, first, count, lent[k] as Float32Array),
        ),
      )) as [Raw, ...Raw[]])
    : [await slice(base)]
  const weightOf = (t: number): number => (isScaled ? (weights[t] ?? 1) : 1)
  const floats = (): Float32Array => (still instanceof Float32Array ? still : widened(still))
  const read = async (place: number): Promise<Float64Array> => {
    const t = which[place] as number
    const vector = vectors[t] as Checkpoint
    const model = await slice(vector)
    const values = new Float64Array(count)
    if (isOdd(model, floats(), ofModels ? 'model' : weightOf(t), values)) await readParameter(vector, name) // throws
    return values
  }
  const found: Float64Array[] = []
  if (!inTurn && !onDevice) for (const place of which.keys()) found.push(await read(place))
  const models = callings(vectors)
  return {
    name,
    shape: parameters.get(name) ?? [],
    dtype,
    first,
    count,
    get base() {
      return floats()
    },
    vectors: found,
    theirs,
    still,
    release: () => giveBack(lent),
    read,
    ...(!ofModels && {
      parent: async (place, into) => {
        const t = which[place] as number
        return { model: await readSlice(vectors[t] as Checkpoint, name, first, count, into), weight: weightOf(t) }
      },
    }),
    which,
    weights: which.map((t) => weights[t] ?? 1),
    ...(each?.length && { each: which.map((t) => each[t] ?? {}) }),
    models: which.map((t) => models[t] as string),
  }
}

/**
 * Writes a model's numbers, or its differences from the base by a weight, and says whether there are some that are not
 * finite and not the base's. A function of its own, as V8 makes nothing quick of a loop that may wait.
 */
function isOdd(model: Float32Array, base: Float32Array, as: 'model' | number, to: Float64Array): boolean {
  let found = false
  const weight = as === 'model' ? 1 : as
  for (let i = 0; i < to.length; i++) {
    const v = model[i] as number
    const b = base[i] as number
    const moved = v - b
    to[i] = weight * moved
    if (moved - moved === 0) continue // finite, as nearly all are: the way without a call
    to[i] = weight * difference(v, b)
    found ||= !Number.isFinite(v) && !Object.is(v, b)
  }
  if (as === 'model') to.set(model)
  return found
}

/** The files' names; of those that have one name the second is "name (2)". */
function callings(vectors: readonly Checkpoint[]): string[] {
  const counts = new Map<string, number>()
  return vectors.map(({ file: { source } }) => {
    const count = (counts.get(source.name) ?? 0) + 1
    counts.set(source.name, count)
    return count === 1 ? source.name : `${source.name} (${count})`
  })
}
