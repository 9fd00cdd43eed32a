// CLIP's text tower, forward only:
//   x = token_embedding[ids] + positional_embedding;  L times  x += attn(ln_1 x),  x += mlp(ln_2 x), the attention
//   causal;
//   feature = ln_final(x at the end of the text) text_projection,  not normalised.
// A token sees none that follow it, so a batch is as long as its longest text and padding is never computed; and the
// last layer computes the one row of each text that is read. Layers are the image tower's (transformer-layer.ts),
// names and orders OpenAI's and open_clip's: sizes are read off the shapes, the rest is settled as the image tower's
// (architecture/settle.ts). A text is read at the first token of a number, endOfText; where that is 2, at the highest
// number (modeling_clip.py, CLIPTextModel.forward: older configurations have 2, whatever their tokenizer's end is).
import { BasilError } from '../../../contract/errors.ts'
import { largestOf } from '../../../contract/largest.ts'
import type { TextSettings } from '../../../contract/tower.ts'
import type { Described } from '../../architecture/beside.ts'
import { type Given, type Settled, settleText, settleVision } from '../../architecture/settle.ts'
import type { Ops } from '../../devices/ops.ts'
import { disposeAll, type Tensor, type Tensor1D, type Tensor2D, type Weights } from '../../devices/tensor.ts'
import { isFloating, toFloat32 } from '../../formats/dtype.ts'
import type { TensorFile, TensorInfo } from '../../formats/tensor-file.ts'
import { type Architecture, layerNames, recognise as recogniseImageTower } from '../../layouts/clip-names.ts'
import { heldShape, toHeld } from '../../weights/held.ts'
import { firstNotFinite } from '../../weights/slices.ts'
import { disposeLayer, transformerLayer } from '../transformer-layer.ts'
import { vocabularySize } from './tokenizer.ts'

interface TextShape {
  prefix: string // what stands before the tower's names in this file: "", "model.", "text." or both
  width: number
  layers: number
  mlp: number
  embed: number
  context: number // tokens at most
}

interface TextArchitecture extends TextShape, Pick<Architecture, 'heads' | 'activation' | 'layerNormEps'> {
  endOfText: number
}

export interface TextTower {
  architecture: TextArchitecture
  warnings: string[] // before any number of it is believed
  /**
   * Texts as tokens (n, at most `context` each) to features (n, embed). Throws tensor-not-finite for an embedding that
   * is not.
   */
  encode(texts: readonly (readonly number[])[]): Promise<Float32Array>
  dispose(): void
}

/**
 * Token embeddings stay on the host in the file's own type: few of the 49,408 rows are ever read. Throws not-supported
 * or config-invalid where it cannot be computed as it is described.
 */
export async function loadTextTower(ops: Ops, file: TextFile, given: Given = {}): Promise<TextTower> {
  const shape = requireTextTower(file)
  const { settings, warnings, refusal } = await settledText(file, shape, given)
  if (refusal) throw refusal
  const { heads, activation, layerNormEps, endOfText } = settings
  const values = {
    heads: heads.value,
    activation: activation.value,
    layerNormEps: layerNormEps.value,
    endOfText: endOfText.value,
  }
  const architecture = { ...shape, ...values }
  const { prefix } = shape
  const tensors = new Map<string, Tensor>()
  const dispose = (): void => disposeAll(tensors.values())
  try {
    for (const [name, dimensions] of deviceParameters(shape)) {
      const values = await readFinite(file, prefix + name)
      toHeld(name, dimensions, values)
      tensors.set(name, ops.upload(values, heldShape(name, dimensions)))
    }
    const embed = rowsOf(
      file,
      prefix,
      await file.read(prefix + tokenEmbedding),
      await readFinite(file, prefix + positions),
    )
    const weights: Weights = (name) => tensors.get(name) as Tensor
    return { architecture, warnings, encode: (texts) => encode(ops, architecture, weights, embed, texts), dispose }
  } catch (error) {
    dispose() // a file refused half-way leaves nothing on the device
    throw error
  }
}

type TextFile = TensorFile & Described

/** null: there is no text tower. */
export async function settledTextOf(file: TextFile): Promise<Settled<TextSettings> | null> {
  const shape = file.tensors.has(tokenEmbedding) ? recognise(file) : null
  return shape?.layers ? settledText(file, shape, {}) : null
}

async function settledText(file: TextFile, shape: TextShape, given: Given): Promise<Settled<TextSettings>> {
  const image = recogniseImageTower(file.tensors)
  const { activation } = given // said of the model, of both its towers
  return settleText(file, shape, given, image ? (await settleVision(file, image, { activation })).settings : null)
}

const tokenEmbedding = 'token_embedding.weight'
const positions = 'positional_embedding'

type EmbedToken = (id: number, position: number, into: Float32Array) => void

async function encode(
  ops: Ops,
  architecture: TextArchitecture,
  weights: Weights,
  embed: EmbedToken,
  texts: readonly (readonly number[])[],
): Promise<Float32Array> {
  const { width, endOfText } = architecture
  const ends = texts.map((ids) => endOf(ids, endOfText))
  const tokens = largestOf(ends) + 1
  const embedded = new Float32Array(texts.length * tokens * width)
  texts.forEach((ids, t) => {
    for (let i = 0; i <= (ends[t] as number); i++)
      embed(ids[i] as number, i, embedded.subarray((t * tokens + i) * width))
  })
  const endRows = ends.map((end, t) => t * tokens + end)
  const scope = ops.scope()
  try {
    const features = scope.run(() => {
      const x = ops.upload<Tensor2D>(embedded, [texts.length * tokens, width])
      return featuresOf(ops, architecture, weights, x, endRows)
    })
    return await ops.read(features)
  } finally {
    scope.dispose()
  }
}

/** x (texts * tokens, width), which goes, to what is read at the rows named, (texts, embed). */
function featuresOf(
  ops: Ops,
  architecture: TextArchitecture,
  weights: Weights,
  x: Tensor2D,
  endRows: readonly number[],
): Tensor2D {
  const { layers, heads, layerNormEps } = architecture
  const images = endRows.length
  const shape = { images, tokens: x.shape[0] / images, heads, causal: true }
  let last = x
  for (let i = 0; i < layers; i++) {
    const readOn = i === layers - 1 ? endRows : undefined
    const { next, tape } = transformerLayer({ ops, architecture }, weights, i, last, { shape, readOn })
    disposeLayer(tape)
    last.dispose()
    last = next
  }
  const [gain, bias] = [weights('ln_final.weight') as Tensor1D, weights('ln_final.bias') as Tensor1D]
  const { y } = ops.layerNorm(last, gain, bias, layerNormEps)
  return ops.matmul(y, weights('text_projection') as Tensor2D)
}

/** Where a text is read; at its first token where the end is not in it, as transformers does. */
function endOf(ids: readonly number[], endOfText: number): number {
  return Math.max(0, ids.indexOf(endOfText === 2 ? Math.max(...ids) : endOfText))
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
function deviceParameters({ width, layers, mlp, embed }: TextShape): [string, number[]][] {
  return [
    ...Array.from({ length: layers }, (_, i) => layerNames(i, width, mlp)).flat(),
    ['ln_final.weight', [width]],
    ['ln_final.bias', [width]],
    ['text_projection', [width, embed]],
  ]
}

/**
 * The shape of a checkpoint's that holds a whole text tower; throws naming the file and what is missing or does not
 * fit.
 */
function requireTextTower(file: TensorFile): TextShape {
  const found = recognise(file)
  const { prefix, width, layers, context } = found
  const expected: [string, number[]][] = [
    [tokenEmbedding, [vocabularySize, width]],
    [positions, [context, width]],
    ...deviceParameters(found),
  ]
  for (const [name, shape] of expected) {
    const info = file.tensors.get(prefix + name)
    if (!info) throw unfit('tensor-missing', file, prefix + name, 'this tensor is not in the file')
    if (info.shape.join() !== shape.join() || !isFloating(info.dtype))
      throw unfit(
        'tensor-shape',
        file,
        prefix + name,
        `it is ${info.dtype} [${info.shape}], floating-point [${shape}] is needed`,
      )
  }
  if (!layers) throw unfit('tensor-missing', file, `${prefix}transformer.resblocks.0.ln_1.weight`, 'it has no layers')
  return found
}

/** By shapes alone, which may not yet agree with each other. */
function recognise(file: TensorFile): TextShape {
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
  const mlp = shapeOf('transformer.resblocks.0.mlp.c_fc.weight')[0] ?? 4 * width
  return { prefix, width, layers, mlp, embed: shapeOf('text_projection')[1] ?? 0, context: shapeOf(positions)[0] ?? 0 }
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
