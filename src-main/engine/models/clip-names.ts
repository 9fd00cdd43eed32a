// The parameter names of OpenAI's and open_clip's image tower, their order (that of registration, as state_dict gives it),
// and the shapes one architecture asks for. A checkpoint is recognised by names and shapes alone.
//   conv1 (width, 3, patch, patch), class_embedding (width), positional_embedding (tokens, width), proj (width, embed)
import { BasilError } from '../../contract/errors.ts'
import type { TensorFile } from '../formats/tensor-file.ts'

export interface Architecture {
  prefix: string // what stands before the tower's names in this file: "visual.", "model.visual." or ""
  imageSize: number
  patchSize: number
  width: number
  layers: number
  heads: number
  embed: number
  tokens: number // patches + 1
}

/** A transformer layer's parameters, of the image tower and of the text tower alike. */
export const layerNames = (i: number, width: number): [string, number[]][] =>
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
      ['mlp.c_fc.weight', [4 * width, width]],
      ['mlp.c_fc.bias', [4 * width]],
      ['mlp.c_proj.weight', [width, 4 * width]],
      ['mlp.c_proj.bias', [width]],
    ] as [string, number[]][]
  ).map(([name, shape]) => [`transformer.resblocks.${i}.${name}`, shape])

/** Every parameter of the tower with its shape, in block order, without prefix. */
export function towerParameters(a: Architecture): Map<string, number[]> {
  const { width, patchSize, embed, tokens } = a
  return new Map<string, number[]>([
    ['class_embedding', [width]],
    ['positional_embedding', [tokens, width]],
    ['proj', [width, embed]],
    ['conv1.weight', [width, 3, patchSize, patchSize]],
    ['ln_pre.weight', [width]],
    ['ln_pre.bias', [width]],
    ...Array.from({ length: a.layers }, (_, i) => layerNames(i, width)).flat(),
    ['ln_post.weight', [width]],
    ['ln_post.bias', [width]],
  ])
}

/** Reads the architecture off a file's names and shapes; undefined when this is no CLIP image tower. */
export function recognise(file: TensorFile): Architecture | undefined {
  const conv = [...file.tensors.keys()].find((name) => /^(model\.)?(visual\.)?conv1\.weight$/.test(name))
  if (conv === undefined) return undefined
  const prefix = conv.slice(0, -'conv1.weight'.length)
  const shape = (name: string): number[] => file.tensors.get(prefix + name)?.shape ?? []
  const [width = 0, , patchSize = 0] = shape('conv1.weight')
  const tokens = shape('positional_embedding')[0] ?? 0
  const embed = shape('proj')[1] ?? 0
  const grid = Math.round(Math.sqrt(tokens - 1))
  const indices = [...file.tensors.keys()].map(
    (name) => name.startsWith(prefix) && /^transformer\.resblocks\.(\d+)\./.exec(name.slice(prefix.length))?.[1],
  )
  const layers = Math.max(0, ...indices.filter((i) => typeof i === 'string').map((i) => Number(i) + 1))
  if (!width || !patchSize || !tokens || !embed || !layers) return undefined
  return { prefix, imageSize: grid * patchSize, patchSize, width, layers, heads: Math.max(1, Math.floor(width / 64)), embed, tokens }
}

/** The architecture of a checkpoint whose tensors all fit it; throws naming the file and the tensor that does not. */
export function requireTower(file: TensorFile): Architecture {
  const where = file.source.name
  const architecture = recognise(file)
  if (!architecture)
    throw new BasilError({
      code: 'tensor-missing',
      what: 'This is not a CLIP image tower',
      where,
      why: 'visual.conv1.weight, visual.positional_embedding, visual.proj and visual.transformer.resblocks.* are not all there',
      next: 'choose a checkpoint in OpenAI or open_clip layout',
    })
  const { prefix } = architecture
  const expected = towerParameters(architecture)
  for (const [name, shape] of expected) {
    const found = file.tensors.get(prefix + name)
    if (!found)
      throw new BasilError({
        code: 'tensor-missing',
        what: `${where} lacks the tensor ${prefix}${name}`,
        where: `${where}: ${prefix}${name}`,
        why: closest(file, prefix + name),
        next: 'use a complete checkpoint of this architecture',
      })
    if (found.shape.join() !== shape.join())
      throw new BasilError({
        code: 'tensor-shape',
        what: `${where} has the tensor ${prefix}${name} in another shape`,
        where: `${where}: ${prefix}${name}`,
        why: `its shape is [${found.shape}], [${shape}] is needed`,
        next: 'use a checkpoint of this architecture',
      })
  }
  for (const name of file.tensors.keys())
    if (name.startsWith(prefix) && prefix && !expected.has(name.slice(prefix.length)))
      throw new BasilError({
        code: 'tensor-extra',
        what: `${where} has a tensor that no CLIP image tower has: ${name}`,
        where: `${where}: ${name}`,
        why: 'its name is unknown',
        next: 'check how the checkpoint was written; renamed tensors cannot be matched',
      })
  return architecture
}

/** The layer a parameter belongs to: "embedding", "layer 0", ..., "output". */
export function layerOf(name: string): string {
  const index = /resblocks\.(\d+)\./.exec(name)?.[1]
  if (index !== undefined) return `layer ${index}`
  return /ln_post|proj$/.test(name) ? 'output' : 'embedding'
}

function closest(file: TensorFile, name: string): string {
  const tail = name.split('.').slice(-2).join('.')
  const like = [...file.tensors.keys()].filter((n) => n.endsWith(tail) || n.includes(name.split('.').at(-1) ?? name)).slice(0, 3)
  return like.length ? `it has ${like.join(', ')}` : `it has ${file.tensors.size} tensors, none with a name like it`
}
