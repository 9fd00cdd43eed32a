// A run on data sets from disk: images prepared once, labels of the test split opened once and last, and everything
// told.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { resolveConfig } from '../../../src-main/contract/run/resolve.ts'
import type { EngineEvent } from '../../../src-main/contract/run/run.ts'
import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import { checkRun } from '../../../src-main/engine/runs/check.ts'
import type { RunHost } from '../../../src-main/engine/runs/context.ts'
import { run } from '../../../src-main/engine/runs/run.ts'
import { cacheRoom } from '../../../src-main/files/cache-room.ts'
import { hashFile } from '../../../src-main/files/hash.ts'
import { imageCache } from '../../../src-main/files/image-cache.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { imageHost } from '../../../src-main/worker/images/host.ts'
import { goldenExample, folder as models } from '../../golden/fixture.ts'

const pictures = join(import.meta.dirname, '../../golden/formats/images')
let backend: Backend
let home: string
let host: RunHost

beforeAll(async () => {
  backend = await openBackend({ prefer: 'wasm', threads: 1 })
  home = mkdtempSync(join(tmpdir(), 'basil-data-run-'))
  for (const [split, names] of [
    ['train', ['tiny.png', 'landscape.jpg', 'gray.png', 'exif-rotated.jpg', 'portrait.png']],
    ['val', ['palette.png', 'cmyk.jpg']],
    ['test', ['tiny-gray.png', 'landscape.png']],
  ] as const)
    for (const label of ['a', 'b']) {
      mkdirSync(join(home, 'set', split, label), { recursive: true })
      for (const name of names) copyFileSync(join(pictures, name), join(home, 'set', split, label, name))
    }
  writeFileSync(join(home, 'set', 'train', 'b', 'broken.jpg'), 'this is no image')
  const cache = join(home, 'cache')
  const images = imageHost(imageCache(cache, cacheRoom([cache])))
  host = {
    backend,
    open: openSource,
    hash: hashFile,
    images,
    resume: null,
    parents: [],
    stopping: () => false,
    signal: new AbortController().signal,
  }
})
afterAll(() => {
  backend.close()
  rmSync(home, { recursive: true, force: true })
})

function config(change: object = {}) {
  const images = { data: 'set#train', validation: 'set#val', test: 'set#test' }
  return resolveConfig(
    {
      ...goldenExample,
      method: 'atlas',
      start: undefined,
      iterations: undefined,
      select: 'validation-loss',
      tasks: [{ name: 'alpha', head: `${models}/tasks.safetensors#head.alpha`, ...images }],
      batch: 4,
      steps: undefined,
      epochs: 2,
      ...change,
    },
    (path) => (path.startsWith('/') ? path : join(path.startsWith('set') ? home : models, path)),
  )
}

async function eventsOf(change: object = {}): Promise<EngineEvent[]> {
  const events: EngineEvent[] = []
  for await (const event of run(config(change), host)) events.push(event)
  return events
}
const told = <T extends EngineEvent['type']>(events: EngineEvent[], type: T) =>
  events.filter((e): e is Extract<EngineEvent, { type: T }> => e.type === type)

test('a run learns on a data set, says what it could not read, and opens test data once, behind everything else', async () => {
  const events = await eventsOf()
  const data = told(events, 'data').map(({ data: d }) => [d.split, d.count, d.skippedCount, d.classes, d.cached])
  expect(data).toEqual([
    ['training', 10, 1, ['a', 'b'], true],
    ['validation', 4, 0, ['a', 'b'], true],
    ['test', 4, 0, ['a', 'b'], true],
  ])
  expect(told(events, 'data')[0]?.data.skipped[0]?.name).toMatch(/broken\.jpg$/)
  expect(told(events, 'opened')[0]?.images).toEqual([
    { task: 'alpha', classes: expect.any(Number), training: 10, validation: 4, test: 4 },
  ])
  const lastEpoch = events.findLastIndex((e) => e.type === 'epoch')
  expect(events.findIndex((e) => e.type === 'data' && e.data.split === 'test')).toBeGreaterThan(lastEpoch)
  expect(
    told(events, 'evaluation').filter((e) => e.evaluation.split === 'test' && e.evaluation.model === 'start'),
  ).toHaveLength(1)
  expect(told(events, 'finished')[0]?.dataWaitSeconds).toBeGreaterThanOrEqual(0)
  expect(told(events, 'opened')[0]?.parents.filter((p) => p.file === join(home, 'set'))).toHaveLength(1)
})

test('the same run twice, from the cache the second time, gives the same bits; so does one with augmented images, which are others', async () => {
  const coefficients = (events: EngineEvent[]): unknown => told(events, 'epoch').map((e) => e.coefficients)
  const plain = coefficients(await eventsOf())
  expect(coefficients(await eventsOf())).toEqual(plain)
  const augmented = coefficients(await eventsOf({ augment: true }))
  expect(coefficients(await eventsOf({ augment: true }))).toEqual(augmented)
  expect(augmented).not.toEqual(plain)
})

test('a test image that is a learning image too is told, to the bit, whatever its name and format', async () => {
  const shared = (events: EngineEvent[]): unknown => told(events, 'data').map(({ data }) => [data.split, data.shared])
  const none = shared(await eventsOf())
  expect(none).toEqual([
    ['training', []],
    ['validation', []],
    ['test', []],
  ])
  const planted = join(home, 'set', 'test', 'b', 'another-name.tiff')
  await sharp(join(pictures, 'portrait.png')).tiff({ compression: 'none' }).toFile(planted)
  expect(shared(await eventsOf())).toEqual([
    ['training', []],
    ['validation', []],
    ['test', [{ split: 'training', images: 1 }]],
  ])
  rmSync(planted)
})

test('the check counts the cache, and no pixels in memory', async () => {
  const plan = await checkRun(config(), openSource, undefined, host.images)
  expect(plan.images).toBe(11 + 4 + 4) // the unreadable one is not known yet
  expect(plan.cacheBytes).toBe(19 * (64 + 3 * 32 * 32))
})

test('an unreadable image can be refused, before anything is learned', async () => {
  await expect(eventsOf({ onUnreadable: 'refuse' })).rejects.toMatchObject({
    record: { code: 'data-invalid', why: expect.stringContaining('broken.jpg') },
  })
})

test('augmenting what is already prepared, or what is computed once, is refused', async () => {
  const tasks = [
    {
      name: 'alpha',
      head: 'tasks.safetensors#head.alpha',
      data: 'tasks.safetensors#alpha',
      validation: 'tasks.safetensors#alpha',
    },
  ]
  await expect(eventsOf({ augment: true, tasks })).rejects.toMatchObject({ record: { code: 'data-invalid' } })
  expect(() => config({ augment: true, linearised: 'cached' })).toThrow(/augment/)
})
