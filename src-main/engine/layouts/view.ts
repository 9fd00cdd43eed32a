// A tensor file seen under other names and shapes: each tensor of a view is made of tensors of the file behind it, and
// read through when asked for. Rows of several may stand under each other, and of one, a part may be taken or the
// matrix turned:
//   in_proj (3 width, width) = q, k, v, each (width, width);   proj (width, embed) = weight (embed, width), turned

import { BasilError } from '../../contract/errors.ts'
import { product } from '../../numbers/vectors.ts'
import { dtypes } from '../formats/dtype.ts'
import type { Region } from '../formats/source.ts'
import { readStrided, rowMajor, type Strided } from '../formats/strided.ts'
import { infoOf, type TensorFile, type TensorInfo } from '../formats/tensor-file.ts'

/** One tensor of a view. */
export interface View {
  of: readonly string[] // names in the file behind; their rows follow each other
  part?: { index: number; count: number } // of as many equal parts of the rows
  turned?: boolean // a matrix with rows and columns exchanged
}

/**
 * A tensor that keeps its name keeps its very info. Throws tensor-dtype where parts of a tensor are wanted whose
 * elements share bytes.
 */
export function viewed(file: TensorFile, views: ReadonlyMap<string, View>): TensorFile {
  const tensors = new Map<string, TensorInfo>()
  for (const [name, view] of views) tensors.set(name, infoOfView(file, name, view))
  const readRange = (name: string, offset: number, length: number, into?: Uint8Array): Promise<Uint8Array> => {
    const view = infoOf(views, name, file.source)
    const [only] = view.of
    if (only !== undefined && isWhole(view)) return file.readRange(only, offset, length, into)
    return readStrided(stridedOf(file, view), offset, length, into)
  }
  return {
    ...file,
    tensors,
    read: async (name, into) => readRange(name, 0, infoOf(tensors, name, file.source).bytes, into),
    readRange: async (name, offset, length, into) => readRange(name, offset, length, into),
  }
}

const isWhole = ({ of, part, turned }: View): boolean => of.length === 1 && !part && !turned

function infoOfView(file: TensorFile, name: string, view: View): TensorInfo {
  const [first] = view.of.map((of) => infoOf(file.tensors, of, file.source)) as [TensorInfo]
  if (isWhole(view))
    return first.name === name ? first : { name, dtype: first.dtype, shape: first.shape, bytes: first.bytes }
  if (!hasWholeElements(first)) throw sharedBytes(file, first)
  const { dtype, shape } = stridedOf(file, view)
  return { name, dtype, shape, bytes: product(shape) * dtypes[dtype] }
}

/** Whether an element can be told from the next by its bytes. */
const hasWholeElements = ({ dtype }: TensorInfo): boolean => Number.isInteger(dtypes[dtype])

function sharedBytes({ source }: TensorFile, { name, dtype }: TensorInfo): BasilError {
  return new BasilError({
    code: 'tensor-dtype',
    what: 'A tensor cannot be written in this layout',
    where: `${source.name}: ${name}`,
    why: `it would be taken apart or turned, and it is stored as ${dtype}, which Basil only copies as it is`,
    next: "write it in the file's own layout",
  })
}

/** Whether the view can be made of what the file holds. */
export function isPossible(file: TensorFile, { of, part, turned }: View): boolean {
  const infos = of.map((name) => file.tensors.get(name))
  const [first] = infos
  if (!first || (turned && first.shape.length !== 2)) return false
  if (part && (first.shape[0] ?? 0) % part.count !== 0) return false
  if ((part || turned || of.length > 1) && !hasWholeElements(first)) return false
  const like = (info: TensorInfo | undefined): boolean =>
    info?.dtype === first.dtype && info.shape.join() === first.shape.join()
  return infos.every(like) && (infos.length === 1 || first.shape.length > 0)
}

function stridedOf(file: TensorFile, { of, part, turned }: View): Strided {
  const infos = of.map((name) => infoOf(file.tensors, name, file.source))
  const { dtype, shape: own } = infos[0] as TensorInfo
  const shape = [...own]
  let offset = 0
  if (infos.length > 1) shape[0] = (own[0] as number) * infos.length
  if (part) {
    shape[0] = (shape[0] as number) / part.count
    offset = part.index * product(shape)
  }
  const strides = rowMajor(shape)
  const order = turned ? { shape: shape.toReversed(), strides: strides.toReversed() } : { shape, strides }
  return { dtype, region: joined(file, infos), offset, ...order }
}

/** The tensors' bytes one behind the other. */
function joined(file: TensorFile, infos: readonly TensorInfo[]): Region {
  const size = infos.reduce((sum, info) => sum + info.bytes, 0)
  const [only] = infos
  if (only && infos.length === 1)
    return { size, read: (offset, length, into) => file.readRange(only.name, offset, length, into) }
  return {
    size,
    async read(offset, length, into) {
      const out = into?.subarray(0, length) ?? new Uint8Array(length)
      let start = 0
      for (const { name, bytes } of infos) {
        const [from, to] = [Math.max(offset, start), Math.min(offset + length, start + bytes)]
        if (from < to) await file.readRange(name, from - start, to - from, out.subarray(from - offset))
        start += bytes
      }
      return out
    },
  }
}
