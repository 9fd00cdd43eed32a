// The feature cache's promises: what it gives is what was written, or nothing; it stays under its cap; what is in use
// stays.
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, expect, onTestFinished, test, vi } from 'vitest'

import { BasilError } from '../../src-main/contract/errors.ts'
import { requireRoom } from '../../src-main/engine/problems/linear-features.ts'
import { featureCache } from '../../src-main/files/feature-cache.ts'

afterEach(() => vi.unstubAllEnvs())

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'basil-features-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}
const table = (seed: number, floats = 6): Float32Array =>
  Float32Array.from({ length: floats }, (_, i) => Math.sin(seed + i))

/** Three images of six floats each; the images named are written. */
async function fill(home: string, identity = 'one', images = [0, 1, 2], options = {}): Promise<string> {
  const before = new Set(existing(home))
  const file = await featureCache(home, options).open(identity, 3, 6)
  for (const image of images) await file.write(image, table(image))
  await file.close()
  return join(home, existing(home).find((name) => !before.has(name)) ?? existing(home)[0] ?? '')
}
const existing = (home: string): string[] => {
  try {
    return readdirSync(home)
  } catch {
    return []
  }
}
async function readAll(home: string, identity = 'one'): Promise<(Float32Array | undefined)[]> {
  const file = await featureCache(home).open(identity, 3, 6)
  const found = [await file.read(0), await file.read(1), await file.read(2)]
  await file.close()
  return found
}

test('gives what was written, to the bit, to the next process', async () => {
  const home = join(folder(), 'cache', 'features')
  await fill(home)
  expect(await readAll(home)).toEqual([table(0), table(1), table(2)])
  expect(existing(home)).toHaveLength(1)
})

test('another identity, another number of images or floats: another file', async () => {
  const home = folder()
  await fill(home)
  expect(await readAll(home, 'two')).toEqual([undefined, undefined, undefined])
  for (const [images, floats] of [
    [2, 6],
    [3, 5],
  ] as const) {
    const file = await featureCache(home).open('one', images, floats)
    expect(await file.read(0)).toBeUndefined()
    await file.close()
  }
  expect(await readAll(home)).toEqual([table(0), table(1), table(2)])
})

test('after a kill between tables, what was written is there and the rest is not', async () => {
  const home = folder()
  await fill(home, 'one', [0, 2])
  expect(await readAll(home)).toEqual([table(0), undefined, table(2)])
})

test('killed while a file was made: cut short anywhere, what is whole is given and nothing else', async () => {
  const home = folder()
  const path = await fill(home)
  const whole = readFileSync(path)
  const slot = whole.length / 3
  for (let length = 0; length <= whole.length; length++) {
    writeFileSync(path, whole)
    truncateSync(path, length)
    const wanted = [0, 1, 2].map((image) => ((image + 1) * slot <= length ? table(image) : undefined))
    expect(await readAll(home)).toEqual(wanted)
  }
})

test('one byte damaged anywhere: that table is not given, the others are', async () => {
  const home = folder()
  const path = await fill(home)
  const whole = readFileSync(path)
  const slot = whole.length / 3
  for (let at = 0; at < whole.length; at++) {
    const bytes = Buffer.from(whole)
    bytes[at] = (bytes[at] as number) ^ 1
    writeFileSync(path, bytes)
    expect(await readAll(home)).toEqual(
      [0, 1, 2].map((image) => (Math.floor(at / slot) === image ? undefined : table(image))),
    )
  }
})

test("a table in another's place, or another file's whole content, is not given", async () => {
  const home = folder()
  const path = await fill(home)
  const whole = readFileSync(path)
  const slot = whole.length / 3
  writeFileSync(
    path,
    Buffer.concat([whole.subarray(slot, 2 * slot), whole.subarray(0, slot), whole.subarray(2 * slot)]),
  )
  expect(await readAll(home)).toEqual([undefined, undefined, table(2)])
  const other = await fill(home, 'two')
  writeFileSync(other, whole)
  expect(await readAll(home, 'two')).toEqual([undefined, undefined, undefined])
})

test('a table written again after damage is given again', async () => {
  const home = folder()
  const path = await fill(home)
  truncateSync(path, 10)
  await fill(home, 'one', [0, 1])
  expect(await readAll(home)).toEqual([table(0), table(1), undefined])
})

test('at the cap the least recently used goes first, and nothing that is in use', async () => {
  const home = folder()
  const clock = { now: 1_000_000 }
  const one = featureCache(home).bytesFor(3, 6)
  const cache = featureCache(home, { capBytes: 3 * one, now: () => new Date(clock.now) })
  const use = async (identity: string) => {
    clock.now += 1000
    return cache.open(identity, 3, 6)
  }
  const a = await use('a')
  const nameOfA = existing(home)[0] as string
  for (const identity of ['b', 'c']) await (await use(identity)).close()
  const [nameOfB] = existing(home).filter(
    (name) => name !== nameOfA && statSync(join(home, name)).mtimeMs === 1_002_000,
  )
  await (await use('b')).close() // now c is the oldest but a, which is in use
  await (await use('d')).close()
  expect(existing(home)).toHaveLength(3)
  expect(existing(home)).toContain(nameOfA)
  expect(existing(home)).toContain(nameOfB)
  await a.close() // used just now: b is the oldest
  clock.now += 1000
  await (await use('e')).close()
  expect(existing(home)).toContain(nameOfA)
  expect(existing(home)).not.toContain(nameOfB)
  expect(existing(home).reduce((sum, name) => sum + statSync(join(home, name)).size, 0)).toBeLessThanOrEqual(3 * one)
})

test('a file two tasks share stays in use until both have left it', async () => {
  const home = folder()
  const cache = featureCache(home, { capBytes: featureCache(home).bytesFor(3, 6) })
  const [first, second] = [await cache.open('shared', 3, 6), await cache.open('shared', 3, 6)]
  const name = existing(home)[0] as string
  await first.close()
  await first.close()
  await (await cache.open('other', 3, 6)).close()
  expect(existing(home)).toContain(name)
  await second.close()
  utimesSync(join(home, name), 1, 1)
  await (await cache.open('third', 3, 6)).close()
  expect(existing(home)).not.toContain(name)
})

test("other people's files in the folder are left alone", async () => {
  const home = folder()
  writeFileSync(join(home, 'notes.txt'), 'mine')
  const cache = featureCache(home, { capBytes: 0 })
  for (const identity of ['a', 'b']) await (await cache.open(identity, 3, 6)).close()
  expect(existing(home)).toHaveLength(2)
  expect(readFileSync(join(home, 'notes.txt'), 'utf8')).toBe('mine')
})

test('BASIL_CACHE_GB is the cap, 20 GB without; nonsense is refused by name', () => {
  vi.stubEnv('BASIL_CACHE_GB', '')
  expect(featureCache('nowhere').capBytes).toBe(20e9)
  vi.stubEnv('BASIL_CACHE_GB', '0.5')
  expect(featureCache('nowhere').capBytes).toBe(5e8)
  vi.stubEnv('BASIL_CACHE_GB', 'much')
  expect(() => featureCache('nowhere')).toThrow(
    expect.objectContaining({ record: expect.objectContaining({ where: 'BASIL_CACHE_GB' }) }),
  )
})

test('what can never fit is refused before anything is made, with the sizes and the way out', () => {
  const home = join(folder(), 'features')
  const cache = featureCache(home, { capBytes: 1e9 })
  const splits = [
    { path: 'a#x', images: 2000 },
    { path: 'b#x', images: 2000 },
  ]
  const floats = 153 * 512
  const thrown = catching(() => requireRoom(splits, floats, cache))
  expect(thrown.record).toMatchObject({
    code: 'disk-full',
    why: expect.stringMatching(/1\.25 GB.*313 KB an image.*1\.00 GB/),
  })
  expect(thrown.record.next).toContain('"jvp"')
  expect(existing(home)).toEqual([])
  // Two tasks on the same images need room once.
  expect(requireRoom([splits[0], splits[0]] as typeof splits, floats, cache)).toBe(cache.bytesFor(2000, floats))
})

test('a folder that cannot be used is named', async () => {
  const home = folder()
  writeFileSync(join(home, 'taken'), '')
  mkdirSync(join(home, 'there'))
  await expect(featureCache(join(home, 'taken')).open('one', 3, 6)).rejects.toMatchObject({
    record: { code: 'target-unwritable' },
  })
})

function catching(work: () => unknown): BasilError {
  try {
    work()
  } catch (error) {
    if (error instanceof BasilError) return error
  }
  throw new Error('nothing was thrown')
}
