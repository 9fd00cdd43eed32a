// What an architecture is called, read off canonical names and shapes: the field's names for those it knows
// ("ViT-B/32", "RN50"), a description for those nobody named. The numbers beside the name are what shapes can tell.
import type { Description } from '../../contract/checkpoint.ts'
import { knownVision } from '../../contract/known-towers.ts'
import type { TensorFile } from '../formats/tensor-file.ts'
import { recognise } from './clip-names.ts'

/** A name and numbers. */
export type Named = NonNullable<Description['architecture']>

type Tensors = TensorFile['tensors']

// By width and blocks of the four stages.
const resNets: Record<string, string> = {
  '64,3,4,6,3': 'RN50',
  '64,3,4,23,3': 'RN101',
  '80,4,6,10,6': 'RN50x4',
  '96,6,8,18,8': 'RN50x16',
  '128,3,15,36,10': 'RN50x64',
}

export function architectureOf(tensors: Tensors): Named | null {
  return vit(tensors) ?? resNet(tensors) ?? timm(tensors)
}

function vit(tensors: Tensors): Named | null {
  const tower = recognise(tensors)
  if (!tower) return null
  const { width, layers, patchSize, imageSize } = tower
  const known = knownVision(tower)?.name // image sizes other than 224 stand behind it
  const name = known
    ? `ViT-${known}/${patchSize}${imageSize === 224 ? '' : `@${imageSize}px`}`
    : `ViT, width ${width}, ${layers} layers, patch ${patchSize}, image ${imageSize}`
  const { embed, ...numbers } = tower
  // no embed: no projection in this file
  return { name, ...numbers, ...(embed > 0 && { embed }), text: textOf(tensors) }
}

function resNet(tensors: Tensors): Named | null {
  const stages = [1, 2, 3, 4].map((stage) => countOf(tensors, new RegExp(`^visual\\.layer${stage}\\.(\\d+)\\.`)))
  const shape = (name: string): readonly number[] => tensors.get(`visual.${name}`)?.shape ?? []
  const width = shape('layer1.0.conv1.weight')[0] ?? 0
  if (!width || stages.includes(0)) return null
  const imageSize = 32 * Math.round(Math.sqrt(Math.max(0, (shape('attnpool.positional_embedding')[0] ?? 1) - 1)))
  const known = resNets[[width, ...stages].join()]
  const numbers = { width, imageSize, embed: shape('attnpool.c_proj.weight')[0] ?? 0, text: textOf(tensors) }
  return { name: known ?? `ResNet, width ${width}, blocks ${stages.join(' ')}, image ${imageSize}`, ...numbers }
}

function timm(tensors: Tensors): Named | null {
  if (![...tensors.keys()].some((name) => name.startsWith('visual.trunk.'))) return null
  const [width = 0, , patchSize = 0] = tensors.get('visual.trunk.patch_embed.proj.weight')?.shape ?? []
  const layers = countOf(tensors, /^visual\.trunk\.blocks\.(\d+)\./)
  if (!width || !layers) return { name: 'timm tower' }
  return { name: `timm ViT, width ${width}, ${layers} layers, patch ${patchSize}`, width, layers, patchSize }
}

/** Different numbers that a pattern finds. */
function countOf(tensors: Tensors, pattern: RegExp): number {
  return new Set([...tensors.keys()].flatMap((name) => pattern.exec(name)?.[1] ?? [])).size
}

/** Fine-tuned encoders often keep what stands beside the text tower's layers: weights that nothing uses. */
function textOf(tensors: Tensors): 'whole' | 'leftovers' | 'none' {
  if (countOf(tensors, /^(?:text\.)?transformer\.resblocks\.(\d+)\./) > 0) return 'whole'
  return tensors.has('token_embedding.weight') || tensors.has('text_projection') ? 'leftovers' : 'none'
}
