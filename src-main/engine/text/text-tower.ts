// CLIP's text tower, forward only:
//   x = token_embedding[ids] + positional_embedding;  L times  x += attn(ln_1 x),  x += mlp(ln_2 x), the attention causal;
//   feature = ln_final(x at the first <end_of_text>) text_projection,  not normalised.
// A token sees none that follow it, so a batch is as long as its longest text and padding is never computed; and the last
// layer computes the one row of each text that is read. Layers are those of the image tower (models/clip-vit.ts), names and
// orders OpenAI's and open_clip's: the architecture is read off the shapes.

import { BasilError } from '../../contract/errors.ts'
import { largestOf } from '../../contract/largest.ts'
import { isFloating, toFloat32 } from '../formats/dtype.ts'
import type { TensorFile, TensorInfo } from '../formats/tensor-file.ts'
import { layerNames } from '../models/clip-names.ts'
import { disposeLayer, epsilon, transformerLayer } from '../models/clip-vit.ts'
import type { Activation, Ops } from '../ops.ts'
import { type Tensor, type Tensor1D, type Tensor2D, tf } from '../tf.ts'
import { heldShape, toHeld } from '../weights/layout.ts'
import { firstNotFinite } from '../weights/parents.ts'
import { endOfText, vocabularySize } from './tokenizer.ts'

interface TextArchitecture {
  prefix: string // what stands before the tower's names in this file: "", "model.", "text." or both
  width: number
  layers: number
  heads: number
  embed: number
  context: number // tokens at most
}

export interface TextTower {
  architecture: TextArchitecture
  /** Texts as tokens (n, at most `context` each) to features (n, embed). Throws tensor-not-finite for an embedding that is not. */
  encode(texts: readonly (readonly number[])[]): Float32Array
  dispose(): void
}

/** Token embeddings stay on the host in the file's own type: few of the 49,408 rows are ever read. */
export async function loadTextTower(ops: Ops, activation: Activation, file: TensorFile): Promise<TextTower> {
  const architecture = requireTextTower(file)
  const { prefix } = architecture
  const tensors = new Map<string, Tensor>()
  const dispose = (): void => tf.dispose([...tensors.values()])
  try {
    for (const [name, shape] of deviceParameters(architecture)) {
      const values = await readFinite(file, prefix + name)
      toHeld(name, shape, values)
      tensors.set(name, ops.upload(values, heldShape(name, shape)))
    }
    const embed = rowsOf(file, prefix, await file.read(prefix + tokenEmbedding), await readFinite(file, prefix + positions))
    const weights = (name: string): Tensor => tensors.get(name) as Tensor
    return { architecture, encode: (texts) => encode(ops, activation, architecture, weights, embed, texts), dispose }
  } catch (error) {
    dispose() // a file refused half-way leaves nothing on the device
    throw error
  }
}

const tokenEmbedding = 'token_embedding.weight'
const positions = 'positional_embedding'

type EmbedToken = (id: number, position: number, into: Float32Array) => void

function encode(
  ops: Ops,
  activation: Activation,
  { width, layers, heads }: TextArchitecture,
  weights: (name: string) => Tensor,
  embed: EmbedToken,
  texts: readonly (readonly number[])[],
): Float32Array {
  const n = texts.length
  const ends = texts.map((ids) => ids.indexOf(endOfText))
  const tokens = largestOf(ends) + 1
  const embedded = new Float32Array(n * tokens * width)
  texts.forEach((ids, t) => {
    for (let i = 0; i <= (ends[t] as number); i++) embed(ids[i] as number, i, embedded.subarray((t * tokens + i) * width))
  })
  const endRows = (x: Tensor2D): Tensor2D =>
    tf.tidy(() => {
      const at = ends.map((end, t) => t * tokens + end)
      return tf.gather(x, tf.tensor1d(at, 'int32'))
    })
  let x = ops.upload(embedded, [n * tokens, width]) as Tensor2D
  for (let i = 0; i < layers; i++) {
    const shape = { images: n, tokens, heads, causal: true }
    const { next, tape } = transformerLayer({ ops, activation }, weights, i, x, shape, i === layers - 1 ? endRows : undefined)
    disposeLayer(tape)
    x.dispose()
    x = next
  }
  const { y, saved } = ops.layerNorm(x, weights('ln_final.weight') as Tensor1D, weights('ln_final.bias') as Tensor1D, epsilon)
  const features = ops.matmul(y, weights('text_projection') as Tensor2D)
  const values = ops.read(features)
  tf.dispose([x, y, saved.mean, saved.scale, features])
  return values
}

/** token_embedding[id] + positional_embedding[position], each (width). */
function rowsOf(file: TensorFile, prefix: string, bytes: Uint8Array, positional: Float32Array): EmbedToken {
  const name = prefix + tokenEmbedding
  const { dtype, shape } = file.tensors.get(name) as TensorInfo
  const [rows = 1, width = 1] = shape
  const size = bytes.length / rows
  return (id, position, into) => {
    const row = toFloat32(bytes.subarray(id * size, (id + 1) * size), dtype)
    if (firstNotFinite(row) >= 0) throw notFinite(file, name, `row ${id}`)
    for (let e = 0; e < width; e++) into[e] = (row[e] as number) + (positional[position * width + e] as number)
  }
}

/** What lies on the device, with its shape in the file. */
function deviceParameters({ width, layers, embed }: TextArchitecture): [string, number[]][] {
  return [
    ...Array.from({ length: layers }, (_, i) => layerNames(i, width)).flat(),
    ['ln_final.weight', [width]],
    ['ln_final.bias', [width]],
    ['text_projection', [width, embed]],
  ]
}

/** The architecture of a checkpoint that holds a whole text tower; throws naming the file and what is missing or does not fit. */
function requireTextTower(file: TensorFile): TextArchitecture {
  const architecture = recognise(file)
  const { prefix, width, layers, context } = architecture
  const expected: [string, number[]][] = [
    [tokenEmbedding, [vocabularySize, width]],
    [positions, [context, width]],
    ...deviceParameters(architecture),
  ]
  for (const [name, shape] of expected) {
    const info = file.tensors.get(prefix + name)
    if (!info) throw unfit('tensor-missing', file, prefix + name, 'this tensor is not in the file')
    if (info.shape.join() !== shape.join() || !isFloating(info.dtype))
      throw unfit('tensor-shape', file, prefix + name, `it is ${info.dtype} [${info.shape}], floating-point [${shape}] is needed`)
  }
  if (!layers) throw unfit('tensor-missing', file, `${prefix}transformer.resblocks.0.ln_1.weight`, 'it has no layers')
  return architecture
}

/** By shapes alone, which may not yet agree with each other. */
function recognise(file: TensorFile): TextArchitecture {
  const found = [...file.tensors.keys()].find((name) => /^(model\.)?(text\.)?token_embedding\.weight$/.test(name))
  if (found === undefined)
    throw new BasilError({
      code: 'tensor-missing',
      what: 'This checkpoint has no text tower',
      where: file.source.name,
      why: `${tokenEmbedding} is not in it`,
      next: 'use the whole pre-trained CLIP model; fine-tuned checkpoints often hold the image tower alone',
    })
  const prefix = found.slice(0, -tokenEmbedding.length)
  const shapeOf = (name: string): number[] => file.tensors.get(prefix + name)?.shape ?? []
  const width = shapeOf(tokenEmbedding)[1] ?? 0
  let layers = 0
  while (file.tensors.has(`${prefix}transformer.resblocks.${layers}.ln_1.weight`)) layers++
  const heads = Math.max(1, Math.floor(width / 64))
  return { prefix, width, layers, heads, embed: shapeOf('text_projection')[1] ?? 0, context: shapeOf(positions)[0] ?? 0 }
}

function unfit(code: 'tensor-missing' | 'tensor-shape', file: TensorFile, name: string, why: string): BasilError {
  return new BasilError({
    code,
    what: "The text tower is not whole, or not CLIP's",
    where: `${file.source.name}: ${name}`,
    why,
    next: "use a whole CLIP model in OpenAI's or open_clip's layout",
  })
}

async function readFinite(file: TensorFile, name: string): Promise<Float32Array> {
  const values = toFloat32(await file.read(name), (file.tensors.get(name) as TensorInfo).dtype)
  const bad = firstNotFinite(values)
  if (bad >= 0) throw notFinite(file, name, `element ${bad}`)
  return values
}

function notFinite(file: TensorFile, name: string, place: string): BasilError {
  return new BasilError({
    code: 'tensor-not-finite',
    what: 'The text tower holds a weight that is not a finite number',
    where: `${file.source.name}: ${name}`,
    why: `${place} is NaN or infinite`,
    next: 'use a checkpoint saved before its training diverged',
  })
}
