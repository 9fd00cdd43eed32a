// The checkpoints that are combined, opened together as canonical views and held against each other before long work
// starts: the same names and shapes, integer buffers equal. A run wants CLIP image towers (openParents); arithmetic
// takes any set (openWeights). Weights are read one tensor at a time (slices.ts).

import { BasilError } from '../../contract/errors.ts'
import type { Arrangement } from '../../contract/run/recipe.ts'
import { product } from '../../numbers/vectors.ts'
import { dtypes, isFloating, isNumeric } from '../formats/dtype.ts'
import { namesOf, type OpenSource } from '../formats/source.ts'
import { infoOf, type TensorFile } from '../formats/tensor-file.ts'
import { type Architecture, towerParameters, towerPrefix } from '../layouts/clip-names.ts'
import { type CanonicalFile, isPositionIds, isStatistic } from '../layouts/index.ts'
import { embeddingOf, withTiedHeads } from './agreement.ts'
import { type Arranged, arranged } from './arranged/arranged.ts'
import { openAs, openCheckpoint, type TowerCheckpoint, toCompute, type Use } from './checkpoint.ts'
import { requireEqualScales } from './scales.ts'
import type { Checkpoint } from './slices.ts'
import { isTower, requireTensors } from './tower.ts'

/** A base and what stands apart from it by a vector each. */
export interface WeightSet {
  prefix: string // before the parameters' names below, in every file: "visual." for a tower, "" for all there is
  parameters: Map<string, number[]> // what is combined, in block order
  base: Checkpoint
  vectors: Checkpoint[]
  notes: string[] // what a person should know of them
  warnings: string[] // and what may make every number wrong
  arranged?: Arranged // where it is not of whole files as they are
  close(): Promise<void>
}

export interface Parents extends WeightSet {
  architecture: Architecture
  base: TowerCheckpoint
  vectors: TowerCheckpoint[]
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
  missing?: 'base',
  arrangement: Arrangement = {},
): Promise<WeightSet> {
  return opened(async (keep) => {
    const use = (file: CanonicalFile): Checkpoint => ({ file, prefix: '' })
    const first = keep(await openAs(pretrained, open, use))
    const files = [first.file]
    for (const path of vectors) files.push(keep(await openAs(path, open, use, first.file)).file)
    const placed = await arranged(files, arrangement)
    const [own = first.file, ...others] = placed.files
    const base = use(own)
    const rest = others.map((file) => use(withTiedHeads(file, base.file)))
    for (const vector of rest) requireCommon(base.file, vector.file)
    const parameters = missing ? inAll(base.file, rest) : base.file.parameters
    if (parameters.size === 0 && base.file.parameters.size > 0) throw nothingInAll(base.file, rest)
    for (const vector of rest) {
      const tied = missing ? [] : await headsLeftOut(base.file, vector.file)
      const concerns = (name: string): boolean => vector.file.parameters.has(name) && !tied.includes(name)
      if (!missing) requireTensors(vector.file, parameters, concerns, base.file)
      await checkBuffers(base.file, vector.file)
      await requireEqualScales(base.file, vector.file, equalBytes)
    }
    return { prefix: '', parameters, base, vectors: rest, notes: [], warnings: [], arranged: placed }
  })
}

/** Throws tensor-missing where no name is in both: another architecture, told by the names of both. */
function requireCommon(base: CanonicalFile, other: CanonicalFile): void {
  const names = [...base.parameters.keys()]
  if (names.length === 0 || names.some((name) => other.tensors.has(name))) return
  const [where, pretrained] = namesOf(other.source, base.source)
  const some = ({ parameters, called }: CanonicalFile): string =>
    [...parameters.keys()].slice(0, 3).map(called).join(', ') || 'none'
  throw new BasilError({
    code: 'tensor-missing',
    what: `${where} has another architecture than ${pretrained}: no tensor is in both`,
    where,
    why: `its tensors are ${some(other)} ..., those of ${pretrained} are ${some(base)} ...`,
    next: 'combine models of one architecture, whose tensors have the same names',
  })
}

function nothingInAll(base: CanonicalFile, others: readonly Checkpoint[]): BasilError {
  const names = [base, ...others.map(({ file }) => file)].map(({ source }) => source.name)
  return new BasilError({
    code: 'tensor-shape',
    what: 'No tensor is in all of the models in one shape',
    where: names.join(', '),
    why: `as ${base.called([...base.parameters.keys()][0] ?? '')} is not: the model would be the pre-trained one`,
    next: 'combine models of one architecture',
  })
}

/** What all have in one shape, in numbers with a fraction. */
function inAll(base: CanonicalFile, others: readonly Checkpoint[]): Map<string, number[]> {
  const has = ({ file }: Checkpoint, name: string, shape: readonly number[]): boolean => {
    const found = file.tensors.get(name)
    return found !== undefined && found.shape.join() === shape.join() && isFloating(found.dtype)
  }
  return new Map([...base.parameters].filter(([name, shape]) => others.every((other) => has(other, name, shape))))
}

/** Heads of a model that the pre-trained one has only as its embedding, and that are the model's embedding again. */
async function headsLeftOut(base: CanonicalFile, other: CanonicalFile): Promise<string[]> {
  const found: string[] = []
  for (const { name, shape } of other.tensors.values()) {
    if (base.tensors.has(name) || embeddingOf(base, name, shape) === null) continue
    const own = embeddingOf(other, name, shape)
    if (own !== null && (await equalBytes(other, other, name, own))) found.push(name)
  }
  return found
}

/** Towers where the pre-trained model is one, else by tensor name. */
export async function openSet(
  pretrained: string,
  vectors: readonly string[],
  open: OpenSource,
  missing?: 'base',
  { tokenizer, layers }: Arrangement = {},
): Promise<WeightSet> {
  if (tokenizer || layers) return openWeights(pretrained, vectors, open, missing, { tokenizer, layers })
  const { base, close } = await openWeights(pretrained, [], open)
  await close()
  return isTower(base.file) && missing === undefined
    ? openParents(pretrained, vectors, open, { given: null })
    : openWeights(pretrained, vectors, open, missing)
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
        why: `${shapesInWords[key](theirs[key])}, not ${mine[key]}`,
        next: 'combine fine-tuned models of one pre-trained model only',
      })
}

const shapesInWords = {
  width: (n: number) => `it is ${n} wide`,
  layers: (n: number) => (n === 1 ? 'it has 1 layer' : `it has ${n} layers`),
  mlp: (n: number) => `its MLPs are ${n} wide`,
  patchSize: (n: number) => `its patches are ${n} pixels wide`,
  tokens: (n: number) => `it has ${n} tokens`,
  embed: (n: number) => `its features have ${n} numbers`,
} as const

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

async function equalBytes(a: TensorFile, b: TensorFile, name: string, inB = name): Promise<boolean> {
  const [one, other] = [infoOf(a.tensors, name, a.source), infoOf(b.tensors, inB, b.source)]
  if (one.bytes !== other.bytes || one.dtype !== other.dtype) return false
  const most = 2 ** 20 * dtypes[one.dtype]
  for (let at = 0; at < one.bytes; at += most) {
    const length = Math.min(most, one.bytes - at)
    if (Buffer.compare(await a.readRange(name, at, length), await b.readRange(inB, at, length)) !== 0) return false
  }
  return true
}
