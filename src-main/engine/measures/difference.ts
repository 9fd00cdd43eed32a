// Two checkpoints of any layouts, held against each other tensor by tensor under canonical names:
//   |a|, |b|, |b - a|, cos = <a, b> / (|a| |b|), max |b - a|,   in float64, two pieces of a tensor in memory at a time.
// Places where one of the two is NaN or infinite are left out and counted.
import type { Difference, TensorDifference } from '../../contract/checkpoint.ts'
import type { Told } from '../../contract/engine-api.ts'
import { isNumeric } from '../formats/dtype.ts'
import { openTensorFile } from '../formats/open.ts'
import type { OpenSource } from '../formats/source.ts'
import type { TensorInfo } from '../formats/tensor-file.ts'
import { type CanonicalFile, canonical } from '../layouts/index.ts'
import { dot, valueReader } from './values.ts'

export async function* differenceOf(pathA: string, pathB: string, open: OpenSource): AsyncGenerator<Told<Difference>> {
  const [a, b] = [await opened(pathA, open), await opened(pathB, open)]
  try {
    const names = new Set([...a.tensors.keys(), ...b.tensors.keys()])
    const total = [...a.tensors.values(), ...b.tensors.values()].reduce((sum, { bytes }) => sum + bytes, 0)
    const readA = valueReader(a)
    const readB = valueReader(b)
    const tensors: TensorDifference[] = []
    let done = 0
    for (const name of names) {
      const [infoA, infoB] = [a.tensors.get(name), b.tensors.get(name)]
      yield { type: 'progress', what: name, done, total }
      const [hasA, hasB] = [infoA, infoB].map((info) => info !== undefined && isNumeric(info.dtype))
      if (infoA && infoB && hasA && hasB && infoA.shape.join() === infoB.shape.join())
        tensors.push(await compared(infoA, readA(infoA), readB(infoB)))
      else {
        const shape = (infoA ?? infoB)?.shape ?? []
        const norms = {
          normA: hasA ? await normOf(infoA, readA) : null,
          normB: hasB ? await normOf(infoB, readB) : null,
        }
        const distance = infoA && infoB && !hasA && (await areSame(a, infoA, b, infoB)) ? 0 : null
        tensors.push({ ...apart, name, shape, ...norms, distance })
      }
      done += (infoA?.bytes ?? 0) + (infoB?.bytes ?? 0)
    }
    yield { type: 'result', result: { tensors } }
  } finally {
    await Promise.all([a.source.close(), b.source.close()])
  }
}

async function opened(path: string, open: OpenSource): Promise<CanonicalFile> {
  const source = await open(path)
  try {
    return canonical(await openTensorFile(source))
  } catch (error) {
    await source.close()
    throw error
  }
}

/** In type, shape and every byte: all that can be said of numbers Basil does not have. */
async function areSame(a: CanonicalFile, infoA: TensorInfo, b: CanonicalFile, infoB: TensorInfo): Promise<boolean> {
  if (infoA.dtype !== infoB.dtype || infoA.shape.join() !== infoB.shape.join()) return false
  for (let at = 0; at < infoA.bytes; at += piece) {
    const length = Math.min(piece, infoA.bytes - at)
    const [x, y] = await Promise.all([a.readRange(infoA.name, at, length), b.readRange(infoB.name, at, length)])
    if (Buffer.compare(x, y) !== 0) return false
  }
  return true
}

const piece = 3 * 2 ** 18 // bytes: of whole elements, also of 6 bits

type Pieces = AsyncGenerator<Float64Array, undefined>

const apart = { distance: null, cosine: null, largest: null, nonFinite: 0 }

async function compared({ name, shape }: TensorInfo, piecesA: Pieces, piecesB: Pieces): Promise<TensorDifference> {
  const sums = { aa: 0, bb: 0, ab: 0, dd: 0, largest: 0, nonFinite: 0 }
  for (;;) {
    const [{ value: a }, { value: b }] = await Promise.all([piecesA.next(), piecesB.next()])
    if (!a || !b) break
    sums.nonFinite += withoutNotFinite(a, b)
    sums.aa += dot(a, a)
    sums.bb += dot(b, b)
    sums.ab += dot(a, b)
    for (let i = 0; i < a.length; i++) {
      const difference = Math.abs((b[i] as number) - (a[i] as number))
      sums.dd += difference * difference
      if (difference > sums.largest) sums.largest = difference
    }
  }
  const { aa, bb, ab, dd, largest, nonFinite } = sums
  const [normA, normB] = [Math.sqrt(aa), Math.sqrt(bb)]
  const cosine = aa > 0 && bb > 0 ? Math.max(-1, Math.min(1, ab / (normA * normB))) : null
  return { name, shape, normA, normB, distance: Math.sqrt(dd), cosine, largest, nonFinite }
}

/** Makes both 0 where one is not finite: they add nothing to any sum. */
function withoutNotFinite(a: Float64Array, b: Float64Array): number {
  let count = 0
  for (let i = 0; i < a.length; i++)
    if (!Number.isFinite((a[i] as number) - (b[i] as number))) {
      a[i] = 0
      b[i] = 0
      count++
    }
  return count
}

/** null where there is no tensor. */
async function normOf(info: TensorInfo | undefined, read: (info: TensorInfo) => Pieces): Promise<number | null> {
  if (!info) return null
  let squares = 0
  for await (const values of read(info)) {
    withoutNotFinite(values, values)
    squares += dot(values, values)
  }
  return Math.sqrt(squares)
}
