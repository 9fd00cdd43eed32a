// OpenAI's and open_clip's own names, which are the canonical ones, and what the field wraps around them:
// ImageEncoder's "model.", parallel training's "module.", a classifier's "image_encoder.model."; and bare image towers,
// without "visual.". ResNet towers and timm's ("visual.trunk.") have names of their own inside of visual; they are told
// from each other here.
import type { LayoutName } from '../../contract/checkpoint.ts'
import type { TensorFile } from '../formats/tensor-file.ts'
import { type Layout, prefixOf, withoutPrefix } from './layout.ts'

const text = ['token_embedding.weight', 'text_projection']
const bareTower =
  /^(class_embedding|positional_embedding|proj|(conv1|ln_pre|ln_post|transformer\.resblocks\.\d+)\.[\w.]+)$/

/** Behind one prefix; `fits` says whether that prefix is the layout's. */
function named(
  name: LayoutName,
  signs: readonly string[],
  fits = (_prefix: string, _file: TensorFile): boolean => true,
): Layout {
  return {
    name,
    recognise(file) {
      const prefix = prefixOf(file, signs)
      if (prefix === undefined || !fits(prefix, file)) return undefined
      return { views: withoutPrefix(file, prefix), called: (tensor) => prefix + tensor }
    },
  }
}

/** A tower alone: its names stand behind "visual." in the canonical view. */
function bare(name: LayoutName, sign: string, isTower: (name: string) => boolean): Layout {
  return {
    name,
    recognise(file) {
      const prefix = prefixOf(file, [sign])
      if (prefix === undefined || !holdsConvolution(file, prefix)) return undefined
      return {
        views: withoutPrefix(file, prefix, (tensor) => (isTower(tensor) ? `visual.${tensor}` : tensor)),
        called: (tensor) => prefix + tensor.replace(/^visual\./, ''),
      }
    },
  }
}

const holdsConvolution = (file: TensorFile, prefix: string): boolean =>
  file.tensors.get(`${prefix}conv1.weight`)?.shape.length === 4

const tower = ['visual.conv1.weight', 'visual.class_embedding']
// others embed tokens too
const holdsNorm = (prefix: string, file: TensorFile): boolean => file.tensors.has(`${prefix}ln_final.weight`)
const isImageEncoder = (prefix: string): boolean => /(^|\.)model\.$/.test(prefix)

/** A tower of any kind, so that nothing but "visual.trunk." is common to them. */
const timm: Layout = {
  name: 'timm',
  recognise(file) {
    const prefixes = new Set(
      [...file.tensors.keys()].flatMap((name) => /^((?:.*?\.)?)visual\.trunk\./.exec(name)?.[1] ?? []),
    )
    const [prefix] = prefixes
    if (prefix === undefined || prefixes.size > 1) return undefined
    return { views: withoutPrefix(file, prefix), called: (tensor) => prefix + tensor }
  },
}

export const openClipLayouts: readonly Layout[] = [
  timm,
  named('resnet', ['visual.attnpool.positional_embedding', 'visual.layer1.0.conv1.weight']),
  bare('resnet', 'attnpool.positional_embedding', () => true),
  named('image encoder', tower, isImageEncoder),
  named('open_clip', tower),
  bare('open_clip', 'class_embedding', (name) => bareTower.test(name)),
  named('open_clip', text, holdsNorm),
]
