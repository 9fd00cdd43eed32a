// Hierarchical optimal transport: neurons in another order are found back, and all else is weighed by cosines.
import { describe, test } from 'vitest'

import { expectNear, type Nested, type Tensors } from '../../../golden/merges/models.ts'
import type { Dense } from './dense.ts'
import { mergedBy, random } from './models.ts'

describe('hierarchical optimal transport', () => {
  const attention = 'layers.0.attn.out_proj.weight'
  const still: Tensors = { [attention]: random(8, 8, 5), other: [3, 4], rest: [1, 1] }
  const step = { method: 'hierarchical-ot' }

  test('finds back neurons that are in another order', async () => {
    const rows = still[attention] as Dense
    const order = [3, 0, 7, 1, 2, 6, 5, 4]
    const moved: Tensors = { ...still, [attention]: order.map((i) => rows[i] as number[]) }
    const [found] = await mergedBy(still, [moved, still], [], { ...step, parameters: { blur: 0.002, iterations: 200 } })
    expectNear(found?.[attention] ?? [], still[attention] as Nested, attention)
  })

  test('weighs what is no attention by cosines', async () => {
    const two: Tensors[] = [
      { ...still, other: [6, 8] },
      { ...still, other: [8, -6] },
      { ...still, other: [4, 3] },
    ]
    const [found] = await mergedBy(still, two, [], step)
    const shares = [1, 0, 0.96].map((c) => c / 1.96) // of cosines 1, 0 and 24 / 25
    expectNear(
      found?.['other'] ?? [],
      [0, 1].map((i) =>
        two.reduce((sum, of, t) => sum + (shares[t] as number) * ((of['other'] as number[])[i] as number), 0),
      ),
      'other',
    )
  })
})
