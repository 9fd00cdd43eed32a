// A head in a file of any format Basil reads: "file#head.NAME" of a file of ours, or "head_CarsVal.pt", the field's
// pickled classification head (weight (classes, embed), bias zero or not there), with or without "#weight". What a file
// of ours says in its metadata holds (contract/api/heads.ts); of others the rows tell: all of one length is a zero-shot
// head, as W = exp(logit_scale) w, or w alone; anything else looks like a linear probe, and is taken for one only when
// somebody says so.

import { type HeadRecord, headRecordSchema } from '../../contract/api/heads.ts'
import { BasilError, type Steps } from '../../contract/errors.ts'
import { splitPath } from '../../contract/named-tensor.ts'
import { dot } from '../../numbers/vectors.ts'
import { isFloating, toFloat32 } from '../formats/dtype.ts'
import { openTensorFile } from '../formats/open.ts'
import type { OpenSource } from '../formats/source.ts'
import type { TensorFile, TensorInfo } from '../formats/tensor-file.ts'
import { type Head, logitScale } from '../problems/head.ts'
import { firstNotFinite } from '../weights/slices.ts'

/** How a file that says nothing of itself is read. */
export interface ReadAs {
  as: 'zero-shot' | 'probe'
  features: 'normalised' | 'raw' // what a probe takes
}

interface Place {
  file: TensorFile
  where: string
  weights: TensorInfo
  bias: TensorInfo | undefined
  classes: number
  embed: number
}

/** (classes, embed) by header alone; throws what reading would throw for names, shapes and types. */
export async function describeHead(path: string, open: OpenSource): Promise<{ classes: number; embed: number }> {
  return withHead(path, open, async ({ classes, embed }) => ({ classes, embed }))
}

/** A head with what its file says of it, as far as it does. */
interface ReadHead {
  head: Head
  kind: HeadRecord['kind']
  said: HeadRecord | undefined
}

/** As readHeadAs, of a file that says nothing of itself as a zero-shot head on normalised features. */
export async function readHead(path: string, open: OpenSource): Promise<Head> {
  return (await readHeadAs(path, open, { as: 'zero-shot', features: 'normalised' })).head
}

/** Throws tensor-missing, data-invalid or tensor-not-finite for what is no head. */
export async function readHeadAs(path: string, open: OpenSource, reading: ReadAs): Promise<ReadHead> {
  return withHead(path, open, async (place) => {
    const { file, where, classes, embed } = place
    const [weights, bias] = [await floats(place, place.weights), place.bias ? await floats(place, place.bias) : null]
    const plain = { weights, bias: bias?.some((b) => b !== 0) ? bias : null, classes, embed }
    const said = recordOf(file, place.weights.name, where)
    const kind = said?.kind ?? (reading.as === 'probe' ? 'linear probe' : 'zero-shot')
    if (kind === 'zero-shot') return { head: zeroShot(plain, said?.scale ?? logitScale, where), kind, said }
    const { scale, normalised } = said ?? { scale: 1, normalised: reading.features === 'normalised' }
    return { head: { ...plain, scale, normalised }, kind, said }
  })
}

type Plain = Pick<Head, 'weights' | 'bias' | 'classes' | 'embed'>
const tolerance = 0.02 // of a length: what float16 rows lack of it

/**
 * Rows of length 1 are left as they are; of another, common length they become unit rows, and where that is not the
 * field's 100 it is the scale.
 */
function zeroShot({ weights, bias, classes, embed }: Plain, scale: number, where: string): Head {
  const lengths = Array.from({ length: classes }, (_, c) => lengthOf(weights.subarray(c * embed, (c + 1) * embed)))
  // there may be more than a call takes
  const [least, most] = [lengths.reduce((a, b) => Math.min(a, b)), lengths.reduce((a, b) => Math.max(a, b))]
  if (bias)
    throw notZeroShot(
      where,
      `its bias is not zero, and its rows have lengths from ${least.toPrecision(4)} to ${most.toPrecision(4)}`,
    )
  const whole = { weights, bias, classes, embed, scale, normalised: true }
  if (least > 1 - tolerance && most < 1 + tolerance) return whole
  if (!(least > 0 && most - least < tolerance * most))
    throw notZeroShot(where, `its rows have lengths from ${least.toPrecision(4)} to ${most.toPrecision(4)}`)
  const common = (least + most) / 2
  const length = Math.abs(common - logitScale) < tolerance * logitScale ? logitScale : common
  return { ...whole, weights: weights.map((w) => w / length), scale: length }
}

function lengthOf(row: Float32Array): number {
  return Math.sqrt(dot(row, row))
}

async function floats({ file, where }: Place, { name, dtype }: TensorInfo): Promise<Float32Array> {
  const values = toFloat32(await file.read(name), dtype)
  const bad = firstNotFinite(values)
  if (bad < 0) return values
  throw new BasilError({
    code: 'tensor-not-finite',
    what: 'The head holds a value that is not a finite number',
    where,
    why: `element ${bad} of ${name} is ${values[bad]}`,
    next: 'use a head saved before its training diverged',
  })
}

/** What a file of ours says of head.NAME; undefined where it says nothing. */
function recordOf(file: TensorFile, tensor: string, where: string): HeadRecord | undefined {
  const text = file.metadata['basil.head']
  if (text === undefined) return undefined
  try {
    const told: unknown = JSON.parse(text)
    return headRecordSchema
      .array()
      .parse(Array.isArray(told) ? told : [told])
      .find(({ name }) => `head.${name}` === tensor)
  } catch (error) {
    throw wrong(
      where,
      'its metadata "basil.head" is not what Basil writes there',
      'make or import the head again',
      error,
    )
  }
}

async function withHead<T>(path: string, open: OpenSource, use: (place: Place) => Promise<T>): Promise<T> {
  const [name, key] = splitPath(path)
  const source = await open(name)
  try {
    return await use(placeOf(await openTensorFile(source), key))
  } finally {
    await source.close()
  }
}

function placeOf(file: TensorFile, key: string): Place {
  const weights = key ? file.tensors.get(key) : onlyHead(file)
  if (!weights) throw missing(file, key)
  const { name } = weights
  const where = `${file.source.name}#${name}`
  const [classes = 0, embed = 0] = weights.shape
  if (weights.shape.length !== 2 || !classes || !embed || !isFloating(weights.dtype))
    throw wrong(where, `it is ${weights.dtype} [${weights.shape}]; a head is floating-point (classes, embed)`)
  const bias =
    file.tensors.get(`${name}.bias`) ??
    (/(^|\.)weight$/.test(name) ? file.tensors.get(name.replace(/weight$/, 'bias')) : undefined)
  if (bias && (bias.shape.join() !== `${classes}` || !isFloating(bias.dtype)))
    throw wrong(where, `its bias is ${bias.dtype} [${bias.shape}], floating-point [${classes}] is needed`)
  return { file, where, weights, bias, classes, embed }
}

/** Of a file that is a head and nothing else, or holds one head. */
function onlyHead({ tensors, source }: TensorFile): TensorInfo | undefined {
  const found = [...tensors.values()].filter(
    ({ name, shape }) => shape.length === 2 && /(^|\.)weight$|^head\./.test(name),
  )
  if (found.length < 2) return found[0]
  const some = found.slice(0, 12).map(({ name }) => name)
  const next = `name one of them behind a "#", as in "${source.name}#${some[0]}"`
  throw wrong(source.name, `it could be any of ${found.length} tensors: ${some.join(', ')}`, next)
}

function missing({ tensors, source }: TensorFile, key: string): BasilError {
  const names = [...tensors.keys()].slice(0, 12).join(', ')
  return new BasilError({
    code: 'tensor-missing',
    what: key ? `${source.name} lacks the tensor ${key}` : `${source.name} holds no head`,
    where: key ? `${source.name}: ${key}` : source.name,
    why: `it has ${names || 'no tensors'}`,
    next: 'correct the name behind the "#", or point to a head',
  })
}

function notZeroShot(where: string, why: string): BasilError {
  const steps: Steps = {
    next: 'if it was trained on images, "basil heads import FILE --as probe --out heads.safetensors" makes it one that runs can use',
    inWindow:
      'if it was trained on images, "Make a head" in the library takes it over as a linear probe that runs can use',
  }
  return wrong(
    where,
    `${why}: it looks like a linear probe, and the rows of a zero-shot head all have one length`,
    steps,
  )
}

function wrong(
  where: string,
  why: string,
  steps: string | Steps = 'point to a head, or make one',
  cause?: unknown,
): BasilError {
  const said = typeof steps === 'string' ? { next: steps } : steps
  return new BasilError({ code: 'data-invalid', what: 'The head cannot be used', where, why, ...said }, { cause })
}
