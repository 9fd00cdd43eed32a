// TSV-M: of each task's matrices the leading singular vectors, as many as fit side by side, made orthogonal to each
// other.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'
import { rest } from './rest.ts'

const parameters = z.strictObject({ rest })

export const tsvM = {
  name: 'tsv-m',
  kind: 'spectral',
  title: 'TSV-M',
  paper: {
    authors: 'Gargiulo et al.',
    title: 'Task Singular Vectors: Reducing Task Interference in Model Merging',
    where: 'CVPR',
    year: 2025,
  },
  sentence: 'Keeps the leading singular vectors of each task, as many as fit side by side, made orthogonal',
  when: 'For up to some twenty tasks with matrices of low rank in effect',
  costs: 'A singular value decomposition of every matrix of every model: minutes for a large tower',
  equation: 'θ = θ_pre + λ U⊥ diag(S_1 … S_T) V⊥ᵀ,   τ_t ≈ U_t S_t V_tᵀ of rank ⌊min(m, n) / T⌋',
  parameters,
  presets: {
    'as fusion_bench': { parameters: { rest: 'mean' }, coefficient: 1 },
    'as the paper': { parameters: { rest: 'mean' }, coefficient: 1 },
  },
  needs: { base: true, least: 1 },
  coefficient: 1,
  gives: () => 'one',
} as const satisfies MergeCard<typeof parameters>
