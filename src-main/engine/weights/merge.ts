// The model a coefficient table stands for, in exactly one way, whoever asks (evaluation, difference vector, export):
//   theta_b = float32( theta_pre,b + sum_t c_t,b (theta_t,b - theta_pre,b) ),  computed in float64 (devices/double/sums.ts),
//   one tensor at a time.

import { BasilError } from '../../contract/errors.ts'
import { largestOf } from '../../contract/largest.ts'
import type { Table } from '../../numbers/table.ts'
import { product } from '../../numbers/vectors.ts'
import { Adder, type Kind, together } from '../devices/double/sums.ts'
import { layerOf } from '../layouts/clip-names.ts'
import type { WeightSet } from './parents.ts'
import { type Checkpoint, firstNotFinite, isEqualInAll, kindInAll, readKind, readParameter } from './slices.ts'

export type Grouping = 'tensor' | 'layer' | 'scalar'

/** Which column of a coefficient table each parameter uses, and the columns' names. */
export interface Groups {
  names: string[]
  of: Map<string, number> // parameter (without prefix) -> column
}

export function groupsOf(set: WeightSet, grouping: Grouping): Groups {
  const columns = new Map<string, number>()
  const of = new Map<string, number>()
  for (const name of set.parameters.keys()) {
    const group = grouping === 'tensor' ? set.prefix + name : grouping === 'layer' ? layerOf(set.prefix + name) : 'all'
    const column = columns.get(group) ?? columns.size
    columns.set(group, column)
    of.set(name, column)
  }
  return { names: [...columns.keys()], of }
}

/**
 * Whether a recipe's columns are these. Recipes of 0.1.0 have tensors under their file's own names, behind other
 * prefixes.
 */
export function areGroups(recorded: readonly string[], { names }: Groups): boolean {
  const isThat = (name: string, i: number): boolean =>
    [name, `visual.${name}`, name.replace(/^model\./, '')].includes(names[i] as string)
  return recorded.length === names.length && recorded.every(isThat)
}

interface Term {
  checkpoint: Checkpoint
  c: number // not 0
}

interface MergedParameter {
  name: string
  values: Float32Array
  base: Float32Array
  isConstant: boolean // not finite and equal in all parents: the values are the base's
}

export interface MergedSlice extends MergedParameter {
  first: number // element of the parameter that `values` and `base` begin with
  /** The values as bfloat16, to nearest even; null where one of them would be infinite. */
  bfloat16: () => Uint16Array | null
}

/** Every parameter in block order with its merged values and the base's, both good until the next is asked for. */
export async function* mergedParameters(
  set: WeightSet,
  groups: Groups,
  coefficients: Table,
): AsyncGenerator<MergedParameter> {
  const sizes = new Map([...set.parameters].map(([name, shape]) => [name, product(shape)]))
  const largest = largestOf(sizes.values())
  const [merged, bases] = [new Float32Array(largest), new Float32Array(largest)]
  let isConstant = false
  for await (const part of mergedSlices(set, groups, coefficients)) {
    const { name, first } = part
    merged.set(part.values, first)
    bases.set(part.base, first)
    isConstant = part.isConstant || (first > 0 && isConstant)
    const size = sizes.get(name) as number
    if (first + part.values.length === size)
      yield { name, values: merged.subarray(0, size), base: bases.subarray(0, size), isConstant }
  }
}

/**
 * The same a slice at a time, from an element of a parameter on; no parameter is ever whole in memory. Throws
 * not-finite naming the tensor; but what is not finite and equal in all parents, as a causal mask of -Infinity is, is a
 * constant and stays as it is. (Not in a tower, all of which is computed with.)
 */
export async function* mergedSlices(
  set: WeightSet,
  groups: Groups,
  coefficients: Table,
  from?: { name: string; first: number },
): AsyncGenerator<MergedSlice> {
  const sizes = new Map([...set.parameters].map(([name, shape]) => [name, product(shape)]))
  const asked = new Map([...sizes.keys()].map((name) => [name, askedOf(set, groups, coefficients, name)]))
  const places = slicesFrom(sizes, from)
  const adder = Adder.lend(slice, underWay + together)
  const reads = readAhead(adder.places, function* () {
    for (const { name, first, count } of places) {
      const { terms, kind, baseKind } = asked.get(name) as Asked
      yield (into: Float32Array) => readKind(set.base, name, first, count, into, baseKind)
      for (const { checkpoint } of terms)
        yield (into: Float32Array) => readKind(checkpoint, name, first, count, into, kind)
    }
  })
  const next = async (): Promise<Float32Array> => (await reads.next()).value as Float32Array
  try {
    for (const { name, first, count: n } of places) {
      const { terms, kind, baseKind } = asked.get(name) as Asked
      const base = adder.begin(await next(), baseKind, n)
      let sum = { values: base, isFinite: true }
      for (let t = 0; t === 0 || t < terms.length; t += together) {
        const models: { values: Float32Array; c: number }[] = []
        for (const { c } of terms.slice(t, t + together)) models.push({ values: await next(), c })
        sum = adder.add(models, { kind, n, isFirst: t === 0, isLast: t + together >= terms.length })
      }
      const { values, isFinite } = sum
      const isConstant = !isFinite && set.prefix === '' && (await isEqualInAll([set.base, ...set.vectors], name))
      if (isConstant) values.set(base)
      else if (!isFinite) throw await notFinite(set, terms, name, first, values)
      yield { name, first, values, base, isConstant, bfloat16: () => adder.bfloat16(n) }
    }
  } finally {
    await reads.return(undefined)
    adder.giveBack()
  }
}

interface Asked {
  terms: readonly Term[]
  kind: Kind // of all terms
  baseKind: Kind
}

function askedOf(set: WeightSet, groups: Groups, coefficients: Table, name: string): Asked {
  const column = groups.of.get(name) as number
  const all = set.vectors.map((checkpoint, t) => ({ checkpoint, c: coefficients[t]?.[column] as number }))
  const terms = all.filter(({ c }) => c !== 0)
  const kind = kindInAll(
    terms.map(({ checkpoint }) => checkpoint),
    name,
  )
  return { terms, kind, baseKind: kindInAll([set.base], name) }
}

interface Place {
  name: string
  first: number
  count: number
}

function slicesFrom(sizes: ReadonlyMap<string, number>, from?: { name: string; first: number }): Place[] {
  const places: Place[] = []
  let isPast = from === undefined
  for (const [name, size] of sizes) {
    const begin = name === from?.name ? from.first : 0
    isPast ||= name === from?.name
    if (!isPast) continue
    for (let first = begin; first < size; first += slice)
      places.push({ name, first, count: Math.min(slice, size - first) })
  }
  return places
}

// Elements read and added up at a time: their sums stay in the processor's cache, whatever the tensor's size.
export const slice = 2 ** 17
const underWay = 8 // reads that are waited for while others are worked on

/** Gives what the reads give, in order, each good until as many more are asked for as are added in one go. */
async function* readAhead(
  places: readonly Float32Array[],
  reads: () => Iterable<(into: Float32Array) => Promise<Float32Array>>,
): AsyncGenerator<Float32Array> {
  const waiting: Promise<Float32Array>[] = []
  let count = 0
  try {
    for (const read of reads()) {
      if (waiting.length === underWay) yield await (waiting.shift() as Promise<Float32Array>)
      const started = read(places[count++ % places.length] as Float32Array)
      started.catch(() => undefined) // is told when its turn comes
      waiting.push(started)
    }
    for (let read = waiting.shift(); read; read = waiting.shift()) yield await read
  } finally {
    await Promise.allSettled(waiting) // the places are somebody else's after it
  }
}

/** A parent's own value when that is why, which has the better advice. */
async function notFinite(
  set: WeightSet,
  terms: readonly { checkpoint: Checkpoint }[],
  name: string,
  first: number,
  values: Float32Array,
): Promise<BasilError> {
  for (const { checkpoint } of [{ checkpoint: set.base }, ...terms]) await readParameter(checkpoint, name) // throws
  const bad = firstNotFinite(values)
  return new BasilError({
    code: 'not-finite',
    what: 'The merged model has a weight that is not a finite number',
    where: set.base.file.called(set.prefix + name),
    why: `element ${first + bad} is ${values[bad]}`,
    next: 'use smaller coefficients or a smaller learning rate',
  })
}
