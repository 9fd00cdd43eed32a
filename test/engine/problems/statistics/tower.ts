// CLIP's image tower in float64, written plainly: what enters every linear layer, and the features.
import { join } from 'node:path'

import { toFloat32 } from '../../../../src-main/engine/formats/dtype.ts'
import { openTensorFile } from '../../../../src-main/engine/formats/open.ts'
import type { Architecture } from '../../../../src-main/engine/layouts/clip-names.ts'
import { openSource } from '../../../../src-main/files/source.ts'
import { folder } from '../../../golden/fixture.ts'
import { activation, attention, layerNorm, matmul, type Numbers } from '../../devices/reference.ts'

export type Values = Map<string, Numbers>

/** By name without prefix. */
export async function valuesIn(path: string): Promise<Values> {
  const source = await openSource(path)
  const file = await openTensorFile(source)
  const found: Values = new Map()
  for (const { name, dtype } of file.tensors.values())
    if (dtype === 'F32')
      found.set(name.replace(/^visual\./, ''), Float64Array.from(toFloat32(await file.read(name), dtype)))
  await source.close()
  return found
}

/** Images of a golden task, (n, 3, size, size), with their labels. */
export async function imagesOf(task: string): Promise<{ pixels: Numbers; labels: Int32Array; head: Numbers }> {
  const source = await openSource(join(folder, 'tasks.safetensors'))
  const file = await openTensorFile(source)
  const pixels = Float64Array.from(toFloat32(await file.read(`images.${task}`), 'F32'))
  const head = Float64Array.from(toFloat32(await file.read(`head.${task}`), 'F32'))
  const labels = new Int32Array((await file.read(`labels.${task}`)).slice().buffer)
  await source.close()
  return { pixels, labels, head }
}

const of = (weights: Values, name: string): Numbers => weights.get(name) as Numbers

/** (images tokens, width), as they enter the first layer. */
export function entered(weights: Values, a: Architecture, pixels: Numbers, which: readonly number[]): Numbers {
  const { imageSize: size, patchSize: p, width, tokens, layerNormEps } = a
  const grid = size / p
  const x = new Float64Array(which.length * tokens * width)
  for (const [n, image] of which.entries()) {
    const patches = new Float64Array(grid * grid * 3 * p * p)
    for (let g = 0; g < grid * grid; g++)
      for (let c = 0; c < 3; c++)
        for (let r = 0; r < p; r++)
          for (let k = 0; k < p; k++)
            patches[g * 3 * p * p + (c * p + r) * p + k] = pixels[
              ((image * 3 + c) * size + Math.floor(g / grid) * p + r) * size + (g % grid) * p + k
            ] as number
    const seen = matmul(patches, of(weights, 'conv1.weight'), grid * grid, width, 3 * p * p, false, true)
    x.set(of(weights, 'class_embedding'), n * tokens * width)
    x.set(seen, (n * tokens + 1) * width)
    const positions = of(weights, 'positional_embedding')
    for (let i = 0; i < positions.length; i++)
      x[n * tokens * width + i] = (x[n * tokens * width + i] as number) + (positions[i] as number)
  }
  const rows = which.length * tokens
  return layerNorm(x, of(weights, 'ln_pre.weight'), of(weights, 'ln_pre.bias'), rows, width, layerNormEps).y
}

/** x behind layer i, and what entered its linear layers, by parameter. */
export function passed(weights: Values, a: Architecture, i: number, x: Numbers): { next: Numbers; inputs: Values } {
  const { width, mlp, tokens, heads, layerNormEps } = a
  const rows = x.length / width
  const layer = `transformer.resblocks.${i}.`
  const w = (name: string): Numbers => of(weights, layer + name)
  const linear = (input: Numbers, name: string, columns: number, inner: number): Numbers => {
    const bias = w(name.replace(/weight$/, 'bias'))
    return matmul(input, w(name), rows, columns, inner, false, true).map((v, k) => v + (bias[k % columns] as number))
  }
  const norm = (input: Numbers, name: string): Numbers =>
    layerNorm(input, w(`${name}.weight`), w(`${name}.bias`), rows, width, layerNormEps).y
  const added = (p: Numbers, q: Numbers): Numbers => p.map((v, k) => v + (q[k] as number))
  const first = norm(x, 'ln_1')
  const mixed = attention(linear(first, 'attn.in_proj_weight', 3 * width, width), rows / tokens, tokens, heads, width).y
  const middle = added(x, linear(mixed, 'attn.out_proj.weight', width, width))
  const second = norm(middle, 'ln_2')
  const active = activation(linear(second, 'mlp.c_fc.weight', mlp, width), a.activation)
  const inputs: [string, Numbers][] = [
    ['attn.in_proj_weight', first],
    ['attn.out_proj.weight', mixed],
    ['mlp.c_fc.weight', second],
    ['mlp.c_proj.weight', active],
  ]
  return {
    next: added(middle, linear(active, 'mlp.c_proj.weight', width, mlp)),
    inputs: new Map(inputs.map(([name, values]) => [layer + name, values])),
  }
}

/** log p (classes) of one image by a zero-shot head (classes, embed) of scale 100. */
export function logProbabilities(
  weights: Values,
  a: Architecture,
  pixels: Numbers,
  image: number,
  head: Numbers,
): Numbers {
  const { width, embed, layers, layerNormEps } = a
  let x = entered(weights, a, pixels, [image])
  for (let i = 0; i < layers; i++) x = passed(weights, a, i, x).next
  const post = layerNorm(
    x.slice(0, width),
    of(weights, 'ln_post.weight'),
    of(weights, 'ln_post.bias'),
    1,
    width,
    layerNormEps,
  )
  const z = matmul(post.y, of(weights, 'proj'), 1, embed, width)
  const length = Math.sqrt(z.reduce((sum, v) => sum + v * v, 0))
  const logits = matmul(head, z, head.length / embed, 1, embed).map((v) => (100 * v) / length)
  const most = logits.reduce((m, v) => Math.max(m, v))
  const whole = Math.log(logits.reduce((sum, v) => sum + Math.exp(v - most), 0)) + most
  return logits.map((v) => v - whole)
}

/** X'X / rows. */
export function moments(x: Numbers, width: number): Numbers {
  const rows = x.length / width
  return matmul(x, x, width, width, rows, true, false).map((v) => v / rows)
}
