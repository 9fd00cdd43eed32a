// What a file is, said without using it: format, layout, architecture, role and tensors by headers alone (look), and
// with every byte read the values that are not finite and the content hash (inspect). Nothing is claimed that the file
// does not show.

import type { Description, Inspection, Role } from '../contract/checkpoint.ts'
import { isIndexName } from '../contract/file-names.ts'
import type { TowerSettings } from '../contract/tower.ts'
import { type Dtype, isFloating } from '../engine/formats/dtype.ts'
import { float8Table, isFloat8 } from '../engine/formats/float8.ts'
import { openTensorFile } from '../engine/formats/open.ts'
import { shardNames } from '../engine/formats/sharded.ts'
import type { TensorFile } from '../engine/formats/tensor-file.ts'
import { adapterTensor } from '../engine/layouts/adapter.ts'
import { towerBlocks } from '../engine/layouts/clip-names.ts'
import { type CanonicalFile, canonical } from '../engine/layouts/index.ts'
import { towersOf } from '../engine/models/towers.ts'
import { hashCheckpoint, openSource } from '../files/source.ts'
import { byteAt, product } from '../numbers/vectors.ts'

const piece = 4 * 2 ** 20 // bytes looked at in one go: a tensor may be as large as the memory

/** Throws file-missing, file-damaged or format-unknown. */
export async function inspect(path: string): Promise<Inspection> {
  return opened(path, async (file) => {
    const { sha256 } = await hashCheckpoint(file.source.path)
    return { ...(await describe(file)), sha256, nonFinite: await countNotFinite(file) }
  })
}

export async function look(path: string): Promise<Description> {
  return opened(path, describe)
}

async function opened<T>(path: string, use: (file: TensorFile) => Promise<T>): Promise<T> {
  const source = await openSource(path)
  try {
    return await use(await openTensorFile(source))
  } finally {
    await source.close()
  }
}

async function describe(file: TensorFile): Promise<Description> {
  const view = canonical(file)
  const floating = [...file.tensors.values()].filter(({ dtype }) => isFloating(dtype))
  const { towers, warnings } = await towersOf(view)
  const [dtype = null, another] = new Set(floating.map((info) => info.dtype))
  return {
    file: file.source.path,
    bytes: await bytesOf(file),
    format: file.format,
    layout: view.layout,
    architecture: view.architecture && { ...view.architecture, ...valuesOf(towers.vision) },
    role: roleOf(view),
    dtype: another ? 'mixed' : dtype,
    tensors: [...file.tensors.values()].map(({ name, dtype, shape }) => ({ name, dtype, shape })),
    blocks: towerBlocks(view.tensors) || view.parameters.size,
    parameters: floating.reduce((sum, { shape }) => sum + product(shape), 0),
    metadata: { ...file.metadata },
    ...((towers.vision || towers.text) && { towers }),
    ...(warnings.length > 0 && { warnings }),
  }
}

/** Beside the numbers that shapes tell. */
function valuesOf(settings: TowerSettings | null): Record<string, number | string> {
  return Object.fromEntries(Object.entries(settings ?? {}).map(([name, { value }]) => [name, value]))
}

async function bytesOf({ source }: TensorFile): Promise<number> {
  if (!isIndexName(source.name)) return source.size
  let bytes = source.size
  for (const name of await shardNames(source)) bytes += (await source.beside(name)).size
  return bytes
}

/** What the file says of itself, or shows; else what its name says in the field's conventions. */
function roleOf({ original, architecture, layout }: CanonicalFile): Role {
  const { metadata, source, tensors } = original
  if (metadata['basil.recipe']) return 'merged'
  if (metadata['basil.tuning']) return 'fine-tuned'
  if (adapterTensor({ original, architecture }) !== undefined) return 'adapter'
  if (layout === 'tensors') return [...tensors.keys()].every((name) => name.startsWith('head.')) ? 'head' : 'data'
  if (!architecture && isHead(tensors)) return 'head'
  if (!architecture && isCoefficients(tensors, source.name)) return 'coefficients'
  const told = `${metadata.role ?? ''} ${source.name}`.toLowerCase()
  if (/pre-?trained|zero-?shot/.test(told)) return 'pre-trained'
  return /fine-?tuned/.test(told) ? 'fine-tuned' : 'unknown'
}

/** A linear layer and nothing else, (classes, dim), as the field pickles its classification heads. */
function isHead(tensors: TensorFile['tensors']): boolean {
  const [weight, bias] = [tensors.get('weight')?.shape, tensors.get('bias')?.shape]
  return weight?.length === 2 && (tensors.size === 1 || (tensors.size === 2 && bias?.join() === String(weight[0])))
}

// Parameters of an image encoder with 12, 24 or 32 layers, without a text tower's leftovers and with them.
const encoderBlocks = [12, 24, 32].flatMap((layers) => [12 * layers + 8, 12 * layers + 14])

/** aTLAS keeps (vectors, blocks), or (vectors, blocks, parts), in learned_additions.pt and its like. */
function isCoefficients(tensors: TensorFile['tensors'], name: string): boolean {
  const infos = [...tensors.values()]
  if (!infos.every(({ dtype, shape }) => isFloating(dtype) && shape.length <= 3)) return false
  return (
    /learned_|coef/i.test(`${name} ${infos.map((info) => info.name)}`) ||
    encoderBlocks.includes(onlyOne(infos)?.shape[1] ?? 0)
  )
}

const onlyOne = <T>(all: readonly T[]): T | undefined => (all.length === 1 ? all[0] : undefined)

async function countNotFinite(file: TensorFile): Promise<number> {
  let count = 0
  const into = new Uint8Array(piece)
  for (const { name, dtype, bytes } of file.tensors.values()) {
    if (!isFloating(dtype)) continue
    for (let at = 0; at < bytes; at += piece) {
      const length = Math.min(piece, bytes - at)
      await file.readRange(name, at, length, into)
      count += notFiniteIn(into.subarray(0, length), dtype)
    }
  }
  return count
}

/** By their bits: an exponent of nothing but ones is infinite or NaN; of 8 bits by what their codes stand for. */
function notFiniteIn(bytes: Uint8Array, dtype: Dtype): number {
  if (isFloat8(dtype)) {
    const odd = Uint8Array.from(float8Table(dtype), (value) => (Number.isFinite(value) ? 0 : 1))
    return bytes.reduce((count, code) => count + byteAt(odd, code), 0)
  }
  const { buffer, byteLength } = bytes
  const isHalf = dtype === 'F16' || dtype === 'BF16'
  const words = isHalf ? new Uint16Array(buffer, 0, byteLength / 2) : new Uint32Array(buffer, 0, byteLength / 4)
  const ones = { F16: 0x7c00, BF16: 0x7f80, F32: 0x7f800000, F64: 0x7ff00000 }[dtype as 'F32']
  const [first, step] = dtype === 'F64' ? [1, 2] : [0, 1] // a double's exponent is in its upper half
  let count = 0
  for (let i = first; i < words.length; i += step) if (((words[i] as number) & ones) === ones) count++
  return count
}
