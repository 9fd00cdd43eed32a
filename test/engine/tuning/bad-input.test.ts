// What a fine-tuning cannot go on with: told before long work where it can be, and never at the cost of what there is.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { BasilError } from '../../../src-main/contract/errors.ts'
import { resolveTuning, type TuningConfig } from '../../../src-main/contract/tuning/config.ts'
import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import { writeSafetensors } from '../../../src-main/engine/formats/safetensors-writer.ts'
import { patience } from '../../patience.ts'
import { configs, data } from './configs.ts'
import { followed, hostOf, statesInMemory, stepsOf } from './host.ts'

let backend: Backend
const folder = mkdtempSync(join(tmpdir(), 'basil-tuning-'))
beforeAll(async () => {
  backend = await openBackend({ prefer: 'wasm' })
})
afterAll(() => {
  backend.close()
  rmSync(folder, { recursive: true })
})

/** A tensor file of grey noise at the model's size with these labels: "file#mine". */
async function images(name: string, labels: readonly number[], size: number): Promise<string> {
  const file = join(folder, `${name}.safetensors`)
  const pixels = Uint8Array.from({ length: labels.length * 3 * size * size }, (_, i) => (i * 7919) % 251)
  const values = new Map<string, Uint8Array>([
    ['images.mine', pixels],
    ['labels.mine', new Uint8Array(Int32Array.from(labels).buffer)],
  ])
  const tensors = [
    { name: 'images.mine', dtype: 'U8' as const, shape: [labels.length, 3, size, size] },
    { name: 'labels.mine', dtype: 'I32' as const, shape: [labels.length] },
  ]
  const parts: Uint8Array[] = []
  for await (const part of writeSafetensors(tensors, {}, (one) => values.get(one) as Uint8Array)) parts.push(part)
  writeFileSync(file, Buffer.concat(parts))
  return `${file}#mine`
}

const refused = async (config: TuningConfig): Promise<BasilError> => {
  const error: unknown = await followed(config, hostOf(backend)).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(BasilError)
  expect(backend.memory().tensors).toBe(0)
  return error as BasilError
}
const on = (path: string, change: object = {}): TuningConfig => ({
  ...configs.standard,
  task: { ...configs.standard.task, data: path },
  ...change,
})

test('images of one class are refused before anything is computed', { timeout: patience }, async () => {
  const error = await refused(on(await images('one', [2, 2, 2, 2], 32)))
  expect(error.record).toMatchObject({ code: 'data-invalid', why: expect.stringMatching(/4 images have the label 2/) })
})

test('a label outside the head is named with its image', { timeout: patience }, async () => {
  const error = await refused(on(await images('outside', [0, 1, 77], 32)))
  expect(error.record).toMatchObject({ code: 'label-range', where: expect.stringMatching(/image 2/) })
})

test('fewer images than a batch are learned on, all in each step, and it is said', { timeout: patience }, async () => {
  const { events } = await followed(
    on(await images('few', [0, 1, 2], 32), { epochs: 2, steps: undefined }),
    hostOf(backend),
  )
  const opened = events.find((event) => event.type === 'opened')
  expect(opened?.warnings.join(' ')).toMatch(/3 images, fewer than a batch of 40/)
  expect(stepsOf(events).map((step) => step.images)).toEqual([3, 3])
})

test('a gradient that is no number stops it at its step, before anything has moved: with sound numbers it goes on', {
  timeout: patience,
}, async () => {
  const whole = await followed(configs.standard, hostOf(backend))
  const states = statesInMemory()
  let isPoisoned = false
  const { ops } = backend
  const poisoned: Backend = {
    ...backend,
    ops: { ...ops, sumRows: (x) => (isPoisoned ? ops.combine([ops.sumRows(x)], [Number.NaN]) : ops.sumRows(x)) },
  }
  const error: unknown = await followed(configs.standard, hostOf(poisoned, { states }), (event) => {
    if (event.type === 'step' && event.step === 4) isPoisoned = true
  }).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({
    record: { code: 'not-finite', where: 'step 6', why: expect.stringMatching(/norm of the gradient is NaN/) },
  })
  expect(JSON.parse(states.kept.get('last')?.record ?? '{}').progress.steps).toBe(5)
  const rest = await followed(configs.standard, hostOf(backend, { states }))
  expect(rest.tensors).toEqual(whole.tensors)
})

test('images that were changed between two sittings are refused by their hash', { timeout: patience }, async () => {
  const path = await images('changed', [0, 1, 2, 3, 0, 1], 32)
  const states = statesInMemory()
  const config = on(path, { steps: 4, batch: 3 })
  const ending = new AbortController()
  await expect(
    followed(config, hostOf(backend, { states, signal: ending.signal }), (event) => {
      if (event.type === 'step') ending.abort()
    }),
  ).rejects.toThrow()
  await images('changed', [0, 1, 2, 3, 0], 32)
  const error: unknown = await followed(config, hostOf(backend, { states })).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ record: { code: 'file-changed' } })
})

test('a disk that is full at a state ends it there, and the state before stays', { timeout: patience }, async () => {
  const states = statesInMemory()
  let kept = 0
  const full = {
    ...states,
    async keep(...given: Parameters<typeof states.keep>) {
      if (++kept > 1)
        throw new BasilError({
          code: 'disk-full',
          what: 'The disk is full',
          where: '/',
          why: 'it is',
          next: 'make room',
        })
      return states.keep(...given)
    },
  }
  await expect(followed(configs.standard, hostOf(backend, { states: full }))).rejects.toMatchObject({
    record: { code: 'disk-full' },
  })
  expect(JSON.parse(states.kept.get('last')?.record ?? '{}').progress.steps).toBe(2)
  expect(backend.memory().tensors).toBe(0)
  const rest = await followed(configs.standard, hostOf(backend, { states }))
  expect(stepsOf(rest.events)).toHaveLength(7)
})

test('a configuration that does not fit its kind names the field', () => {
  const why = (change: object): string => {
    try {
      resolveTuning({ ...configs.standard, ...change }, (path) => path)
    } catch (error) {
      return (error as BasilError).record.why
    }
    return 'accepted'
  }
  expect(why({ kind: 'tau-jp' })).toMatch(/others: .*images of other tasks/)
  expect(why({ others: [data('beta')] })).toMatch(/others: Standard does not look at other tasks/)
  expect(why({ epochs: 2 })).toMatch(/steps: give steps or epochs/)
  expect(why({ keep: 'best' })).toMatch(/keep: there is no validation data/)
  expect(why({ density: 0.1 })).toMatch(/density/)
  expect(why({ kind: 'unheard' })).toMatch(/kind/)
})
