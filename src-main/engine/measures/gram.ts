// One pass over a pre-trained model and its fine-tuned ones, a piece of each in memory at a time, in float64:
//   |theta_pre|^2 and G_ij = <tau_i, tau_j>, tau_t = theta_t - theta_pre,
// over each layer and over all that is combined, and how many elements one tau moves up and another down. Norms and
// cosines of task vectors follow from it. Pieces are the smaller the more models there are, so that memory does not
// grow with their number. A model with a value that is not finite is named, and what is said of it means nothing; but a
// tensor that is equal in all of them, as a mask of -Infinity is, is left out as the constant that it is (not in a
// tower, see weights/merge.ts).

import type { Progress } from '../../contract/run/run.ts'
import { add, at, axpy } from '../../numbers/vectors.ts'
import { infoOf } from '../formats/tensor-file.ts'
import { layerOf } from '../layouts/clip-names.ts'
import { type Checkpoint, isEqualInAll } from '../weights/slices.ts'
import { dot, valueReader } from './values.ts'

/** Over some tensors. */
export interface Sums {
  tensors: number
  elements: number
  base: number // |theta_pre|^2
  products: number[][] // (vectors, vectors)
  conflicts: number // elements that are positive in one vector and negative in another
}

export interface Gram extends Sums {
  layers: Map<string, Sums> // in the order of their first tensors
  notFinite: (NotFinite | null)[] // of the base and each vector: the first tensor with a NaN or infinite value
  constants: string[] // tensors that are not finite and equal in all: they are no part of any sum
}

interface NotFinite {
  tensor: string
  value: number // the first of them
}

interface What {
  names: readonly string[] // of what is combined, as the canonical files have them
  total: number // bytes, of which progress counts those read
  ofModels?: boolean // the vectors are the models themselves
}

const held = 2 ** 19 // elements of all models at a time
const [least, most] = [2 ** 10, 2 ** 17] // of one model

export async function* gramOf(
  base: Checkpoint,
  vectors: readonly Checkpoint[],
  { names, total, ofModels = false }: What,
): AsyncGenerator<Progress, Gram> {
  const files = [base, ...vectors].map(({ file }) => file)
  const piece = Math.min(most, Math.max(least, Math.floor(held / files.length)))
  const readers = files.map((file) => valueReader(file, piece))
  const signs = new Uint8Array(piece)
  const empty = (): Sums => ({
    tensors: 0,
    elements: 0,
    base: 0,
    products: vectors.map(() => vectors.map(() => 0)),
    conflicts: 0,
  })
  const gram: Gram = { ...empty(), layers: new Map(), notFinite: files.map(() => null), constants: [] }
  let done = 0
  for (const name of names) {
    const infos = files.map((file) => infoOf(file.tensors, name, file.source))
    const pieces = infos.map((info, i) => at(readers, i)(info))
    yield { type: 'progress', what: name, done, total }
    const own = { ...empty(), tensors: 1, notFinite: files.map((): NotFinite | null => null) }
    for (;;) {
      const [still, ...tuned] = (await Promise.all(pieces.map((of) => of.next()))).map(({ value }) => value)
      if (!still) break
      const taus = tuned as Float64Array[]
      if (!ofModels) for (const tau of taus) axpy(-1, still, tau)
      addPiece(own, name, ofModels ? null : still, taus)
      own.elements += still.length
      own.conflicts += conflictsIn(taus, signs)
    }
    const isOdd = own.notFinite.some((found) => found !== null)
    if (isOdd && base.prefix === '' && (await isEqualInAll([base, ...vectors], name))) gram.constants.push(name)
    else {
      const layer = gram.layers.get(layerOf(name)) ?? empty()
      gram.layers.set(layerOf(name), layer)
      addUp(layer, own)
      addUp(gram, own)
      for (const [i, found] of own.notFinite.entries()) gram.notFinite[i] ??= found
    }
    done += infos.reduce((sum, { bytes }) => sum + bytes, 0)
  }
  for (const { products } of [gram, ...gram.layers.values()])
    for (const [i, row] of products.entries()) for (let j = i + 1; j < row.length; j++) row[j] = at(at(products, j), i)
  return gram
}

function addUp(sums: Sums, { tensors, elements, base, products, conflicts }: Sums): void {
  sums.tensors += tensors
  sums.elements += elements
  sums.base += base
  sums.conflicts += conflicts
  for (const [i, row] of sums.products.entries()) for (let j = 0; j <= i; j++) add(row, j, at(at(products, i), j))
}

/** Below the diagonal alone. still null: there is no base. */
function addPiece(
  sums: Sums & Pick<Gram, 'notFinite'>,
  name: string,
  still: Float64Array | null,
  taus: readonly Float64Array[],
): void {
  const { products, notFinite } = sums
  const square = still ? dot(still, still) : 0
  if (still && !Number.isFinite(square)) {
    notFinite[0] ??= { tensor: name, value: firstOdd(still) }
    return
  }
  sums.base += square
  for (const [i, tau] of taus.entries()) {
    if (notFinite[i + 1] === null && !Number.isFinite(dot(tau, tau)))
      notFinite[i + 1] = { tensor: name, value: firstOdd(tau) }
    if (notFinite[i + 1] !== null) tau.fill(0)
    for (let j = 0; j <= i; j++) add(at(products, i), j, dot(tau, at(taus, j)))
  }
}

/** signs: room for as many elements. */
function conflictsIn(taus: readonly Float64Array[], signs: Uint8Array): number {
  const [first] = taus
  if (!first || taus.length < 2) return 0
  const seen = signs.subarray(0, first.length).fill(0) // 1: up, 2: down
  for (const tau of taus) markSigns(tau, seen)
  let count = 0
  for (let i = 0; i < seen.length; i++) if (seen[i] === 3) count++
  return count
}

function markSigns(tau: Float64Array, seen: Uint8Array): void {
  for (let i = 0; i < tau.length; i++) {
    const v = tau[i] as number
    if (v !== 0) seen[i] = (seen[i] as number) | (v > 0 ? 1 : 2)
  }
}

const firstOdd = (values: Float64Array): number =>
  values.find((value) => !Number.isFinite(value)) ?? Number.POSITIVE_INFINITY // finite, but not its square
