// Hostile PyTorch files (R9) and archives (R10): thousands of mutants of what PyTorch and NumPy wrote, fields of their
// zip and steps of their pickles. Each is read or refused by a typed error that names the file, is not read over and
// over, takes bounded time and memory, and opens no process, thread or socket; what comes of a pickle is inert
// whatever it names. A part of them is read by a process that may read files and nothing else.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

import { unzipSync } from 'fflate'
import { expect, onTestFinished, test } from 'vitest'

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
import { counting, sourceOf } from '../engine/formats/bytes.ts'
import { countOf, type PromiseId, seedOf, tell } from '../faults/promises.ts'
import { seeded } from '../faults/seeded.ts'
import type { Canary } from '../golden/formats-canary.ts'
import { changedPickle, type Draw, drawn, withByte, withData, withField, withSteps } from './archive-mutants.ts'
import { createBars } from './bars.ts'
import { doorsThatAreSeen, watchDoors } from './doors.ts'

const seed = seedOf(20_260_101)
/** Of the mutants of R9; test/fuzz/pytorch.test.ts makes the other fifth. */
const shares = { bytes: 0.15, steps: 0.09, unpickled: 0.55, confined: 0.01 }
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
 * Reads `count` mutants made by `make`, each held against the bars; `judge` sees every outcome, and throws where it is
 * wrong.
 */
async function fuzz(
  id: PromiseId,
  count: number,
  make: (draw: Draw) => { file: string; what: string; bytes: Uint8Array },
  judge: (what: string, outcome: Outcome, file: string) => void = () => undefined,
) {
  const began = performance.now()
  const chance = seeded(seed)
  const draw: Draw = (n) => Math.floor(chance() * n)
  const tally = { read: 0, refused: 0 }
  const wrong: Error[] = []
  const bars = createBars()
  const opened = watchDoors()
  for (let i = 0; i < count; i++) {
    const { file, what, bytes } = make(draw)
    try {
      const outcome = await bars.around(bytes.length, (seen) => read(bytes, basename(file), seen))
      judge(what, outcome, file)
      tally[outcome.tensors ? 'read' : 'refused']++
    } catch (error) {
      wrong.push(new Error(`mutant ${i} of ${basename(file)} (${what})`, { cause: error }))
    }
  }
  const doors = opened()
  tell(id, began, {
    ...{ count, lost: wrong.length + doors.length, differ: 0, seed },
    besides: `${tally.read} read, ${tally.refused} refused, ${bars.inWords()}`,
  })
  if (wrong[0]) throw wrong[0]
  expect(doors).toEqual([])
  bars.expectKept(64) // these files are small, and tensors share storages
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
    'R10',
    countOf('R10'),
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
  await fuzz('R9', countOf('R9') * shares.bytes, (draw) => {
    const file = drawn(draw, [...archives, ...legacy, ...npz])
    const bytes = Buffer.from(readFileSync(file))
    const what = withByte(bytes, draw)
    return { file, what, bytes: draw(8) ? bytes : bytes.subarray(0, draw(bytes.length)) }
  })
})

test('steps of pickles in sound archives', async () => {
  await fuzz('R9', countOf('R9') * shares.steps, (draw) => {
    const file = drawn(draw, ofProtocol2)
    const [what, bytes] = withSteps(readFileSync(file), draw)
    return { file, what, bytes }
  })
})

test('whatever a pickle names, what comes of it is inert: values, tensors over storages, and records of calls that were not made', () => {
  const began = performance.now()
  const chance = seeded(seed)
  const draw: Draw = (n) => Math.floor(chance() * n)
  const pickles = ofProtocol2.map((file) => {
    const entries = unzipSync(readFileSync(file))
    return Buffer.from(Object.entries(entries).find(([name]) => name.endsWith('/data.pkl'))?.[1] as Uint8Array)
  })
  const count = countOf('R9') * shares.unpickled
  const tally = { made: 0, refused: 0 }
  const wrong: Error[] = []
  const opened = watchDoors()
  for (let i = 0; i < count; i++) {
    const [what, bytes] = changedPickle(drawn(draw, pickles), draw)
    try {
      expectInert(unpickle(bytes).value, what)
      tally.made++
    } catch (error) {
      if (error instanceof PickleError) tally.refused++
      else wrong.push(new Error(`mutant ${i} (${what})`, { cause: error }))
    }
  }
  const doors = opened()
  tell('R9', began, {
    ...{ count, lost: wrong.length + doors.length, differ: 0, seed },
    besides: `${tally.made} unpickled to inert values, ${tally.refused} refused`,
  })
  if (wrong[0]) throw wrong[0]
  expect(doors).toEqual([])
  expect(tally.made).toBeGreaterThan(count / 10)
})

test('a process that may read and nothing else reads or refuses them, and tries nothing else', () => {
  const began = performance.now()
  const chance = seeded(seed + 1)
  const draw: Draw = (n) => Math.floor(chance() * n)
  const cwd = mkdtempSync(join(tmpdir(), 'basil-confined-'))
  onTestFinished(() => rmSync(cwd, { recursive: true }))
  const paths = Array.from({ length: countOf('R9') * shares.confined }, (_, i) => {
    const path = join(cwd, `${i}.pt`)
    writeFileSync(path, withSteps(readFileSync(drawn(draw, ofProtocol2)), draw)[1])
    return path
  })
  const canary = join(import.meta.dirname, '..', 'golden', 'formats-canary.ts')
  const confined = ['--permission', '--allow-fs-read=*', '--no-warnings', canary, ...paths]
  const said = execFileSync(process.execPath, confined, { cwd, encoding: 'utf8', maxBuffer: 2 ** 26 })
  const { outcomes, seen, control } = JSON.parse(said) as Canary
  const doors = seen.filter((kind) => /PROCESS|TCP|UDP|TLS|PIPE|WORKER|GETADDRINFO|HTTP|DNS/i.test(kind))
  const made = readdirSync(cwd).filter((name) => !name.endsWith('.pt'))
  const untyped = Object.values(outcomes).filter(({ error }) => error?.code === 'internal')
  const lost = doors.length + made.length + untyped.length
  tell('R9', began, { count: Object.keys(outcomes).length, lost, differ: 0, seed: seed + 1 })
  expect({ doors, made, untyped }).toEqual({ doors: [], made: [], untyped: [] })
  expect(Object.keys(outcomes)).toHaveLength(paths.length)
  expect(control.denied).toEqual(['ERR_ACCESS_DENIED', 'ERR_ACCESS_DENIED'])
})

test('a process, a socket, a datagram and a thread would have been seen', async () => {
  expect(await doorsThatAreSeen()).toBe(4)
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
