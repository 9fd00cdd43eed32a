// A fine-tuning that is broken off, anywhere, and goes on from its last state ends with the bits of the unbroken one.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { TuningConfig } from '../../../src-main/contract/tuning/config.ts'
import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import { tune } from '../../../src-main/engine/tuning/tune.ts'
import { patience } from '../../patience.ts'
import { configs } from './configs.ts'
import { followed, hostOf, resolved, statesInMemory, stepsOf } from './host.ts'

let backend: Backend
beforeAll(async () => {
  backend = await openBackend({ prefer: 'wasm' })
})
afterAll(() => backend.close())

describe.each(Object.values(configs))('$kind', (config) => {
  test('broken off within an epoch, and again, it ends with the bits of the unbroken one', {
    timeout: patience,
  }, async () => {
    const whole = await followed(config, hostOf(backend))
    const states = statesInMemory()
    await brokenOffAfter(3, config, states) // its state is of 2
    await abortedAfter(5, config, states) // its state is of 5, written as it was told to end
    const rest = await followed(config, hostOf(backend, { states }))
    const losses = stepsOf(whole.events).map(({ loss, norm }) => ({ loss, norm }))
    expect(losses).toHaveLength(9)
    expect(stepsOf(rest.events).map(({ loss, norm }) => ({ loss, norm }))).toEqual(losses.slice(5))
    expect(rest.tensors).toEqual(whole.tensors)
    expect(rest.adapter).toEqual(whole.adapter)
    expect(backend.memory().tensors).toBe(0)
  })
})

/** As a process that is killed: nothing is written any more. */
async function brokenOffAfter(steps: number, config: TuningConfig, states: ReturnType<typeof statesInMemory>) {
  const all = tune(resolved(config), hostOf(backend, { states }))
  for (let seen = 0; seen < steps; ) {
    const { value, done } = await all.next()
    if (done) throw new Error('it was over before')
    if (value.type === 'step') seen++
  }
  await all.return(undefined as never)
}

async function abortedAfter(steps: number, config: TuningConfig, states: ReturnType<typeof statesInMemory>) {
  const ending = new AbortController()
  const see = (event: { type: string; step?: number }): void => {
    if (event.type === 'step' && event.step === steps - 1) ending.abort()
  }
  await expect(followed(config, hostOf(backend, { states, signal: ending.signal }), see)).rejects.toThrow()
}
