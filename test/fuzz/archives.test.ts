// Hostile PyTorch files and npz: thousands of mutants of what PyTorch and NumPy wrote, fields of their zip and steps of
// their pickles. Each is read or refused by a typed error that names the file, is not read over and over, and takes
// bounded memory; what comes of a pickle is inert whatever it names.
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

import { unzipSync } from 'fflate'
import { expect, test } from 'vitest'

import { BasilError } from '../../src-main/contract/errors.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { unpickle } from '../../src-main/engine/formats/pytorch/pickle.ts'
import {
  Global,
  PickleError,
  PySet,
  Storage,
  Stub,
  Tensor,
  Tuple,
  Unreadable,
  type Value,
} from '../../src-main/engine/formats/pytorch/values.ts'
import { bytesHeld, counting, sourceOf } from '../engine/formats/bytes.ts'
import { seeded } from '../faults/seeded.ts'
import { changedPickle, type Draw, drawn, withByte, withData, withField, withSteps } from './archive-mutants.ts'

const seed = 20_260_101
const folder = join(import.meta.dirname, '..', 'golden', 'formats')
const files = ['checkpoints', 'more'].flatMap((name) =>
  readdirSync(join(folder, name)).map((file) => join(folder, name, file)),
)
const refusedAsTheyAre = /complex|no-tensors|quantised|sparse|big-endian|objects|text/
const named = (pattern: RegExp): string[] => files.filter((file) => pattern.test(file) && !refusedAsTheyAre.test(file))
const archives = named(/(?<!-legacy)\.pt$/)
const legacy = named(/-legacy\.pt$/).filter((file) => !file.includes('module')) // a large one
const npz = named(/\.npz$/)
// whose pickles the tests can take apart
const ofProtocol2 = archives.filter((file) => !/protocol-[345]|scripted|traced/.test(file))

type Outcome = { tensors: Map<string, Buffer>; error?: undefined } | { error: string; tensors?: undefined }

/** All of a file: opened, and every tensor read. */
async function read(bytes: Uint8Array, name: string, seen = { bytes: 0 }): Promise<Outcome> {
  try {
    const file = await openTensorFile(counting(sourceOf(bytes, name), seen))
    const tensors = new Map<string, Buffer>()
    for (const key of file.tensors.keys()) tensors.set(key, Buffer.from(await file.read(key)))
    return { tensors }
  } catch (error) {
    if (!(error instanceof BasilError)) throw error
    expect(error.record).toMatchObject({
      code: expect.stringMatching(/^(file-damaged|format-unknown|tensor-dtype|not-supported)$/),
      why: expect.stringMatching(/.{4}/),
    })
    expect(error.record.where).toContain(name)
    return { error: error.record.why }
  }
}

/**
 * Reads `count` mutants made by `make`, each held against what may be read and the memory bound; `judge` sees every
 * outcome.
 */
async function fuzz(
  count: number,
  make: (draw: Draw) => { file: string; what: string; bytes: Uint8Array },
  judge: (what: string, outcome: Outcome, file: string) => void,
) {
  const chance = seeded(seed)
  const draw: Draw = (n) => Math.floor(chance() * n)
  const tally = { read: 0, refused: 0, slowest: 0, readings: 0, held: 0 }
  const before = bytesHeld()
  for (let i = 0; i < count; i++) {
    const { file, what, bytes } = make(draw)
    const started = performance.now()
    const seen = { bytes: 0 }
    const outcome = await read(bytes, basename(file), seen).catch((error: unknown) => {
      throw new Error(`mutant ${i} of ${basename(file)} (${what})`, { cause: error })
    })
    tally.slowest = Math.max(tally.slowest, performance.now() - started)
    tally.readings = Math.max(tally.readings, seen.bytes / bytes.length)
    tally.held = Math.max(tally.held, (bytesHeld() - before) / 2 ** 20)
    judge(what, outcome, file)
    tally[outcome.tensors ? 'read' : 'refused']++
  }
  const { slowest, readings, held } = tally
  console.log(
    `mutants=${count} read=${tally.read} refused=${tally.refused} at most ${readings.toFixed(1)} times read, ${held.toFixed(0)} MiB held, ${slowest.toFixed(0)} ms; seed=${seed}`,
  )
  expect(readings).toBeLessThan(64) // these files are small, and tensors share storages
  expect(held).toBeLessThan(256)
  expect(Math.min(tally.read, tally.refused)).toBeGreaterThan(count / 50)
}

test('zip fields and data of PyTorch files and npz: what is read in spite of a change is what the file held before it', async () => {
  const all = [...archives, ...npz]
  const whole = new Map(
    await Promise.all(
      all.map(async (file) => [file, (await read(readFileSync(file), basename(file))).tensors] as const),
    ),
  )
  await fuzz(
    8000,
    (draw) => {
      const file = drawn(draw, all)
      const bytes = Buffer.from(readFileSync(file))
      return { file, what: draw(4) ? withField(bytes, draw) : withData(bytes, draw), bytes }
    },
    (what, { tensors }, file) => {
      for (const [name, found] of tensors ?? []) {
        const expected = whole.get(file)?.get(name)
        if (!expected || Buffer.compare(found, expected))
          expect.fail(`${basename(file)}, ${what}: ${name} was read as something else`)
      }
    },
  )
})

test('blind bytes in files of every age', async () => {
  await fuzz(
    3000,
    (draw) => {
      const file = drawn(draw, [...archives, ...legacy, ...npz])
      const bytes = Buffer.from(readFileSync(file))
      const what = withByte(bytes, draw)
      return { file, what, bytes: draw(8) ? bytes : bytes.subarray(0, draw(bytes.length)) }
    },
    () => undefined,
  )
})

test('steps of pickles in sound archives', async () => {
  await fuzz(
    2000,
    (draw) => {
      const file = drawn(draw, ofProtocol2)
      const [what, bytes] = withSteps(readFileSync(file), draw)
      return { file, what, bytes }
    },
    () => undefined,
  )
})

test('whatever a pickle names, what comes of it is inert: values, tensors over storages, and records of calls that were not made', () => {
  const chance = seeded(seed)
  const draw: Draw = (n) => Math.floor(chance() * n)
  const pickles = ofProtocol2.map((file) => {
    const entries = unzipSync(readFileSync(file))
    return Buffer.from(Object.entries(entries).find(([name]) => name.endsWith('/data.pkl'))?.[1] as Uint8Array)
  })
  const tally = { made: 0, refused: 0 }
  for (let i = 0; i < 6000; i++) {
    const [what, bytes] = changedPickle(drawn(draw, pickles), draw)
    try {
      expectInert(unpickle(bytes).value, what)
      tally.made++
    } catch (error) {
      if (!(error instanceof PickleError)) throw new Error(`mutant ${i} (${what})`, { cause: error })
      tally.refused++
    }
  }
  console.log(`pickles=6000 made=${tally.made} refused=${tally.refused} seed=${seed}`)
  expect(tally.made).toBeGreaterThan(600)
})

function expectInert(root: Value, what: string): void {
  const seen = new Set<unknown>()
  const left: unknown[] = [root]
  while (left.length) {
    const value = left.pop()
    if (value === null || ['boolean', 'number', 'bigint', 'string'].includes(typeof value) || seen.has(value)) continue
    seen.add(value)
    if (value instanceof Tuple || value instanceof PySet) left.push(...value.items)
    else if (Array.isArray(value)) left.push(...value)
    else if (value instanceof Stub) left.push(value.of, value.entries)
    else if (value instanceof Map) for (const pair of value) left.push(...pair)
    else if (
      !(
        value instanceof Global ||
        value instanceof Storage ||
        value instanceof Tensor ||
        value instanceof Unreadable ||
        value instanceof Uint8Array
      )
    )
      expect.fail(`${what}: a ${typeof value}`)
  }
}
