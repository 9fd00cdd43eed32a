// A tensor file seen under other names and shapes: each tensor of a view is made of tensors of the file behind it, and read
// through when asked for. Rows of several may stand under each other, and of one, a part may be taken or the matrix turned:
//   in_proj (3 width, width) = q, k, v, each (width, width);   proj (width, embed) = weight (embed, width), turned
import type { Region } from '../formats/source.ts'
import { rowMajor, type Strided, stridedFile } from '../formats/strided.ts'
import { infoOf, type TensorFile, type TensorInfo } from '../formats/tensor-file.ts'

/** One tensor of a view. */
export interface View {
  of: readonly string[] // names in the file behind; their rows follow each other
  part?: { index: number; count: number } // of as many equal parts of the rows
  turned?: boolean // a matrix with rows and columns exchanged
}

export function viewed(file: TensorFile, views: ReadonlyMap<string, View>): TensorFile {
  const strided = new Map([...views].map(([name, view]) => [name, stridedOf(file, view)]))
  return stridedFile(file.source, file.format, strided, file.metadata)
}

/** Whether the view can be made of what the file holds. */
export function isPossible(file: TensorFile, { of, part, turned }: View): boolean {
  const infos = of.map((name) => file.tensors.get(name))
  const [first] = infos
  if (!first || (turned && first.shape.length !== 2)) return false
  if (part && (first.shape[0] ?? 0) % part.count !== 0) return false
  const like = (info: TensorInfo | undefined): boolean => info?.dtype === first.dtype && info.shape.join() === first.shape.join()
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
    offset = part.index * shape.reduce((a, b) => a * b, 1)
  }
  const strides = rowMajor(shape)
  const order = turned ? { shape: shape.toReversed(), strides: strides.toReversed() } : { shape, strides }
  return { dtype, region: joined(file, infos), offset, ...order }
}

/** The tensors' bytes one behind the other. */
function joined(file: TensorFile, infos: readonly TensorInfo[]): Region {
  const size = infos.reduce((sum, info) => sum + info.bytes, 0)
  const [only] = infos
  if (only && infos.length === 1) return { size, read: (offset, length, into) => file.readRange(only.name, offset, length, into) }
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
