// A model as if it had all tokens of a vocabulary: the rows of its embeddings and heads in the vocabulary's order,
// composed when they are read, each the model's own or a mean of other models' rows, computed in float64 and rounded
// once. Where the models store a tensor in several types it is float32 in all.
import { at, axpy, product } from '../../../numbers/vectors.ts'
import { type Dtype, dtypes, type FloatingDtype, isFloating, toFloat32 } from '../../formats/dtype.ts'
import { infoOf, type TensorFile, type TensorInfo } from '../../formats/tensor-file.ts'
import { cast } from '../../formats/writing/in-dtype.ts'
import type { CanonicalFile } from '../../layouts/index.ts'
import { headStem, isEmbedding } from '../agreement.ts'
import { type Row, rowsIn, type Vocabulary } from './vocabulary.ts'

export function aligned(files: readonly CanonicalFile[], vocabulary: Vocabulary): CanonicalFile[] {
  const models = files.map((file) => ({ file, rows: rowsIn(file) }))
  return models.map((_, m) => seen(models, m, vocabulary))
}

interface Model {
  file: CanonicalFile
  rows: number
}

function seen(models: readonly Model[], m: number, { rows, own, given }: Vocabulary): CanonicalFile {
  const { file, rows: before } = models[m] as Model
  const changed = new Map<string, TensorInfo>()
  for (const { name, shape } of file.tensors.values())
    if ((isEmbedding(name) || headStem(name) !== null) && shape[0] === before) {
      const dtype = commonType(models, name)
      const wanted = [rows, ...shape.slice(1)]
      changed.set(name, { name, dtype, shape: wanted, bytes: product(wanted) * dtypes[dtype] })
    }

  async function readRange(name: string, offset: number, length: number, into?: Uint8Array): Promise<Uint8Array> {
    const info = changed.get(name)
    if (!info) return file.readRange(name, offset, length, into)
    const [each, width] = [dtypes[info.dtype], product(info.shape.slice(1))]
    const out = into?.subarray(0, length) ?? new Uint8Array(length)
    for (let at = 0; at < length; ) {
      const element = (offset + at) / each
      const row = Math.floor(element / width)
      const [within, left] = [element - row * width, (length - at) / each]
      const mine = own[m]?.[row] ?? -1
      const run = mine < 0 ? 1 : runFrom(own[m] as Int32Array, row, Math.ceil((within + left) / width))
      const count = Math.min(run * width - within, left)
      const from = mine < 0 ? (given.get(row) ?? []) : [{ model: m, row: mine }]
      out.set(await meanOf(models, from, { name, dtype: info.dtype, width, within, count }), at)
      at += count * each
    }
    return out
  }

  const tensors = new Map([...file.tensors].map(([name, info]) => [name, changed.get(name) ?? info]))
  const shapes = [...file.parameters].map(([name, shape]): [string, number[]] => [
    name,
    changed.get(name)?.shape ?? shape,
  ])
  const read: TensorFile['read'] = (name, into) =>
    changed.has(name) ? readRange(name, 0, infoOf(tensors, name, file.source).bytes, into) : file.read(name, into)
  return { ...file, tensors, parameters: new Map(shapes), readRange, read }
}

/** How many rows from one on follow each other in the model too. */
function runFrom(own: Int32Array, row: number, most: number): number {
  let count = 1
  while (count < most && own[row + count] === at(own, row) + count) count++
  return count
}

/** The tensor of a model that a row is read from: of a model without a head its embedding. */
function tensorOf({ file, rows }: Model, name: string): TensorInfo | undefined {
  const found = file.tensors.get(name)
  if (found || !headStem(name)?.endsWith('.weight')) return found
  return [...file.tensors.values()].find((info) => isEmbedding(info.name) && info.shape[0] === rows)
}

function commonType(models: readonly Model[], name: string): Dtype {
  const types = new Set(models.flatMap((model) => tensorOf(model, name)?.dtype ?? []))
  const [only, another] = types
  return only !== undefined && another === undefined ? only : 'F32'
}

interface Wanted {
  name: string
  dtype: Dtype
  width: number
  within: number // a row's element
  count: number
}

/** Of one row its very bytes; of none 0. */
async function meanOf(models: readonly Model[], from: readonly Row[], wanted: Wanted): Promise<Uint8Array> {
  const { name, dtype, count } = wanted
  const read = from.flatMap(({ model, row }) => {
    const { file } = models[model] as Model
    const info = tensorOf(models[model] as Model, name)
    return info ? [{ file, info, row }] : []
  })
  const elements = ({ file, info, row }: (typeof read)[number]): Promise<Uint8Array> => {
    const each = dtypes[info.dtype]
    return file.readRange(info.name, (row * wanted.width + wanted.within) * each, count * each)
  }
  const [first, another] = read
  if (first && !another && first.info.dtype === dtype) return elements(first)
  const sum = new Float64Array(count)
  for (const one of read) {
    const values = toFloat32(await elements(one), one.info.dtype)
    axpy(1, values, sum)
  }
  const mean = sum.map((v) => v / Math.max(1, read.length))
  return cast(mean, floating(dtype), () => name)
}

const floating = (dtype: Dtype): FloatingDtype => (isFloating(dtype) ? dtype : 'F32')
