// The parameter names of OpenAI's and open_clip's image tower, their order (that of registration, as state_dict gives
// it), and the shapes one architecture asks for. They are the canonical ones: other layouts are seen under them
// (layouts/).
//   conv1 (width, 3, patch, patch), class_embedding (width), positional_embedding (tokens, width), proj (width, embed)
import type { Activation } from '../../contract/tower.ts'
import type { TensorFile } from '../formats/tensor-file.ts'

/** What shapes tell. */
export interface TowerShape {
  imageSize: number
  patchSize: number
  width: number
  layers: number
  mlp: number // width inside of the MLP
  embed: number
  tokens: number // patches + 1
}

/** With what they do not tell (architecture/settle.ts). */
export interface Architecture extends TowerShape {
  heads: number
  activation: Activation
  layerNormEps: number
}

/** A transformer layer's parameters, of the image tower and of the text tower alike. */
export const layerNames = (i: number, width: number, mlp: number): [string, number[]][] =>
  (
    [
      ['ln_1.weight', [width]],
      ['ln_1.bias', [width]],
      ['attn.in_proj_weight', [3 * width, width]],
      ['attn.in_proj_bias', [3 * width]],
      ['attn.out_proj.weight', [width, width]],
      ['attn.out_proj.bias', [width]],
      ['ln_2.weight', [width]],
      ['ln_2.bias', [width]],
      ['mlp.c_fc.weight', [mlp, width]],
      ['mlp.c_fc.bias', [mlp]],
      ['mlp.c_proj.weight', [width, mlp]],
      ['mlp.c_proj.bias', [width]],
    ] as [string, number[]][]
  ).map(([name, shape]) => [`transformer.resblocks.${i}.${name}`, shape])

/** Every parameter of the tower with its shape, in block order, without prefix. */
export function towerParameters(a: Omit<TowerShape, 'imageSize'>): Map<string, number[]> {
  const { width, patchSize, mlp, embed, tokens } = a
  return new Map<string, number[]>([
    ['class_embedding', [width]],
    ['positional_embedding', [tokens, width]],
    ['proj', [width, embed]],
    ['conv1.weight', [width, 3, patchSize, patchSize]],
    ['ln_pre.weight', [width]],
    ['ln_pre.bias', [width]],
    ...Array.from({ length: a.layers }, (_, i) => layerNames(i, width, mlp)).flat(),
    ['ln_post.weight', [width]],
    ['ln_post.bias', [width]],
  ])
}

/**
 * Of an image encoder as the field fine-tunes it: the tower and, of a text tower, what stands beside its layers. In
 * block order.
 */
export function encoderParameters(
  tower: Omit<TowerShape, 'imageSize'>,
  leftovers?: { context: number; width: number; vocabulary: number },
): Map<string, number[]> {
  const visual = [...towerParameters(tower)].map(([name, shape]): [string, number[]] => [towerPrefix + name, shape])
  if (!leftovers) return new Map(visual)
  const { context, width, vocabulary } = leftovers
  return new Map<string, number[]>([
    ['positional_embedding', [context, width]],
    ['text_projection', [width, tower.embed]],
    ['logit_scale', []],
    ...visual,
    ['token_embedding.weight', [vocabulary, width]],
    ['ln_final.weight', [width]],
    ['ln_final.bias', [width]],
  ])
}

/** Before the tower's names in every canonical view. */
export const towerPrefix = 'visual.'

/**
 * Reads a tower's shape off canonical names and shapes; undefined when this is no CLIP image tower. embed is 0 where
 * there is no projection.
 */
export function recognise(tensors: TensorFile['tensors']): TowerShape | undefined {
  const shape = (name: string): number[] => tensors.get(towerPrefix + name)?.shape ?? []
  const [width = 0, , patchSize = 0] = shape('conv1.weight')
  const tokens = shape('positional_embedding')[0] ?? 0
  const embed = shape('proj')[1] ?? 0
  const grid = Math.round(Math.sqrt(tokens - 1))
  const layers = width ? layersOf(tensors) : 0
  if (!width || !patchSize || !tokens || !layers || layers > tensors.size) return undefined
  const mlp = shape('transformer.resblocks.0.mlp.c_fc.weight')[0] ?? 4 * width
  return { imageSize: grid * patchSize, patchSize, width, layers, mlp, embed, tokens }
}

function layersOf(tensors: TensorFile['tensors']): number {
  let layers = 0
  for (const name of tensors.keys()) {
    const index = /^visual\.transformer\.resblocks\.(\d+)\./.exec(name)?.[1]
    if (index !== undefined) layers = Math.max(layers, Number(index) + 1)
  }
  return layers
}

/** Parameters of a tower that are there, 0 where there is no tower: a run has a coefficient for each. */
export function towerBlocks(tensors: TensorFile['tensors']): number {
  const tower = recognise(tensors)
  if (!tower) return 0
  return [...towerParameters(tower).keys()].filter((name) => tensors.has(towerPrefix + name)).length
}

const textNames = /^(text\.|transformer\.resblocks|token_embedding|positional_embedding|text_projection|ln_final)/

/**
 * The layer a canonical parameter belongs to: "embedding", "layer 0", ..., "output", of a text tower "text layer 0", of
 * a ResNet "layer 1.0".
 */
export function layerOf(name: string): string {
  const side = textNames.test(name) ? 'text ' : ''
  const index = /\b(?:resblocks|layers|blocks|layer)\.?(\d+(?:\.\d+(?=\.conv|\.bn|\.downsample))?)\./.exec(name)?.[1]
  if (index !== undefined) return `${side}layer ${index}`
  return side + (/ln_post|ln_final|proj$|projection$|attnpool/.test(name) ? 'output' : 'embedding')
}
