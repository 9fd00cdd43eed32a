// What RegMean and RegMean++ are asked alike.
import { z } from 'zod'

import { drawField, imagesField, ridgeField } from './fields.ts'

export const parameters = z.strictObject({
  images: imagesField(256),
  seed: drawField,
  alpha: z.number().min(0).max(1).default(0.95).meta({
    title: 'Alpha',
    symbol: 'α',
    description: 'what second moments of two different inputs are multiplied by',
  }),
  ridge: ridgeField(1e-6),
})

export const presets = {
  'as fusion_bench': { parameters: { images: 256, alpha: 0.95, ridge: 0 }, coefficient: 1 },
  'as the paper': { parameters: { alpha: 0.9, ridge: 0 }, coefficient: 1 },
}
