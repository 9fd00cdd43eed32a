// The factors of an adapter, module by module, and the change of a weight they stand for:
//   LoRA (Hu et al., ICLR 2022):   dW = s B A                      A (r, in), B (out, r)
//   an embedding's:                dW = s (B A)'                   A (r, rows), B (width, r)
//   a convolution's:               dW = s B A, A (r, in k k)       of which B is 1 x 1
//   DoRA (Liu et al., ICML 2024):  dW = m (W + s B A) / |W + s B A| - W     |.|: of each row; m (out)
// Of a weight that lies turned, (in, out), dW is turned too. Rows are computed as they are asked for, in float64.
import { at, axpy, product } from '../../../numbers/vectors.ts'
import { isFloating, toFloat32 } from '../../formats/dtype.ts'
import { infoOf, type TensorFile } from '../../formats/tensor-file.ts'
import { type Settings, unsupported } from './settings.ts'

const wrapped = 'base_model.model.'

/** What an adapter says of one tensor of its base. */
export type Change =
  | { kind: 'whole'; tensor: string } // it is replaced
  | { kind: 'product'; left: Factor; right: Factor; scale: number; length?: string } // dW = scale left right
  | { kind: 'added'; tensor: string; scale: number }

interface Factor {
  tensor: string
  turned: boolean
}

/** By the base's tensor as the adapter calls it, "....q_proj.weight". Throws not-supported naming what has no place. */
export function changesOf(file: TensorFile, settings: Settings): Map<string, Change> {
  const changes = new Map<string, Change>()
  const beside = new Map<string, Change>() // what stands beside factors: a bias (bias: "all"), or an out_proj
  for (const name of file.tensors.keys()) {
    if (name.includes('.original_module.')) continue // peft 0.21 saves the base's own bias too, with bias: "all"
    const inner = plain(name)
    const module = inner.replace(/\.(lora_A|lora_embedding_A)(\.weight)?$/, '')
    if (module !== inner) {
      const isEmbedding = /lora_embedding_A/.test(inner)
      const other = twinOf(file, name, isEmbedding)
      changes.set(`${module}.weight`, productOf(file, { settings, module, isEmbedding, a: name, b: other }))
    } else if (/\.lora_B\.bias$/.test(inner)) {
      const of = inner.replace(/\.lora_B\.bias$/, '')
      const a = [...file.tensors.keys()].find((n) => plain(n) === `${of}.lora_A.weight`)
      const r = a === undefined ? 0 : (file.tensors.get(a)?.shape[0] ?? 0)
      changes.set(`${of}.bias`, { kind: 'added', tensor: name, scale: settings.scaleOf(of, r) })
    } else if (!/\.(lora_B|lora_embedding_B|lora_magnitude_vector)(\.weight)?$/.test(inner)) {
      if (/\.lora_|\.(hada|lokr|oft|vera|ia3)_/.test(inner))
        throw unsupported(
          `${file.source.name}: ${name}`,
          'it is no factor of LoRA or DoRA',
          'merge it with peft: merge_and_unload()',
        )
      const change: Change = { kind: 'whole', tensor: name }
      if (name.includes('.base_layer.')) beside.set(inner, change)
      else changes.set(inner, change)
    }
  }
  // of an embedding peft 0.21 saves the base's own weight too, beside the factors
  for (const [inner, change] of beside) if (!changes.has(inner)) changes.set(inner, change)
  return changes
}

/** As the base calls it: without peft's own wrappings. */
function plain(name: string): string {
  const inner = name.startsWith(wrapped) ? name.slice(wrapped.length) : name
  return inner.replaceAll('.base_layer.', '.').replace(/\.modules_to_save(\.default)?\./, '.')
}

/**
 * s of a module. An nn.MultiheadAttention's out_proj has its attention's, twice: peft 0.21.2 adds it a second time, in
 * training as in merging (findings/peft-attention-out-proj-twice.sh), and the model that was trained is what counts.
 */
function scaleOf({ scaleOf: of }: Settings, name: string, module: string, rank: number): number {
  return name.includes('.base_layer.out_proj.') ? 2 * of(module.replace(/\.out_proj$/, ''), rank) : of(module, rank)
}

function twinOf(file: TensorFile, name: string, isEmbedding: boolean): string {
  const twin = name.replace(isEmbedding ? 'lora_embedding_A' : 'lora_A', isEmbedding ? 'lora_embedding_B' : 'lora_B')
  if (file.tensors.has(twin)) return twin
  throw unsupported(
    `${file.source.name}: ${name}`,
    `its other factor, ${twin}, is missing`,
    'use the file as peft saved it',
  )
}

interface Pair {
  settings: Settings
  module: string
  isEmbedding: boolean
  a: string
  b: string
}

function productOf(file: TensorFile, { settings, module, isEmbedding, a, b }: Pair): Change {
  const [r, rest] = [infoOf(file.tensors, a, file.source), infoOf(file.tensors, b, file.source)].map(
    ({ shape }) => shape,
  )
  const rank = r?.[0] ?? 0
  if (
    rank < 1 ||
    (rest?.[1] ?? 0) !== rank ||
    ![a, b].every((name) => isFloating(infoOf(file.tensors, name, file.source).dtype))
  )
    throw unsupported(
      `${file.source.name}: ${a}`,
      `the factors [${r}] and [${rest}] do not fit each other`,
      'use the file as peft saved it',
    )
  const length = [...file.tensors.keys()].find(
    (name) => plain(name).replace(/\.weight$/, '') === `${module}.lora_magnitude_vector`,
  )
  if (length !== undefined && (isEmbedding || settings.turned))
    throw unsupported(
      `${file.source.name}: ${length}`,
      'DoRA of an embedding, or of a weight that lies turned',
      'merge it with peft: merge_and_unload()',
    )
  const isTurned = isEmbedding || settings.turned
  const scale = scaleOf(settings, a, module, rank)
  const [left, right] = isTurned ? [a, b] : [b, a]
  return {
    kind: 'product',
    left: { tensor: left, turned: isTurned },
    right: { tensor: right, turned: isTurned },
    scale,
    ...(length !== undefined && { length }),
  }
}

/** Rows of left right, and how it is asked for them. */
export interface Product {
  rows: number
  columns: number
  /** Rows from `first` on, times scale, in `into` (count x columns). */
  fill(first: number, count: number, into: Float64Array): void
}

export async function loadProduct(file: TensorFile, change: Extract<Change, { kind: 'product' }>): Promise<Product> {
  const left = await loadFactor(file, change.left)
  const right = await loadFactor(file, change.right)
  const r = left.columns
  return {
    rows: left.rows,
    columns: right.columns,
    fill(first, count, into) {
      into.fill(0, 0, count * right.columns)
      for (let i = 0; i < count; i++) {
        const row = into.subarray(i * right.columns, (i + 1) * right.columns)
        for (let k = 0; k < r; k++)
          axpy(change.scale * at(left.values, (first + i) * r + k), right.values.subarray(k * right.columns), row)
      }
    },
  }
}

interface Matrix {
  rows: number
  columns: number
  values: Float32Array
}

/** (rows, columns), what follows the first dimension side by side. */
async function loadFactor(file: TensorFile, { tensor, turned }: Factor): Promise<Matrix> {
  const { shape } = infoOf(file.tensors, tensor, file.source)
  const values = await readValues(file, tensor)
  const [rows, columns] = sizesOf({ tensor, turned: false }, shape)
  if (!turned) return { rows, columns, values }
  const other = new Float32Array(values.length)
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) other[j * rows + i] = at(values, i * columns + j)
  return { rows: columns, columns: rows, values: other }
}

/** Rows and columns of a factor whose tensor has this shape. */
export function sizesOf({ turned }: Factor, shape: readonly number[]): [number, number] {
  const [first = 1] = shape
  return turned ? [product(shape) / first, first] : [first, product(shape) / first]
}

export async function readValues(file: TensorFile, tensor: string): Promise<Float32Array> {
  const { dtype } = infoOf(file.tensors, tensor, file.source)
  return toFloat32(await file.read(tensor), dtype)
}
