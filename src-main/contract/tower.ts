// What a transformer computes beside what its shapes tell: heads, activation, epsilon; each value with where it came
// from. And the fields with which a person says it: of a configuration, an evaluation, a head.
import { z } from 'zod'

export const activations = ['quick-gelu', 'gelu'] as const
export type Activation = (typeof activations)[number]

export const attentionHeads = z.number().int().min(1).max(4096)
export const layerNormEps = z.number().min(0).lt(1)
export const endOfText = z
  .number()
  .int()
  .min(0)
  .max(2 ** 31 - 1)

/**
 * from: "config.json beside clip.safetensors", "the configuration"; assumed: nothing says it, a model of the same shape
 * has it or width alone decides.
 */
const sourced = <T extends z.ZodType>(value: T) => z.object({ value, from: z.string(), assumed: z.boolean() })
export interface Sourced<T> {
  value: T
  from: string
  assumed: boolean
}

export const towerSettingsSchema = z.object({
  heads: sourced(attentionHeads),
  activation: sourced(z.enum(activations)),
  layerNormEps: sourced(layerNormEps),
})
export type TowerSettings = z.infer<typeof towerSettingsSchema>

/**
 * endOfText: a text is read at the first token of this number; 2 stands for the highest number there is, as
 * transformers has it.
 */
export const textSettingsSchema = towerSettingsSchema.extend({ endOfText: sourced(endOfText) })
export type TextSettings = z.infer<typeof textSettingsSchema>

/** Of one file; null where it has no such tower. */
export const towersSchema = z.object({ vision: towerSettingsSchema.nullable(), text: textSettingsSchema.nullable() })

/** What a person says of a model; null: what stands beside it, or is known of its shape. */
export const saidFields = {
  activation: z.enum(activations).nullable().default(null),
  attentionHeads: attentionHeads.nullable().default(null),
  layerNormEps: layerNormEps.nullable().default(null),
}
const saidSchema = z.object(saidFields)
export type Said = z.infer<typeof saidSchema>

export const nothingSaid: Said = { activation: null, attentionHeads: null, layerNormEps: null }

/** What a run was computed with though nothing said it; null where all of that is known. */
export function towerDoubt({ heads, activation }: TowerSettings): string | null {
  const guessed = [
    ...(heads.assumed ? [`${heads.value} attention heads (${heads.from})`] : []),
    ...(activation.assumed ? [`the activation ${activation.value} (${activation.from})`] : []),
  ]
  if (guessed.length === 0) return null
  return `Nothing said how the image tower is computed. This run has ${guessed.join(' and ')}: where the model was trained with others, every number here is wrong.`
}

/** "4 (config.json beside clip.safetensors)" */
export function settingsLine({
  heads,
  activation,
  layerNormEps: epsilon,
  ...rest
}: TowerSettings | TextSettings): string {
  const told = ({ value, from }: Sourced<string | number>): string => `${value} (${from})`
  const end = 'endOfText' in rest ? `, texts end at token ${told(rest.endOfText)}` : ''
  return `attention heads ${told(heads)}, activation ${told(activation)}, layer norm epsilon ${told(epsilon)}${end}`
}
