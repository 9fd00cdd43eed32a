// Tensors that are strided views of regions, and their bytes in row-major order:
//   element (i_1, ..., i_n) lies at offset + sum_d i_d stride_d of the region, all counted in elements
// What lies in order is one ranged read. What does not (a transposed matrix, a column, Fortran order) is gathered
// through a window, so that no more is held than the tensor itself and the window.

import { BasilError } from '../../contract/errors.ts'
import { product } from '../../numbers/vectors.ts'
import { type Dtype, dtypes } from './dtype.ts'
import type { Change } from './element-bits.ts'
import { type ByteSource, beyondLimit, damaged, type Region, shown } from './source.ts'
import { infoOf, mostDimensions, type TensorFile, type TensorInfo } from './tensor-file.ts'

export interface Strided {
  dtype: Dtype
  region: Region
  offset: number
  shape: number[]
  strides: number[]
  changes?: readonly Change[] // of the bytes as they lie there, in order
}

const windowBytes = 2 ** 20
const freeRepeats = 64 * 2 ** 20 // bytes of tensors that may repeat what the file holds once (expanded or tied ones)

/**
 * Throws file-damaged where a tensor does not lie in its region, or where the whole is out of proportion to the file,
 * and not-supported for more dimensions than Basil reads.
 */
export function stridedFile(
  source: ByteSource,
  format: string,
  views: ReadonlyMap<string, Strided>,
  metadata: Record<string, string>,
): TensorFile {
  const tensors = new Map<string, TensorInfo>()
  const held = new Map<Region, number>()
  let total = 0
  for (const [name, { dtype, shape, strides, offset, region }] of views) {
    if (shape.length > mostDimensions)
      throw beyondLimit(
        source,
        `tensor ${shown(name)} has ${shape.length} dimensions; Basil reads ${mostDimensions} at most`,
      )
    const elements = product(shape)
    const bytes = elements * dtypes[dtype]
    const last = elements === 0 ? -1 : shape.reduce((at, size, d) => at + (size - 1) * (strides[d] as number), offset)
    if (!Number.isSafeInteger(bytes))
      throw damaged(source, format, `tensor ${shown(name)} has more elements than can be counted`)
    if (!((last + 1) * dtypes[dtype] <= region.size))
      throw damaged(
        source,
        format,
        `tensor ${shown(name)} of shape [${shape}] ends past the ${region.size} bytes it lies in`,
      )
    held.set(region, region.size)
    total += bytes
    tensors.set(name, { name, dtype, shape, bytes })
  }
  const behind = [...held.values()].reduce((a, b) => a + b, 0)
  if (total > 16 * behind + freeRepeats)
    throw beyondLimit(
      source,
      `its ${tensors.size} tensors have ${total} bytes, but only ${behind} lie behind them, and Basil repeats no more`,
    )

  const readRange = async (name: string, offset: number, length: number, into?: Uint8Array): Promise<Uint8Array> =>
    readStrided(infoOf(views, name, source), offset, length, into)
  return {
    source,
    format,
    tensors,
    metadata,
    read: async (name, into) => readRange(name, 0, infoOf(tensors, name, source).bytes, into),
    readRange,
  }
}

/** `length` bytes of a view from byte `offset` of its own on, in row-major order, with its changes made. */
export async function readStrided(
  view: Strided,
  offset: number,
  length: number,
  into?: Uint8Array,
): Promise<Uint8Array> {
  const bytes = await stored(view, offset, length, into)
  for (const change of view.changes ?? []) change(bytes)
  return bytes
}

/** As they lie in the region, in row-major order. */
async function stored(view: Strided, offset: number, length: number, into?: Uint8Array): Promise<Uint8Array> {
  const item = dtypes[view.dtype]
  if (isContiguous(view)) return view.region.read(view.offset * item + offset, length, into)
  const out = into?.subarray(0, length) ?? new Uint8Array(length)
  await gather(view, offset / item, length / item, out)
  return out
}

export function rowMajor(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length)
  let step = 1
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = step
    step *= shape[d] as number
  }
  return strides
}

/** Of a tensor whose element type, as the file writes it, is not one of Basil's. */
export function unknownType(source: ByteSource, name: string, type: string): BasilError {
  return new BasilError({
    code: 'tensor-dtype',
    what: `${source.name} holds a tensor of a type that Basil does not read`,
    where: `${source.name}: ${name.slice(0, 120)}`,
    why: `it is stored as ${type.slice(0, 80)}`,
    next: 'store it as float32, float16, bfloat16, float64 or an integer type',
  })
}

function isContiguous({ shape, strides }: Strided): boolean {
  const expected = rowMajor(shape)
  return shape.includes(0) || shape.every((size, d) => size === 1 || strides[d] === expected[d])
}

/** Elements first to first + count in row-major order, into `out`. */
async function gather(view: Strided, first: number, count: number, out: Uint8Array): Promise<void> {
  const item = dtypes[view.dtype]
  const window = windowOn(view.region)
  for (const box of boxesOf(view, first, count)) await gatherBox(box, item, window, out)
}

/** A part of a tensor with a size in every dimension; `to` is the place of its first element in what is gathered. */
interface Box {
  from: number
  to: number
  dims: { size: number; stride: number; outStride: number }[]
}

/**
 * A range of elements in row-major order as boxes: at most two partial rows of each dimension and a block between them.
 */
function boxesOf({ offset, shape, strides }: Strided, first: number, count: number): Box[] {
  const boxes: Box[] = []
  const outStrides = rowMajor(shape)
  const all = shape.map((size, d) => ({ size, stride: strides[d] as number, outStride: outStrides[d] as number }))
  split(0, offset, first, count, 0)
  return boxes

  function split(d: number, from: number, start: number, length: number, to: number): void {
    const dim = all[d]
    if (!dim) return void boxes.push({ from, to, dims: [] })
    const row = dim.outStride // elements behind one index of this dimension
    const head = start % row
    let index = Math.floor(start / row)
    let done = 0
    const part = (skip: number, size: number): void => {
      split(d + 1, from + index * dim.stride, skip, size, to + done)
      done += size
      index++
    }
    if (head > 0) part(head, Math.min(length, row - head))
    const rows = Math.floor((length - done) / row)
    if (rows > 0) {
      boxes.push({
        from: from + index * dim.stride,
        to: to + done,
        dims: [{ ...dim, size: rows }, ...all.slice(d + 1)],
      })
      done += rows * row
      index += rows
    }
    if (done < length) part(0, length - done)
  }
}

/** In the order of the region, so that the window passes over it once. */
async function gatherBox({ from, to, dims }: Box, item: number, window: Window, out: Uint8Array): Promise<void> {
  const [inner, ...outer] = dims.filter((dim) => dim.size > 1).sort((a, b) => a.stride - b.stride)
  const { size, stride, outStride } = inner ?? { size: 1, stride: 1, outStride: 1 }
  const fits = Math.max(1, Math.floor((windowBytes / item - 1) / Math.max(1, stride)))
  const index = outer.map(() => 0)
  for (let row = from, rowTo = to; ; ) {
    for (let i = 0; i < size; i += fits) {
      const n = Math.min(fits, size - i)
      const start = (row + i * stride) * item
      const bytes = await window(start, ((n - 1) * stride + 1) * item, stride * item < windowBytes)
      copy(bytes, stride * item, out, (rowTo + i * outStride) * item, outStride * item, n, item)
    }
    let d = 0
    for (; d < outer.length; d++) {
      const dim = outer[d] as Box['dims'][number]
      row += dim.stride
      rowTo += dim.outStride
      index[d] = (index[d] as number) + 1
      if ((index[d] as number) < dim.size) break
      row -= dim.size * dim.stride
      rowTo -= dim.size * dim.outStride
      index[d] = 0
    }
    if (d === outer.length) return
  }
}

function copy(
  bytes: Uint8Array,
  step: number,
  out: Uint8Array,
  to: number,
  outStep: number,
  count: number,
  item: number,
): void {
  for (let i = 0, a = 0, b = to; i < count; i++, a += step, b += outStep)
    for (let k = 0; k < item; k++) out[b + k] = bytes[a + k] as number
}

type Window = (start: number, length: number, ahead: boolean) => Uint8Array | Promise<Uint8Array>

/**
 * The bytes from `start` on, at least `length` (at most a window) of them; `ahead`: read as many as fit, the next are
 * near.
 */
function windowOn(region: Region): Window {
  const buffer = new Uint8Array(Math.min(windowBytes, region.size))
  let [begin, end] = [0, 0]
  return (start, length, ahead) => {
    if (start >= begin && start + length <= end) return buffer.subarray(start - begin)
    const size = ahead ? Math.min(buffer.length, region.size - start) : length
    return region.read(start, size, buffer).then((bytes) => {
      begin = start
      end = start + size
      return bytes
    })
  }
}
