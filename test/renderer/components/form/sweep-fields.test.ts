// A sweep's values as they are typed.
import { describe, expect, it } from 'vitest'

import { studySchema } from '../../../../src-main/contract/run/study.ts'
import { isRange, sweepOf } from '../../../../src-renderer/components/form/sweep-fields.ts'
import { configuration } from '../../study-fixture.ts'

describe('a sweep', () => {
  it('takes values, words, switches and ranges as they are typed', () => {
    const rows = [
      { name: 'learningRate', text: '0.01, 0.1', log: true },
      { name: 'patience', text: 'none, 2', log: false },
      { name: 'augment', text: 'on, off', log: false },
      { name: 'weightDecay', text: '0.001 to 0.1', log: true },
    ]
    expect(sweepOf(rows, 'random', 5)).toEqual({
      fields: {
        learningRate: [0.01, 0.1],
        patience: [null, 2],
        augment: [true, false],
        weightDecay: { from: 0.001, to: 0.1, log: true },
      },
      how: 'random',
      samples: 5,
    })
    expect(sweepOf([{ name: 'learningRate', text: ' ', log: true }], 'grid', 5)).toBeNull()
    expect([isRange('0.1 to 1'), isRange('a to b'), isRange('1')]).toEqual([true, false, false])
  })

  it('is what the contract accepts', () => {
    const sweep = sweepOf([{ name: 'combine', text: 'sum, mgda', log: false }], 'grid', 10)
    expect(studySchema.parse({ name: 's', config: configuration, sweep, seeds: [0] }).sweep?.fields).toEqual({
      combine: ['sum', 'mgda'],
    })
  })
})
