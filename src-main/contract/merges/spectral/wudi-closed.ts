// WUDI in closed form: the matrix that steps without end lead to, which a few hundred published ones do not reach.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'
import { whoeverStartedTheFire } from './papers.ts'
import { rest } from './rest.ts'

const parameters = z.strictObject({
  ridge: z.number().gt(0).max(1).default(1e-8).meta({
    title: 'Ridge',
    description: 'added to the matrix that is inverted; its trace is the number of tasks',
  }),
  rest,
})

export const wudiClosed = {
  name: 'wudi-closed',
  kind: 'spectral',
  title: 'WUDI, closed form',
  paper: whoeverStartedTheFire,
  sentence: 'Solves for the matrix that disturbs no task in its own directions',
  when: 'As WUDI, where its steps take too long or its learning rate is not known',
  costs: 'One linear system for each matrix',
  equation: 'θ = θ_pre + λ (Σ_t τ_t G_t)(Σ_t G_t + ε I)⁻¹,   G_t = τ_tᵀ τ_t / |τ_t|²',
  parameters,
  needs: { base: true, least: 1 },
  coefficient: 1,
  gives: () => 'one',
} as const satisfies MergeCard<typeof parameters>
