// The CLIP transformers that have a name, by the numbers that shapes tell, with what shapes do not tell. Heads are
// those of open_clip's model_configs/ViT-*.json (width / head_width; text_cfg.heads). Which activation weights were
// trained with depends on who trained them: OpenAI's B and L and everything named "-quickgelu" with QuickGELU, what
// open_clip trained itself with GELU. `whose` had it first.
import type { Activation } from './tower.ts'

/** The number of <end_of_text>, the last of the 49,408 tokens of CLIP's vocabulary. */
export const clipEndOfText = 49_407

interface Known {
  name: string
  heads: number
  activation: Activation
  whose: string
}

const row = (name: string, heads: number, whose: string, activation: Activation): Known => ({
  name,
  heads,
  whose,
  activation,
})

/** By width, layers and MLP width. */
const vision: Record<string, Known> = {
  '384,12,1536': row('S', 6, 'open_clip', 'gelu'),
  '512,12,2048': row('M', 8, 'open_clip', 'gelu'),
  '768,12,3072': row('B', 12, 'OpenAI', 'quick-gelu'),
  '896,12,3584': row('B-plus', 14, 'open_clip', 'gelu'),
  '1024,24,4096': row('L', 16, 'OpenAI', 'quick-gelu'),
  '1280,32,5120': row('H', 16, 'LAION', 'gelu'),
  '1408,40,6144': row('g', 16, 'LAION', 'gelu'),
  '1664,48,8192': row('bigG', 16, 'LAION', 'gelu'),
  '1792,56,15360': row('e', 16, 'open_clip', 'gelu'),
}

/** By width and layers: the models whose text towers they are. */
const text: Record<string, Known> = {
  '256,10': row('ViT-S', 4, 'open_clip', 'gelu'),
  '384,12': row('ViT-S', 6, 'open_clip', 'gelu'),
  '512,12': row('ViT-B', 8, 'OpenAI', 'quick-gelu'),
  '640,12': row('ViT-B-plus', 10, 'open_clip', 'gelu'),
  '768,12': row('ViT-L', 12, 'OpenAI', 'quick-gelu'),
  '1024,24': row('ViT-H', 16, 'LAION', 'gelu'),
  '1280,32': row('ViT-bigG', 20, 'LAION', 'gelu'),
  '1280,36': row('ViT-e', 20, 'open_clip', 'gelu'),
}

interface Shape {
  width: number
  layers: number
  mlp: number
}

/** name: "B", "bigG". */
export function knownVision({ width, layers, mlp }: Shape): Known | undefined {
  return vision[`${width},${layers},${mlp}`]
}

export function knownText({ width, layers, mlp }: Shape): Known | undefined {
  return mlp === 4 * width ? text[`${width},${layers}`] : undefined
}

/** Where the shape is nobody's: the heads of a known tower of this width, else 64 numbers each. A guess. */
export function headsByWidth(kind: 'vision' | 'text', width: number): number {
  const rows = kind === 'vision' ? vision : text
  const like = Object.entries(rows).find(([shape]) => shape.startsWith(`${width},`))
  return like?.[1].heads ?? Math.max(1, Math.floor(width / 64))
}
