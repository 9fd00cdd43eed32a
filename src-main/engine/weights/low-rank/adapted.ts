// A base model with an adapter's changes (factors.ts) as a tensor file: what peft's merge_and_unload would give, in
// float32 whatever the base's type, computed a slice at a time when it is read. Its names are those of the base's file,
// or Hugging Face's where the adapter was trained on such a model and the base lies in another layout; which module of
// the base is meant is told by its whole name or its end, as programs put their own names in front.
import { at, axpy, dot, product, scale } from '../../../numbers/vectors.ts'
import { dtypes, toFloat32 } from '../../formats/dtype.ts'
import { infoOf, type TensorFile, type TensorInfo } from '../../formats/tensor-file.ts'
import { adapterTensor } from '../../layouts/adapter.ts'
import { type CanonicalFile, canonical, inLayout } from '../../layouts/index.ts'
import { type Change, changesOf, loadProduct, type Product, readValues, sizesOf } from './factors.ts'
import { readSettings, unsupported } from './settings.ts'

/** Throws not-supported where the adapter means tensors that the base has not, or has in other shapes. */
export async function adaptedFile(adapter: TensorFile, base: CanonicalFile): Promise<CanonicalFile> {
  const changes = changesOf(adapter, await readSettings(adapter.source))
  const behind = fittingView(base, [...changes.keys()])
  const placed = new Map<string, Change>()
  for (const [theirs, change] of changes) {
    const name = placeOf(behind, theirs)
    if (name === undefined)
      throw unsupported(
        `${adapter.source.name}: ${theirs}`,
        `${base.source.name} has no tensor that it could mean`,
        'use the base model that the adapter was trained on',
      )
    placed.set(name, change)
  }
  return canonical(changed(behind, adapter, placed))
}

/** Whether a file is an adapter of a kind that is a change of weights. */
export const isLowRank = (file: CanonicalFile): boolean =>
  /\.lora_(embedding_)?[AB](\.|$)/.test(adapterTensor(file) ?? '')

/** Where most of the tensors that are meant have a place. */
function fittingView(base: CanonicalFile, wanted: readonly string[]): TensorFile {
  const placed = (file: TensorFile): number => wanted.filter((name) => placeOf(file, name) !== undefined).length
  if (!base.architecture || base.layout === 'huggingface' || placed(base.original) === wanted.length)
    return base.original
  const theirs = inLayout(base, 'huggingface')
  return placed(theirs) > placed(base.original) ? theirs : base.original
}

/** Of nn.MultiheadAttention peft adapts the fused in_proj under the attention's own name. */
function placeOf({ tensors }: TensorFile, wanted: string): string | undefined {
  const fused = wanted.replace(/\.weight$/, '.in_proj_weight')
  for (const name of [wanted, fused]) {
    if (tensors.has(name)) return name
    const ends = [...tensors.keys()].filter((own) => own.endsWith(`.${name}`) || name.endsWith(`.${own}`))
    if (ends.length === 1) return ends[0]
  }
  return undefined
}

const piece = 2 ** 20 // elements at a time

function changed(base: TensorFile, adapter: TensorFile, changes: ReadonlyMap<string, Change>): TensorFile {
  const tensors = new Map<string, TensorInfo>()
  for (const [name, info] of base.tensors) {
    const change = changes.get(name)
    if (change) requireShape(adapter, change, info)
    tensors.set(name, change ? { ...info, dtype: 'F32', bytes: 4 * product(info.shape) } : info)
  }
  let last: { name: string; delta: Promise<Delta> } | undefined // a tensor is read part by part
  const readRange: TensorFile['readRange'] = async (name, offset, length, into) => {
    const change = changes.get(name)
    if (!change) return base.readRange(name, offset, length, into)
    if (last?.name !== name) last = { name, delta: deltaOf(base, adapter, name, change) }
    const delta = await last.delta
    const values = into ? new Float32Array(into.buffer, into.byteOffset, length / 4) : new Float32Array(length / 4)
    for (let at = 0; at < values.length; at += piece)
      await delta(offset / 4 + at, values.subarray(at, Math.min(values.length, at + piece)))
    return new Uint8Array(values.buffer, values.byteOffset, length)
  }
  return {
    ...base,
    source: { ...adapter.source, close: adapter.source.close },
    format: 'peft',
    metadata: {},
    tensors,
    read: (name, into) => readRange(name, 0, infoOf(tensors, name, base.source).bytes, into),
    readRange,
  }
}

/** Fills in a tensor's new values from element `first` on. */
type Delta = (first: number, values: Float32Array) => Promise<void>

async function deltaOf(base: TensorFile, adapter: TensorFile, name: string, change: Change): Promise<Delta> {
  const still = (first: number, count: number): Promise<Float32Array> => slice(base, name, first, count)
  if (change.kind === 'whole') {
    const own = await readValues(adapter, change.tensor)
    return async (first, values) => values.set(own.subarray(first, first + values.length))
  }
  if (change.kind === 'added') {
    const own = await readValues(adapter, change.tensor)
    return async (first, values) => {
      const sum = Float64Array.from(await still(first, values.length))
      axpy(change.scale, own.subarray(first), sum)
      values.set(sum)
    }
  }
  const both = await loadProduct(adapter, change)
  const lengths = change.length === undefined ? undefined : await readValues(adapter, change.length)
  return (first, values) => fillRows(both, lengths, still, first, values)
}

/** W + dW, of whole rows at a time: those that the elements wanted lie in. */
async function fillRows(
  both: Product,
  lengths: Float32Array | undefined,
  still: (first: number, count: number) => Promise<Float32Array>,
  first: number,
  values: Float32Array,
): Promise<void> {
  const { columns } = both
  const row = Math.floor(first / columns)
  const count = Math.ceil((first + values.length) / columns) - row
  const sum = new Float64Array(count * columns)
  both.fill(row, count, sum)
  axpy(1, await still(row * columns, count * columns), sum)
  if (lengths)
    for (let r = 0; r < count; r++) {
      const own = sum.subarray(r * columns, (r + 1) * columns)
      scale(at(lengths, row + r) / Math.sqrt(dot(own, own)), own)
    }
  values.set(sum.subarray(first - row * columns, first - row * columns + values.length))
}

async function slice(file: TensorFile, name: string, first: number, count: number): Promise<Float32Array> {
  const { dtype } = infoOf(file.tensors, name, file.source)
  const size = dtypes[dtype]
  return toFloat32(await file.readRange(name, first * size, count * size), dtype)
}

/** Throws not-supported naming both shapes. */
function requireShape(adapter: TensorFile, change: Change, { name, shape }: TensorInfo): void {
  const shapeOf = (tensor: string): number[] => infoOf(adapter.tensors, tensor, adapter.source).shape
  const refuse = (found: string): never => {
    throw unsupported(
      `${adapter.source.name}: ${name}`,
      `it is [${shape}] in the base, and the adapter's is ${found}`,
      'use the base model that the adapter was trained on',
    )
  }
  if (change.kind !== 'product') {
    const own = shapeOf(change.tensor)
    if (own.join() !== shape.join()) refuse(`[${own}]`)
    return
  }
  const { left, right } = change
  const [rows] = sizesOf(left, shapeOf(left.tensor))
  const [, columns] = sizesOf(right, shapeOf(right.tensor))
  if (rows !== shape[0] || rows * columns !== product(shape)) refuse(`[${rows},${columns}]`)
}
