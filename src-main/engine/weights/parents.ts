// The checkpoints a run combines, opened together and held against each other before long work starts: one architecture,
// the same names, integer buffers equal. Weights are read one tensor at a time and every value is checked to be finite.
import { BasilError } from '../../contract/errors.ts'
import { dtypes, isFloating, toFloat32 } from '../formats/dtype.ts'
import { openTensorFile } from '../formats/index.ts'
import type { OpenSource } from '../formats/source.ts'
import type { TensorFile, TensorInfo } from '../formats/tensor-file.ts'
import { type Architecture, requireTower, towerParameters } from '../models/clip-names.ts'

export interface Checkpoint {
  file: TensorFile
  architecture: Architecture
}

export interface Parents {
  architecture: Architecture
  parameters: Map<string, number[]> // the tower's, in block order, without prefix
  base: Checkpoint
  vectors: Checkpoint[]
  close(): Promise<void>
}

export async function openParents(pretrained: string, vectors: readonly string[], open: OpenSource): Promise<Parents> {
  const opened: Checkpoint[] = []
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((c) => c.file.source.close()))
  }
  try {
    for (const path of [pretrained, ...vectors]) opened.push(await openCheckpoint(path, open))
    const [base, ...rest] = opened as [Checkpoint, ...Checkpoint[]]
    for (const vector of rest) await checkAgainst(base, vector)
    return { architecture: base.architecture, parameters: towerParameters(base.architecture), base, vectors: rest, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Of the tower. */
export function parameterCount({ parameters }: Pick<Parents, 'parameters'>): number {
  return [...parameters.values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0)
}

export async function openCheckpoint(path: string, open: OpenSource): Promise<Checkpoint> {
  const source = await open(path)
  try {
    const file = await openTensorFile(source)
    requireOneFile(file)
    return { file, architecture: requireTower(file) }
  } catch (error) {
    await source.close()
    throw error
  }
}

/** A run records its parents by the hash of one file; shards beside an index could change unseen. */
function requireOneFile({ format, source }: TensorFile): void {
  if (format !== 'safetensors-sharded') return
  throw new BasilError({
    code: 'format-unknown',
    what: 'A checkpoint in several files cannot be combined yet',
    where: source.name,
    why: 'a run knows its parents by the hash of one file each',
    next: 'write it as one safetensors file',
  })
}

/** A tower parameter (name without prefix) as float32, in the start of `into` where it is given. Throws tensor-not-finite naming file and tensor. */
export async function readParameter({ file, architecture }: Checkpoint, name: string, into?: Float32Array): Promise<Float32Array> {
  const full = architecture.prefix + name
  const info = file.tensors.get(full)
  if (!info) throw new Error(`${full} is not in ${file.source.name}`)
  const values = await floatsOf(file, info, into)
  const bad = firstNotFinite(values)
  if (bad >= 0)
    throw new BasilError({
      code: 'tensor-not-finite',
      what: `${file.source.name} holds a weight that is not a finite number`,
      where: `${file.source.name}: ${full}`,
      why: `element ${bad} is ${values[bad]}`,
      next: 'use a checkpoint saved before its training diverged',
    })
  return values
}

async function floatsOf(file: TensorFile, { name, dtype, bytes }: TensorInfo, into?: Float32Array): Promise<Float32Array> {
  if (!into) return toFloat32(await file.read(name), dtype)
  if (dtype !== 'F32') {
    const values = toFloat32(await file.read(name), dtype)
    into.set(values)
    return into.subarray(0, values.length)
  }
  await file.read(name, new Uint8Array(into.buffer, into.byteOffset, bytes))
  return into.subarray(0, bytes / 4)
}

/** Elements of a tower parameter from `first` on as float32, in the start of `into`; they may be NaN or infinite. */
export async function readSlice(
  { file, architecture }: Checkpoint,
  name: string,
  first: number,
  count: number,
  into: Float32Array,
): Promise<Float32Array> {
  const info = file.tensors.get(architecture.prefix + name)
  if (!info) throw new Error(`${name} is not in ${file.source.name}`)
  const bytes = dtypes[info.dtype]
  const values = into.subarray(0, count)
  const own = info.dtype === 'F32' ? new Uint8Array(values.buffer, values.byteOffset, values.byteLength) : undefined
  const read = await file.readRange(info.name, first * bytes, count * bytes, own)
  if (!own) values.set(toFloat32(read, info.dtype))
  return values
}

export function firstNotFinite(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i
  return -1
}

/** Same shapes of the tower; what stands beside it must be there too, and integer buffers must be equal: they are copied, never averaged. */
async function checkAgainst(base: Checkpoint, other: Checkpoint): Promise<void> {
  const where = other.file.source.name
  const mine = base.architecture
  const theirs = other.architecture
  for (const key of ['width', 'layers', 'patchSize', 'tokens', 'embed'] as const)
    if (mine[key] !== theirs[key])
      throw new BasilError({
        code: 'tensor-shape',
        what: `${where} has another architecture than ${base.file.source.name}`,
        where: `${where}: ${theirs.prefix}${{ width: 'conv1.weight', layers: `transformer.resblocks.${Math.min(mine.layers, theirs.layers)}`, patchSize: 'conv1.weight', tokens: 'positional_embedding', embed: 'proj' }[key]}`,
        why: `its ${key} is ${theirs[key]}, not ${mine[key]}`,
        next: 'combine fine-tuned models of one pre-trained model only',
      })
  for (const info of base.file.tensors.values()) {
    if (isFloating(info.dtype)) continue
    const full = info.name.startsWith(mine.prefix) ? theirs.prefix + info.name.slice(mine.prefix.length) : info.name
    const same = other.file.tensors.get(full)
    if (!same || !(await equalBytes(base.file, info.name, other.file, full)))
      throw new BasilError({
        code: 'buffers-differ',
        what: `${where} and ${base.file.source.name} differ in an integer buffer`,
        where: `${where}: ${full}`,
        why: same ? 'its values are not equal; integers are copied, never averaged' : 'it is missing there',
        next: 'use fine-tuned models of this pre-trained model',
      })
  }
}

async function equalBytes(a: TensorFile, nameA: string, b: TensorFile, nameB: string): Promise<boolean> {
  const [x, y] = [await a.read(nameA), await b.read(nameB)]
  return x.length === y.length && x.every((v, i) => v === y[i])
}
