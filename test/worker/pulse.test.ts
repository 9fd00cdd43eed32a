// The pulse of a run: beside its events and within a long step, never more often than told, and in real numbers.
import { expect, onTestFinished, test } from 'vitest'

import type { EngineEvent } from '../../src-main/contract/run/run.ts'
import { openBackend } from '../../src-main/engine/devices/backend.ts'
import { createPace } from '../../src-main/engine/learning/pace.ts'
import { memoryNow, withPulse } from '../../src-main/worker/pulse.ts'

const progress = (done: number): EngineEvent => ({ type: 'progress', what: 'Counting', done, total: 9 })
const measured = (): EngineEvent => ({
  type: 'pulse',
  pace: createPace(() => 0).told(),
  memory: { process: 1, device: null },
  remainingSeconds: null,
})

test('events pass in their order, with a pulse between them a few times a second', async () => {
  let now = 0
  async function* events(): AsyncGenerator<EngineEvent> {
    for (let done = 0; done < 100; done++, now += 20) yield progress(done)
  }
  const told: EngineEvent[] = []
  for await (const event of withPulse(events(), measured, () => now)) told.push(event)
  expect(told.filter(({ type }) => type === 'progress')).toEqual(Array.from({ length: 100 }, (_, i) => progress(i)))
  const pulses = told.filter(({ type }) => type === 'pulse')
  expect(pulses.length).toBeGreaterThanOrEqual(5)
  expect(pulses.length).toBeLessThanOrEqual(8) // in two seconds
})

test('a step that takes long is not silent, and a run that is left ends', async () => {
  let isOver = false
  let finish = (): void => undefined
  async function* events(): AsyncGenerator<EngineEvent> {
    try {
      await new Promise<void>((resolve) => {
        finish = resolve
      })
      yield progress(0)
    } finally {
      isOver = true
    }
  }
  const told = withPulse(events(), measured)
  expect((await told.next()).value).toMatchObject({ type: 'pulse', remainingSeconds: null })
  finish()
  await told.return(undefined)
  expect(isOver).toBe(true)
})

test('what a run throws reaches whoever follows it', async () => {
  async function* events(): AsyncGenerator<EngineEvent> {
    yield progress(0)
    throw new Error('no room')
  }
  const told = withPulse(events(), measured)
  await told.next()
  await expect(told.next()).rejects.toThrow('no room')
})

test('what it throws while its follower has a pulse in hand waits for the follower', async () => {
  const step = Promise.withResolvers<void>()
  async function* events(): AsyncGenerator<EngineEvent> {
    await step.promise
    yield progress(0)
  }
  const told = withPulse(events(), measured)
  expect((await told.next()).value).toMatchObject({ type: 'pulse' })
  const strays: unknown[] = []
  const hear = (reason: unknown): void => void strays.push(reason)
  process.on('unhandledRejection', hear)
  onTestFinished(() => void process.off('unhandledRejection', hear))
  step.reject(new Error('no room'))
  await new Promise((resolve) => setImmediate(resolve)) // Node tells of strays between two turns
  await expect(told.next()).rejects.toThrow('no room')
  expect(strays).toEqual([])
})

test('memory is that of the process, and of the device as its engine accounts for it', async () => {
  const backend = await openBackend({ prefer: 'wasm', threads: 1 })
  onTestFinished(() => backend.close())
  const before = memoryNow(backend)
  expect(before.process).toBeGreaterThan(2 ** 24)
  expect(before.device?.of).toBe(backend.deviceBytes())
  const held = Array.from({ length: 16 }, () => backend.ops.upload(new Float32Array(2 ** 20), [2 ** 20]))
  const after = memoryNow(backend)
  expect(after.device?.bytes).toBeGreaterThanOrEqual(64 * 2 ** 20) // what was taken holds what is used
  for (const tensor of held) tensor.dispose()
  const unknown = memoryNow({ memory: () => ({ tensors: 0, bytes: 5 }), deviceBytes: () => Number.POSITIVE_INFINITY })
  expect(unknown.device).toEqual({ bytes: 5, of: null })
})

test('a mean of steps forgets a slow first one, and images are counted as they are seen', async () => {
  let now = 0
  const pace = createPace(() => now)
  pace.begin(2, 10)
  for (const milliseconds of [9_000, ...Array.from({ length: 20 }, () => 100)]) {
    now += milliseconds
    pace.stepped()
  }
  expect(pace.told()).toMatchObject({ stage: 2, step: 31, imageSeconds: null, measuring: null })
  expect(pace.told().stepSeconds).toBeCloseTo(0.1, 1)
  await pace.measuring(100, async () => {
    now += 500
    pace.saw(50)
    expect(pace.told().measuring).toEqual({ done: 50, of: 100 })
  })
  expect(pace.told()).toMatchObject({ imageSeconds: 0.01, measuring: null })
})
