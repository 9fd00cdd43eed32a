// The size of a micro-batch by trial: the fewest images among the fastest, kept for a card; the rule where nothing is
// kept; nothing left on the device.
import { afterAll, beforeAll, expect, test } from 'vitest'

import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import type { Measured } from '../../../src-main/engine/devices/card-file.ts'
import { microBatchFor } from '../../../src-main/engine/problems/micro-batch.ts'
import { suitedMicroBatch } from '../../../src-main/engine/problems/micro-batch-trial.ts'
import { openParents } from '../../../src-main/engine/weights/parents.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { goldenConfig } from '../../golden/fixture.ts'
import { failingOps, messages } from '../devices/failing-ops.ts'

let backend: Backend
beforeAll(async () => {
  backend = await openBackend({ prefer: 'wasm', threads: 1 })
})
afterAll(() => backend.close())

async function goldenArchitecture() {
  const config = goldenConfig('cross-entropy')
  const parents = await openParents(config.pretrained, config.vectors, openSource)
  await parents.close()
  return { ...parents.architecture, tokens: 2, width: 16, heads: 1, mlp: 16, layers: 2 } // narrow: rows cost little
}

/** A clock by which a pass over n images takes cost(n); each is asked for its beginning and its end. */
function clockOf(sizes: readonly number[], cost: (images: number) => number) {
  let asked = 0
  let time = 0
  return () => {
    if (asked % 2 === 1) time += cost(sizes[Math.floor(asked / 6)] ?? Number.NaN)
    asked++
    return time
  }
}

function kept(): Measured & { numbers: Map<string, number> } {
  const numbers = new Map<string, number>()
  return { numbers, get: (what) => numbers.get(what), keep: (what, value) => numbers.set(what, value) }
}

test.each<[string, (n: number, rule: number) => number, number]>([
  ['a cost of every pass wants many images', (n, rule) => rule + n, 4],
  ['past the rule nothing is gained', (n, rule) => Math.max(n, rule), 1],
  ['nothing is gained at all: the fewest', (n) => n, 0.5],
])('%s', async (_, cost, times) => {
  const architecture = await goldenArchitecture()
  const { size: rule } = microBatchFor('auto', backend, architecture)
  const sizes = [0.5, 1, 2, 4].map((n) => Math.round(n * rule))
  const measured = kept()
  const on: Backend = { ...backend, measured, deviceBytes: () => Number.POSITIVE_INFINITY }
  const before = backend.memory().tensors
  const found = await suitedMicroBatch(
    'auto',
    on,
    architecture,
    clockOf(sizes, (n) => cost(n, rule)),
  )
  expect(found.size).toBe(Math.round(times * rule))
  expect([...measured.numbers.values()]).toEqual([found.size])
  expect(backend.memory().tensors).toBe(before)
  const again = await suitedMicroBatch('auto', on, architecture, () => {
    throw new Error('it is known')
  })
  expect(again.size).toBe(found.size)
  expect((await suitedMicroBatch(7, on, architecture)).size).toBe(7)
})

test('a card that is full at once, half-way through a layer: the rule, nothing kept, and nothing left on the device', async () => {
  const architecture = await goldenArchitecture()
  const { size: rule } = microBatchFor('auto', backend, architecture)
  const measured = kept()
  const ops = failingOps(backend.ops, (_, name) => (name === 'attentionGradient' ? messages.full : null))
  const before = backend.memory().tensors
  expect((await suitedMicroBatch('auto', { ...backend, ops, measured }, architecture)).size).toBe(rule)
  expect(measured.numbers.size).toBe(0)
  expect(backend.memory().tensors).toBe(before)
})

test('what would not fit beside the model is not tried, and where nothing is kept the rule holds', async () => {
  const architecture = await goldenArchitecture()
  const { size: rule } = microBatchFor('auto', backend, architecture)
  const half = Math.round(rule / 2)
  const measured = kept()
  const tight: Backend = { ...backend, measured, deviceBytes: () => 0 }
  expect(
    (
      await suitedMicroBatch(
        'auto',
        tight,
        architecture,
        clockOf([half], (n) => n),
      )
    ).size,
  ).toBe(half)
  expect([...measured.numbers.values()]).toEqual([half]) // the card has no more at another time
  expect((await suitedMicroBatch('auto', backend, architecture)).size).toBe(rule)
})
