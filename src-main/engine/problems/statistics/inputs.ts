// Second moments of the inputs of every linear layer of a tower, X'X / rows (in, in), rows being the tokens of the
// images. Layer after layer: what all images are at a layer's door lies on the host, (images tokens, width), one
// layer's weights are on the device, and one layer's moments in memory, whatever the model's depth. Of the last layer
// all tokens count, as of the others. Products are float32 on the device, sums over micro-batches float64.
import { add, at } from '../../../numbers/vectors.ts'
import { disposeAll, type Tensor1D, type Tensor2D, type Weights } from '../../devices/tensor.ts'
import type { TensorToWrite } from '../../formats/safetensors-writer.ts'
import { type Architecture, layerNames, towerParameters } from '../../layouts/clip-names.ts'
import { embed } from '../../models/clip-vit.ts'
import { layerName, normAgain, transformerLayer } from '../../models/transformer-layer.ts'
import type { TowerCheckpoint } from '../../weights/checkpoint.ts'
import { loadCheckpoint } from '../../weights/device.ts'
import { patchesOf } from '../patches.ts'
import { type Drawn, inChunks, type Place, pictures } from './images.ts'

/** Behind a layer's name, in the order of a layer's work. */
const linears = ['attn.in_proj_weight', 'attn.out_proj.weight', 'mlp.c_fc.weight', 'mlp.c_proj.weight'] as const

/** Of a layer, by parameter. */
export function inputTensors({ width, mlp }: Architecture, i: number): Omit<TensorToWrite, 'dtype'>[] {
  return linears.map((name) => {
    const side = name === 'mlp.c_proj.weight' ? mlp : width
    return { name: layerName(i) + name, shape: [side, side] }
  })
}

/** What images are as they enter the first layer, (images tokens, width). */
export async function entering(place: Place, checkpoint: TowerCheckpoint, images: Drawn): Promise<Float32Array> {
  const { tower } = place
  const { ops, architecture } = tower
  const { tokens, width, layerNormEps } = architecture
  const before = /^(conv1|class_embedding|positional_embedding|ln_pre)\b/
  const wanted = new Map([...towerParameters(architecture)].filter(([name]) => before.test(name)))
  const { weights, dispose } = await loadCheckpoint(ops, checkpoint, undefined, wanted)
  const x = new Float32Array(images.indices.length * tokens * width)
  try {
    await inChunks(place, images.indices.length, async (first, size) => {
      const some = await pictures(images, first, size)
      const scope = ops.scope()
      try {
        const { y } = scope.run(() => {
          const embedded = embed(tower, weights, patchesOf(tower, some))
          const [gain, bias] = [weights('ln_pre.weight') as Tensor1D, weights('ln_pre.bias') as Tensor1D]
          return ops.layerNorm(embedded, gain, bias, layerNormEps)
        })
        x.set(await ops.read(y), first * tokens * width)
      } finally {
        scope.dispose()
      }
    })
    return x
  } finally {
    dispose()
  }
}

/**
 * x (images tokens, width) at the door of layer i: the moments by parameter, and x behind the layer in its place where
 * it goes `on`.
 */
export async function layerInputs(
  place: Place,
  checkpoint: TowerCheckpoint,
  i: number,
  x: Float32Array,
  { on, moments }: { on: boolean; moments: boolean },
): Promise<Map<string, Float32Array>> {
  const { ops, architecture } = place.tower
  const { tokens, width, mlp } = architecture
  const sums = new Map(
    moments
      ? inputTensors(architecture, i).map(({ name, shape }) => [name, new Float64Array((shape[0] ?? 0) ** 2)])
      : [],
  )
  const { weights, dispose } = await loadCheckpoint(ops, checkpoint, undefined, new Map(layerNames(i, width, mlp)))
  const each = tokens * width
  try {
    await inChunks(place, x.length / each, async (first, size) => {
      const scope = ops.scope()
      try {
        const rows = x.subarray(first * each, (first + size) * each)
        const { next, products } = scope.run(() => passed(place, weights, i, rows, moments))
        const told: Float32Array[] = []
        for (const product of products) told.push(await ops.read(product))
        const behind = on ? await ops.read(next) : undefined
        // from here on nothing can go wrong
        for (const [n, sum] of [...sums.values()].entries()) {
          const values = at(told, n)
          for (let k = 0; k < sum.length; k++) add(sum, k, at(values, k))
        }
        if (behind) rows.set(behind)
      } finally {
        scope.dispose()
      }
    })
  } finally {
    dispose()
  }
  const count = x.length / width
  return new Map([...sums].map(([name, sum]) => [name, Float32Array.from(sum, (v) => v / count)]))
}

/** A layer's output, and X'X of its linear layers in their order. */
function passed(
  { tower }: Place,
  weights: Weights,
  i: number,
  rows: Float32Array,
  moments: boolean,
): { next: Tensor2D; products: Tensor2D[] } {
  const { ops, architecture } = tower
  const { tokens, width, heads, activation, layerNormEps } = architecture
  const x = ops.upload<Tensor2D>(rows, [rows.length / width, width])
  const shape = { images: rows.length / width / tokens, tokens, heads }
  const { next, tape } = transformerLayer(tower, weights, i, x, { shape })
  if (!moments) return { next, products: [] }
  const own: Weights = (name) => weights(layerName(i) + name)
  const inputs = [
    normAgain(ops, own, 'ln_1', x, tape.ln1, layerNormEps),
    tape.mixed,
    normAgain(ops, own, 'ln_2', tape.x2, tape.ln2, layerNormEps),
    ops.activation(tape.wide, activation),
  ]
  const products = inputs.map((input) => ops.matmul(input, input, true, false))
  disposeAll([at(inputs, 0), at(inputs, 2), at(inputs, 3)])
  return { next, products }
}
