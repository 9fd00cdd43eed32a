// A fine-tuning whose history took nothing for more than one of its states, as on a full disk: its newest state tells
// all of its steps again, and lost none of its curve.
import { expect, test } from 'vitest'

import type { TuningEngineEvent } from '../../src-main/contract/tuning/tuning.ts'
import type { StateToKeep } from '../../src-main/engine/formats/tuning-states.ts'
import { tellingAgain } from '../../src-main/worker/tuning/told-again.ts'

test('a state tells again what was told before the states before it, and so does the next one that goes on from it', async () => {
  let record: unknown
  const states = {
    keep: async (_: string, state: StateToKeep) => {
      record = JSON.parse(JSON.stringify(state.record))
      return 0
    },
    open: async () => ({ record, file: {} as never, close: async () => undefined }),
    damaged: () => [],
  }
  const stepAt = (step: number): TuningEngineEvent => ({
    type: 'step',
    step,
    loss: 1,
    norm: 1,
    rate: 1,
    images: 4,
    seconds: 1,
  })
  const state: StateToKeep = { record: {}, tensors: [], bytes: async () => new Uint8Array() }
  const first = tellingAgain(states)
  for (const step of [0, 1, 2]) first.hear(stepAt(step))
  await first.states.keep('last', state)
  for (const step of [3, 4, 5]) first.hear(stepAt(step))
  await first.states.keep('last', state)
  await first.states.keep('last', state) // once more, as when it is told to stop
  const second = tellingAgain(states)
  await second.states.open('last')
  expect(second.again()).toEqual([0, 1, 2, 3, 4, 5].map(stepAt))
  second.hear(stepAt(6))
  await second.states.keep('last', state)
  const third = tellingAgain(states)
  await third.states.open('last')
  expect(third.again()).toHaveLength(7)
})
