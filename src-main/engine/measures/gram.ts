// One pass over a pre-trained model and its fine-tuned ones, a piece of each in memory at a time, in float64:
//   |theta_pre|^2 and G_ij = <tau_i, tau_j>, tau_t = theta_t - theta_pre,  over all that is combined.
// Norms and cosines of task vectors follow from it. A model with a value that is not finite is named, and what is said
// of it means nothing; but a tensor that is equal in all of them, as a mask of -Infinity is, is left out as the
// constant that it is (not in a tower, see weights/merge.ts).

import type { Progress } from '../../contract/run/run.ts'
import { add, at, axpy } from '../../numbers/vectors.ts'
import { infoOf } from '../formats/tensor-file.ts'
import { type Checkpoint, isEqualInAll } from '../weights/slices.ts'
import { dot, valueReader } from './values.ts'

export interface Gram {
  base: number // |theta_pre|^2
  products: number[][] // (vectors, vectors)
  notFinite: (NotFinite | null)[] // of the base and each vector: the first tensor with a NaN or infinite value
  constants: string[] // tensors that are not finite and equal in all: they are no part of any sum
}

interface NotFinite {
  tensor: string
  value: number // the first of them
}

/** `names`: of what is combined, as the canonical files have them. Progress counts bytes read, of `total`. */
export async function* gramOf(
  base: Checkpoint,
  vectors: readonly Checkpoint[],
  names: readonly string[],
  total: number,
): AsyncGenerator<Progress, Gram> {
  const files = [base, ...vectors].map(({ file }) => file)
  const readers = files.map(valueReader)
  const empty = (): Gram => ({
    base: 0,
    products: vectors.map(() => vectors.map(() => 0)),
    notFinite: files.map(() => null),
    constants: [],
  })
  const gram = empty()
  let done = 0
  for (const name of names) {
    const infos = files.map((file) => infoOf(file.tensors, name, file.source))
    const pieces = infos.map((info, i) => (readers[i] as (typeof readers)[number])(info))
    yield { type: 'progress', what: name, done, total }
    const own = empty()
    for (;;) {
      const [still, ...tuned] = (await Promise.all(pieces.map((of) => of.next()))).map(({ value }) => value)
      if (!still) break
      addPiece(own, name, still, tuned as Float64Array[])
    }
    const isOdd = own.notFinite.some((found) => found !== null)
    if (isOdd && base.prefix === '' && (await isEqualInAll([base, ...vectors], name))) gram.constants.push(name)
    else addUp(gram, own)
    done += infos.reduce((sum, { bytes }) => sum + bytes, 0)
  }
  for (const [i, row] of gram.products.entries())
    for (let j = i + 1; j < row.length; j++) row[j] = at(at(gram.products, j), i)
  return gram
}

function addUp(gram: Gram, { base, products, notFinite }: Gram): void {
  gram.base += base
  for (const [i, row] of gram.products.entries()) for (let j = 0; j <= i; j++) add(row, j, at(at(products, i), j))
  for (const [i, found] of notFinite.entries()) gram.notFinite[i] ??= found
}

/** Below the diagonal alone. What was tuned becomes the task vector, in place. */
function addPiece(gram: Gram, name: string, still: Float64Array, tuned: readonly Float64Array[]): void {
  const { products, notFinite } = gram
  const square = dot(still, still)
  if (!Number.isFinite(square)) {
    notFinite[0] ??= { tensor: name, value: firstOdd(still) }
    return
  }
  gram.base += square
  for (const [i, tau] of tuned.entries()) {
    axpy(-1, still, tau)
    if (notFinite[i + 1] === null && !Number.isFinite(dot(tau, tau)))
      notFinite[i + 1] = { tensor: name, value: firstOdd(tau) }
    if (notFinite[i + 1] !== null) tau.fill(0)
    for (let j = 0; j <= i; j++) add(at(products, i), j, dot(tau, at(tuned, j)))
  }
}

const firstOdd = (values: Float64Array): number =>
  values.find((value) => !Number.isFinite(value)) ?? Number.POSITIVE_INFINITY // finite, but not its square
