// What bases of task vectors would leave behind, and take: asked for by the bases merge's own parameters
// (merges/spectral/bases.ts), told with what the paper has of it. E = C'D' - 1 is what is lacking of each task, K the
// vectors' products:
//   error = tr(E' K E) / sum_t K_tt = sum_t |tau_t - tau^_t|^2 / sum_t |tau_t|^2,   the paper's  tr(E' K E) / T^2
//   bound = sum_{m > M} spectrum_m / T^2,  below which no M vectors are.
import { z } from 'zod'

import { bases } from './merges/spectral/bases.ts'

const { bases: wanted, by, steps, seed } = bases.parameters.shape

export const basesRequestSchema = z.object({
  pretrained: z.string(),
  vectors: z.array(z.string()).min(1),
  parameters: z.strictObject({ bases: wanted, by, steps, seed }),
  out: z.string().nullable(), // a folder for the bases as models, theta_pre + b_k; null: none is written
})
export type BasesRequest = z.infer<typeof basesRequestSchema>

const row = z.array(z.number())

export const basesReportSchema = z.object({
  bases: z.array(z.object({ name: z.string(), file: z.string().nullable() })),
  vectors: z.array(
    z.object({
      name: z.string(),
      norm: z.number(),
      error: z.number(), // |tau - tau^| / |tau|
      coefficients: row, // of the bases: tau^ = sum_k coefficients_k b_k
    }),
  ),
  spectrum: row, // of K, largest first
  encoder: z.array(row), // (bases, vectors)
  error: z.number(),
  paper: z.object({ error: z.number(), bound: z.number() }),
  bytes: z.object({ bases: z.number(), coefficients: z.number(), vectors: z.number() }), // float32 and float64
})
export type BasesReport = z.infer<typeof basesReportSchema>
