// CLIP models of any size in the names and shapes of each program, written down here from those programs' own modules
// and not from Basil's tables, with random bytes, or with a header and nothing behind it.
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'

import { type Dtype, dtypes } from '../../../src-main/engine/formats/dtype.ts'
import { openTensorFile } from '../../../src-main/engine/formats/open.ts'
import type { TensorFile } from '../../../src-main/engine/formats/tensor-file.ts'
import { seeded } from '../../faults/seeded.ts'
import { sourceOf, written } from '../formats/bytes.ts'

export type Shapes = [name: string, shape: number[]][]
export interface Size {
  width: number
  layers: number
  patch: number
  tokens: number
  embed: number
  mlp?: number // 4 * width, but for the largest
  text: { width: number; layers: number; context: number; vocabulary: number }
}

const text = { width: 512, layers: 12, context: 77, vocabulary: 49408 }
export const sizes = {
  'ViT-B/32': { width: 768, layers: 12, patch: 32, tokens: 50, embed: 512, text },
  'ViT-B/16': { width: 768, layers: 12, patch: 16, tokens: 197, embed: 512, text },
  'ViT-L/14': { width: 1024, layers: 24, patch: 14, tokens: 257, embed: 768, text: { ...text, width: 768 } },
  'ViT-L/14@336px': { width: 1024, layers: 24, patch: 14, tokens: 577, embed: 768, text: { ...text, width: 768 } },
} satisfies Record<string, Size>

/** Of which a whole model is a few kilobytes. */
export const small: Size = {
  width: 6,
  layers: 2,
  patch: 2,
  tokens: 5,
  embed: 4,
  text: { width: 3, layers: 1, context: 4, vocabulary: 5 },
}

const both = (name: string, weight: number[], bias: number): Shapes => [
  [`${name}.weight`, weight],
  [`${name}.bias`, [bias]],
]

function openClipLayers(before: string, width: number, layers: number, mlp = 4 * width): Shapes {
  return Array.from({ length: layers }, (_, i): Shapes => {
    const name = `${before}transformer.resblocks.${i}.`
    return [
      ...both(`${name}ln_1`, [width], width),
      [`${name}attn.in_proj_weight`, [3 * width, width]],
      [`${name}attn.in_proj_bias`, [3 * width]],
      ...both(`${name}attn.out_proj`, [width, width], width),
      ...both(`${name}ln_2`, [width], width),
      ...both(`${name}mlp.c_fc`, [mlp, width], mlp),
      ...both(`${name}mlp.c_proj`, [width, mlp], width),
    ]
  }).flat()
}

/** In the order of state_dict(): the one that numbers the parameters of linearised models and lists. */
export function openClip(size: Size, textTower: 'none' | 'leftovers' | 'whole'): Shapes {
  const { width, embed, tokens, patch, layers, mlp, text } = size
  const visual: Shapes = [
    ['visual.class_embedding', [width]],
    ['visual.positional_embedding', [tokens, width]],
    ['visual.proj', [width, embed]],
    ['visual.conv1.weight', [width, 3, patch, patch]],
    ...both('visual.ln_pre', [width], width),
    ...openClipLayers('visual.', width, layers, mlp),
    ...both('visual.ln_post', [width], width),
  ]
  if (textTower === 'none') return visual
  return [
    ['positional_embedding', [text.context, text.width]],
    ['text_projection', [text.width, embed]],
    ['logit_scale', []],
    ...visual,
    ...(textTower === 'whole' ? openClipLayers('', text.width, text.layers) : []),
    ['token_embedding.weight', [text.vocabulary, text.width]],
    ...both('ln_final', [text.width], text.width),
  ]
}

function huggingFaceLayers(before: string, width: number, layers: number, mlp = 4 * width): Shapes {
  return Array.from({ length: layers }, (_, i): Shapes => {
    const name = `${before}.encoder.layers.${i}.`
    return [
      ...['k', 'v', 'q', 'out'].flatMap((part) => both(`${name}self_attn.${part}_proj`, [width, width], width)),
      ...both(`${name}layer_norm1`, [width], width),
      ...both(`${name}mlp.fc1`, [mlp, width], mlp),
      ...both(`${name}mlp.fc2`, [width, mlp], width),
      ...both(`${name}layer_norm2`, [width], width),
    ]
  }).flat()
}

/** CLIPModel, CLIPVisionModelWithProjection and CLIPVisionModel. */
export function huggingFace(size: Size, model: 'whole' | 'vision with projection' | 'vision'): Shapes {
  const { width, embed, tokens, patch, layers, mlp, text } = size
  const vision: Shapes = [
    ['vision_model.embeddings.class_embedding', [width]],
    ['vision_model.embeddings.patch_embedding.weight', [width, 3, patch, patch]],
    ['vision_model.embeddings.position_embedding.weight', [tokens, width]],
    ...both('vision_model.pre_layrnorm', [width], width),
    ...huggingFaceLayers('vision_model', width, layers, mlp),
    ...both('vision_model.post_layernorm', [width], width),
  ]
  if (model === 'vision') return vision
  if (model === 'vision with projection') return [...vision, ['visual_projection.weight', [embed, width]]]
  return [
    ['logit_scale', []],
    ['text_model.embeddings.token_embedding.weight', [text.vocabulary, text.width]],
    ['text_model.embeddings.position_embedding.weight', [text.context, text.width]],
    ...huggingFaceLayers('text_model', text.width, text.layers),
    ...both('text_model.final_layer_norm', [text.width], text.width),
    ...vision,
    ['visual_projection.weight', [embed, width]],
    ['text_projection.weight', [embed, text.width]],
  ]
}

const norm = (name: string, channels: number): Shapes => [
  ...both(name, [channels], channels),
  [`${name}.running_mean`, [channels]],
  [`${name}.running_var`, [channels]],
  [`${name}.num_batches_tracked`, []],
]

/** The image tower of a ResNet CLIP, ModifiedResNet(stages, embed, image, width). */
export function resNet(stages: readonly number[], width: number, embed: number, image: number): Shapes {
  const found: Shapes = []
  for (const [i, from, to] of [
    [1, 3, width / 2],
    [2, width / 2, width / 2],
    [3, width / 2, width],
  ] as const)
    found.push([`visual.conv${i}.weight`, [to, from, 3, 3]], ...norm(`visual.bn${i}`, to))
  let inputs = width
  for (const [s, blocks] of stages.entries()) {
    const planes = width * 2 ** s
    for (let b = 0; b < blocks; b++, inputs = 4 * planes) {
      const name = `visual.layer${s + 1}.${b}.`
      found.push([`${name}conv1.weight`, [planes, inputs, 1, 1]], ...norm(`${name}bn1`, planes))
      found.push([`${name}conv2.weight`, [planes, planes, 3, 3]], ...norm(`${name}bn2`, planes))
      found.push([`${name}conv3.weight`, [4 * planes, planes, 1, 1]], ...norm(`${name}bn3`, 4 * planes))
      if (b === 0)
        found.push(
          [`${name}downsample.0.weight`, [4 * planes, inputs, 1, 1]],
          ...norm(`${name}downsample.1`, 4 * planes),
        )
    }
  }
  const features = 32 * width
  found.push(['visual.attnpool.positional_embedding', [(image / 32) ** 2 + 1, features]])
  for (const part of ['k', 'q', 'v'])
    found.push(...both(`visual.attnpool.${part}_proj`, [features, features], features))
  return [...found, ...both('visual.attnpool.c_proj', [embed, features], embed)]
}

export const behind = (prefix: string, shapes: Shapes): Shapes => shapes.map(([name, shape]) => [prefix + name, shape])
export const numbered = (prefix: string, shapes: Shapes): Shapes =>
  shapes.map(([, shape], i) => [`${prefix}${i}`, shape])
const dtypeOf = (name: string, dtype: Dtype): Dtype => (/position_ids|num_batches_tracked/.test(name) ? 'I64' : dtype)
const countOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)

export interface Full {
  name: string
  dtype: Dtype
  shape: number[]
  bytes: Uint8Array
}

/** Random bytes; `finite`: random numbers. */
export function filled(shapes: Shapes, dtype: Dtype, seed: number, finite = false): Full[] {
  const chance = seeded(seed)
  return shapes.map(([name, shape]) => {
    const type = dtypeOf(name, dtype)
    const floats = finite && type === 'F32'
    const bytes = floats
      ? new Uint8Array(Float32Array.from({ length: countOf(shape) }, () => chance() - 0.5).buffer)
      : Uint8Array.from({ length: countOf(shape) * dtypes[type] }, () => 256 * chance())
    return { name, dtype: type, shape, bytes }
  })
}

export async function inMemory(tensors: Full[], name = 'memory.safetensors', metadata = {}): Promise<TensorFile> {
  return openTensorFile(sourceOf(await written(tensors, metadata), name))
}

/** A safetensors file of the size its header asks for, all zeros, which takes no room on the disk. */
export function headerOnly(path: string, shapes: Shapes, dtype: Dtype = 'F32'): string {
  let end = 0
  const entries = shapes.map(([name, shape]): [string, object] => {
    const type = dtypeOf(name, dtype)
    const begin = end
    end += countOf(shape) * dtypes[type]
    return [name, { dtype: type, shape, data_offsets: [begin, end] }]
  })
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  const file = openSync(path, 'w')
  writeSync(file, Buffer.concat([length, header]))
  ftruncateSync(file, 8 + header.length + end)
  closeSync(file)
  return path
}

/** With the buffer of positions that old versions of transformers keep. */
export const ids = (shapes: Shapes): Shapes => [['vision_model.embeddings.position_ids', [1, 50]], ...shapes]
