// The checkpoints that are combined, opened together as canonical views and held against each other before long work
// starts: the same names and shapes, integer buffers equal. A run wants CLIP image towers (openParents); arithmetic
// takes any set (openWeights). Weights are read one tensor at a time and every value is checked to be finite.

import { BasilError } from '../../contract/errors.ts'
import type { Said, TowerSettings } from '../../contract/tower.ts'
import { product } from '../../numbers/vectors.ts'
import { disagreements, type Given, givenBy, settleVision } from '../architecture/settle.ts'
import { dtypes, isFloating, isNarrow, isNumeric, toFloat32, widenInPlace } from '../formats/dtype.ts'
import { openTensorFile } from '../formats/open.ts'
import { namesOf, type OpenSource } from '../formats/source.ts'
import { infoOf, type TensorFile } from '../formats/tensor-file.ts'
import { requireNoAdapter } from '../layouts/adapter.ts'
import { type Architecture, type TowerShape, towerParameters, towerPrefix } from '../layouts/clip-names.ts'
import { type CanonicalFile, canonical, isPositionIds, isStatistic } from '../layouts/index.ts'
import { requireEqualScales } from './scales.ts'
import { isTower, requireTensors, requireTower } from './tower.ts'

export interface Checkpoint {
  file: CanonicalFile
  prefix: string // before the names of parameters in the file
}

export interface TowerCheckpoint extends Checkpoint {
  architecture: Architecture
  settings: TowerSettings // of the architecture, with where they came from
  refusal: BasilError | null // why it cannot be computed
  note: string | null
  warnings: string[] // before any number of it is believed
}

/** A base and what stands apart from it by a vector each. */
export interface WeightSet {
  prefix: string // before the parameters' names below, in every file: "visual." for a tower, "" for all there is
  parameters: Map<string, number[]> // what is combined, in block order
  base: Checkpoint
  vectors: Checkpoint[]
  notes: string[] // what a person should know of them
  warnings: string[] // and what may make every number wrong
  close(): Promise<void>
}

export interface Parents extends WeightSet {
  architecture: Architecture
  base: TowerCheckpoint
  vectors: TowerCheckpoint[]
}

/**
 * What is to be done with towers. given: what is said of how they are computed, before any file is; null: their weights
 * alone are wanted.
 */
interface Use {
  given: Given | null
}

const toCompute: Use = { given: {} }

/** As a configuration says, or as a run that has begun was told. */
export function useOf(config: Said & { tower?: TowerSettings | null }): Use {
  return { given: config.tower ?? givenBy(config) }
}

/**
 * CLIP image towers, which a run needs. What stands beside them in a whole CLIP model is left as the pre-trained model
 * has it, which also decides how all of them are computed.
 */
export async function openParents(
  pretrained: string,
  vectors: readonly string[],
  open: OpenSource,
  use: Use = toCompute,
): Promise<Parents> {
  return opened(async (keep) => {
    const base = keep(await openCheckpoint(pretrained, open, undefined, use))
    const rest: TowerCheckpoint[] = []
    for (const path of vectors) {
      const vector = keep(await openCheckpoint(path, open, base, use))
      rest.push(vector)
      checkArchitecture(base, vector)
      await checkBuffers(base.file, vector.file)
    }
    const notes = rest.flatMap(({ note }) => note ?? [])
    const warnings = [base, ...rest].flatMap((tower) => tower.warnings)
    const { architecture } = base
    return {
      architecture,
      prefix: towerPrefix,
      parameters: towerParameters(architecture),
      base,
      vectors: rest,
      notes,
      warnings,
    }
  })
}

/**
 * Checkpoints of any architecture with equal names and shapes: all floating tensors are combined, but for BatchNorm's
 * statistics.
 */
export async function openWeights(
  pretrained: string,
  vectors: readonly string[],
  open: OpenSource,
): Promise<WeightSet> {
  return opened(async (keep) => {
    const base = keep(await openAs(pretrained, open, (file) => ({ file, prefix: '' })))
    const { parameters } = base.file
    const rest: Checkpoint[] = []
    for (const path of vectors) {
      const vector = keep(await openAs(path, open, (file) => ({ file, prefix: '' })))
      rest.push(vector)
      requireTensors(vector.file, parameters, (name) => vector.file.parameters.has(name), base.file)
      await checkBuffers(base.file, vector.file)
      await requireEqualScales(base.file, vector.file, equalBytes)
    }
    return { prefix: '', parameters, base, vectors: rest, notes: [], warnings: [] }
  })
}

/** Towers where the pre-trained model is one, else by tensor name. */
export async function openSet(pretrained: string, vectors: readonly string[], open: OpenSource): Promise<WeightSet> {
  const { base, close } = await openWeights(pretrained, [], open)
  await close()
  return isTower(base.file)
    ? openParents(pretrained, vectors, open, { given: null })
    : openWeights(pretrained, vectors, open)
}

/** What was opened is closed together, at once where something goes wrong. */
async function opened<T>(
  openAll: (keep: <C extends Checkpoint>(checkpoint: C) => C) => Promise<T>,
): Promise<T & { close(): Promise<void> }> {
  const kept: Checkpoint[] = []
  const close = async (): Promise<void> => {
    await Promise.all(kept.map(({ file }) => file.source.close()))
  }
  try {
    const found = await openAll((checkpoint) => {
      kept.push(checkpoint)
      return checkpoint
    })
    return { ...found, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Of what is combined. */
export function parameterCount({ parameters }: Pick<WeightSet, 'parameters'>): number {
  return [...parameters.values()].reduce((sum, shape) => sum + product(shape), 0)
}

/**
 * A tower. What was fine-tuned from `base`, where that is given and of the same shape, is computed as that is, and
 * takes its projection where it has none. Throws not-supported or config-invalid where it cannot be computed as it is
 * described, unless its weights alone are wanted.
 */
export async function openCheckpoint(
  path: string,
  open: OpenSource,
  base?: TowerCheckpoint,
  use: Use = toCompute,
): Promise<TowerCheckpoint> {
  return openAs(path, open, async (own) => {
    const borrowed = base && !own.tensors.has(projection) && own.tensors.has(`${towerPrefix}class_embedding`)
    const file = borrowed ? withTensor(own, projection, base.file) : own
    const note = borrowed
      ? `${own.source.name} has no ${own.called(projection)}: the pre-trained model's is taken, and is not moved`
      : null
    const shape = requireTower(file)
    const settled =
      base && isAlike(shape, base.architecture)
        ? await asBase(file, shape, base)
        : await settleVision(file, shape, use.given ?? {})
    const { settings, warnings, refusal } = settled
    if (use.given && refusal) throw refusal
    const [heads, activation, layerNormEps] = [
      settings.heads.value,
      settings.activation.value,
      settings.layerNormEps.value,
    ]
    return {
      file,
      prefix: towerPrefix,
      architecture: { ...shape, heads, activation, layerNormEps },
      settings,
      refusal,
      note,
      warnings,
    }
  })
}

async function asBase(
  file: CanonicalFile,
  shape: TowerShape,
  { settings, refusal, file: { source } }: TowerCheckpoint,
) {
  return { settings, refusal, warnings: await disagreements(file, shape, settings, source.name) }
}

/** As two models fine-tuned from one are, be it for images of another size. */
function isAlike(one: TowerShape, other: TowerShape): boolean {
  return (['width', 'layers', 'mlp', 'patchSize'] as const).every((size) => one[size] === other[size])
}

const projection = `${towerPrefix}proj`

async function openAs<T extends Checkpoint>(
  path: string,
  open: OpenSource,
  use: (file: CanonicalFile) => T | Promise<T>,
): Promise<T> {
  const source = await open(path)
  try {
    const file = canonical(await openTensorFile(source))
    requireNoAdapter(file)
    return await use(file)
  } catch (error) {
    await source.close()
    throw error
  }
}

/** The file with one tensor of another. */
function withTensor(file: CanonicalFile, name: string, from: TensorFile): CanonicalFile {
  const info = infoOf(from.tensors, name, from.source)
  return {
    ...file,
    tensors: new Map([...file.tensors, [name, info]]),
    read: (other, into) => (other === name ? from : file).read(other, into),
    readRange: (other, offset, length, into) => (other === name ? from : file).readRange(other, offset, length, into),
  }
}

/**
 * A parameter (name without prefix) as float32, in the start of `into` where it is given. Throws tensor-not-finite
 * naming file and tensor.
 */
export async function readParameter(checkpoint: Checkpoint, name: string, into?: Float32Array): Promise<Float32Array> {
  const { file, prefix } = checkpoint
  const { dtype, bytes } = infoOf(file.tensors, prefix + name, file.source)
  const count = bytes / dtypes[dtype]
  const values = into?.subarray(0, count) ?? new Float32Array(count)
  for (let first = 0; first < count; first += piece)
    await readSlice(checkpoint, name, first, Math.min(piece, count - first), values.subarray(first))
  const bad = firstNotFinite(values)
  if (bad >= 0)
    throw new BasilError({
      code: 'tensor-not-finite',
      what: `${file.source.name} holds a weight that is not a finite number`,
      where: `${file.source.name}: ${file.called(prefix + name)}`,
      why: `element ${bad} is ${values[bad]}`,
      next: 'use a checkpoint saved before its training diverged',
    })
  return values
}

const piece = 2 ** 20 // elements read at a time: float64 is rounded beside no more than that

/** Elements of a parameter from `first` on as float32, in the start of `into`; they may be NaN or infinite. */
export async function readSlice(
  { file, prefix }: Checkpoint,
  name: string,
  first: number,
  count: number,
  into: Float32Array,
): Promise<Float32Array> {
  const { name: full, dtype } = infoOf(file.tensors, prefix + name, file.source)
  const bytes = dtypes[dtype]
  const values = into.subarray(0, count)
  // Numbers that are not wider than float32 are read to the end of the very place they are wanted in.
  const own =
    bytes <= 4 ? new Uint8Array(values.buffer, values.byteOffset + (4 - bytes) * count, bytes * count) : undefined
  const read = await file.readRange(full, first * bytes, count * bytes, own)
  if (isNarrow(dtype)) widenInPlace(values, dtype)
  else if (dtype !== 'F32') values.set(toFloat32(read, dtype))
  return values
}

/** Whether a parameter has the same values in all of them, those that are not finite included. */
export async function isEqualInAll([first, ...others]: readonly Checkpoint[], name: string): Promise<boolean> {
  if (!first) return true
  const { dtype, bytes } = infoOf(first.file.tensors, first.prefix + name, first.file.source)
  const [mine, theirs] = [new Float32Array(piece), new Float32Array(piece)]
  for (let at = 0, count = bytes / dtypes[dtype]; at < count; at += piece) {
    const values = await readSlice(first, name, at, Math.min(piece, count - at), mine)
    for (const other of others) {
      const like = await readSlice(other, name, at, values.length, theirs)
      if (values.some((v, i) => v !== like[i] && !(Number.isNaN(v) && Number.isNaN(like[i])))) return false
    }
  }
  return true
}

export function firstNotFinite(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i
  return -1
}

/** By the numbers that shapes follow from: clearer than the first tensor that does not fit. */
function checkArchitecture(base: TowerCheckpoint, other: TowerCheckpoint): void {
  const [mine, theirs] = [base.architecture, other.architecture]
  const tensorOf = {
    width: 'conv1.weight',
    layers: `transformer.resblocks.${Math.min(mine.layers, theirs.layers)}`,
    mlp: 'transformer.resblocks.0.mlp.c_fc.weight',
    patchSize: 'conv1.weight',
    tokens: 'positional_embedding',
    embed: 'proj',
  }
  const [where, pretrained] = namesOf(other.file.source, base.file.source)
  for (const key of ['width', 'layers', 'mlp', 'patchSize', 'tokens', 'embed'] as const)
    if (mine[key] !== theirs[key])
      throw new BasilError({
        code: 'tensor-shape',
        what: `${where} has another architecture than ${pretrained}`,
        where: `${where}: ${other.file.called(towerPrefix + tensorOf[key])}`,
        why: `its ${key} is ${theirs[key]}, not ${mine[key]}`,
        next: 'combine fine-tuned models of one pre-trained model only',
      })
}

/**
 * Integer buffers, and tensors of types that Basil has no numbers for, must be equal: they are copied, never averaged.
 * BatchNorm's counters are each model's own.
 */
async function checkBuffers(base: CanonicalFile, other: CanonicalFile): Promise<void> {
  const [where, pretrained] = namesOf(other.source, base.source)
  for (const { name, dtype } of base.tensors.values()) {
    if (isFloating(dtype) || isStatistic(name)) continue
    const isThere = other.tensors.has(name)
    if (isThere ? await equalBytes(base, other, name) : isMadeAnew(name)) continue
    const [kind, whole] = isNumeric(dtype)
      ? ['an integer buffer', 'integers']
      : [`a tensor of the type ${dtype}`, 'numbers that Basil does not compute with']
    throw new BasilError({
      code: 'buffers-differ',
      what: `${where} and ${pretrained} differ in ${kind}`,
      where: `${where}: ${other.called(name)}`,
      why: isThere ? `its values are not equal; ${whole} are copied, never averaged` : 'it is missing there',
      next: isNumeric(dtype)
        ? 'use fine-tuned models of this pre-trained model'
        : 'use checkpoints with their weights as float32, bfloat16, float16 or float8',
    })
  }
}

/** Numbers that some versions of a program keep beside the weights, and others do not. */
const isMadeAnew = (name: string): boolean =>
  isPositionIds(name) || /^(input_resolution|context_length|vocab_size)$/.test(name)

async function equalBytes(a: TensorFile, b: TensorFile, name: string): Promise<boolean> {
  const [x, y] = [await a.read(name), await b.read(name)]
  return x.length === y.length && x.every((v, i) => v === y[i])
}
