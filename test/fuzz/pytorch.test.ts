// Mutants of PyTorch checkpoints (R9) give an error with a reason, or tensors of the size they say.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import fc from 'fast-check'
import { unzipSync, zipSync } from 'fflate'
import { expect, test } from 'vitest'

import { BasilError } from '../../src-main/contract/errors.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { sourceOf } from '../engine/formats/bytes.ts'
import { global, int, pickled, plain, type Step, stepsOf, text } from '../engine/formats/pickle-steps.ts'
import { countOf, seedOf, tell } from '../faults/promises.ts'
import { watchDoors } from './doors.ts'

const each = countOf('R9') / 10 // two tests of it; test/fuzz/archives.test.ts has the rest

const golden = (name: string): Buffer => readFileSync(join(import.meta.dirname, '../golden/formats', name))

/** Opens and reads everything; an error must be one with a reason. */
async function survives(bytes: Uint8Array, what: string): Promise<'read' | 'refused'> {
  try {
    const file = await openTensorFile(sourceOf(bytes, 'mutant.pt'))
    for (const [name, info] of file.tensors) expect((await file.read(name)).length).toBe(info.bytes)
    return 'read'
  } catch (error) {
    if (!(error instanceof BasilError)) throw new Error(`${what}: ${error instanceof Error ? error.stack : error}`)
    expect(['file-damaged', 'format-unknown', 'tensor-dtype', 'not-supported']).toContain(error.record.code)
    return 'refused'
  }
}

/** A property tried as often as the promise asks, and told. */
async function judged<T>(property: fc.IAsyncProperty<T>, own: number): Promise<void> {
  const began = performance.now()
  const seed = seedOf(own)
  const opened = watchDoors()
  const found = await fc.check(property, { seed, numRuns: each })
  const doors = opened()
  tell('R9', began, { count: found.numRuns, lost: doors.length + (found.failed ? 1 : 0), differ: 0, seed })
  if (found.failed) throw new Error(fc.defaultReportMessage(found), { cause: found.errorInstance })
  expect(doors).toEqual([])
}

const edges = [0, 1, 2, 127, 128, 255, 256, 65535, 2 ** 31 - 1, -1, -(2 ** 31)]
const otherSteps: Step[] = [
  ...plain('(012N)]}.abdelstu\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94QRo\xff'),
  ...edges.map(int),
  ...['data', '0', '_modules', '__proto__', '', 'state_dict'].map(text),
  ...[
    'torch FloatStorage',
    'torch HalfStorage',
    'collections OrderedDict',
    'os system',
    'torch._utils _rebuild_parameter',
  ].map(global),
]

test(`${each} pickles with steps replaced, dropped, doubled or swapped: read or refused, never anything else`, async () => {
  const files = [
    'checkpoints/state_dict.pt',
    'checkpoints/views.pt',
    'checkpoints/module.pt',
    'checkpoints/nested.pt',
    'more/scripted.pt',
  ]
  const parsed = files.map((name) => {
    const entries = unzipSync(golden(name))
    const pickle = Object.keys(entries).find((entry) => entry.endsWith('data.pkl')) as string
    return { entries, pickle, steps: stepsOf(Buffer.from(entries[pickle] as Uint8Array)).steps }
  })
  const change = fc.record({
    kind: fc.constantFrom('replace', 'drop', 'double', 'swap'),
    at: fc.nat(),
    other: fc.nat(),
  })
  const seen = { read: 0, refused: 0 }
  await judged(
    fc.asyncProperty(
      fc.nat(files.length - 1),
      fc.array(change, { minLength: 1, maxLength: 3 }),
      async (which, changes) => {
        const { entries, pickle, steps } = parsed[which] as (typeof parsed)[number]
        const mutant = changes.reduce((before, c) => mutated(before, c), steps)
        seen[
          await survives(
            zipSync({ ...entries, [pickle]: pickled(mutant) }, { level: 0 }),
            JSON.stringify({ which, changes }),
          )
        ]++
      },
    ),
    11,
  )
  expect(seen.read).toBeGreaterThan(each / 20) // the mutants are near enough to files to get far
  expect(seen.refused).toBeGreaterThan(each / 4)
})

function mutated(steps: Step[], { kind, at, other }: { kind: string; at: number; other: number }): Step[] {
  const i = at % steps.length
  const j = other % steps.length
  const copy = [...steps]
  if (kind === 'replace') copy[i] = otherSteps[other % otherSteps.length] as Step
  else if (kind === 'drop') copy.splice(i, 1)
  else if (kind === 'double') copy.splice(i, 0, steps[j] as Step)
  else [copy[i], copy[j]] = [steps[j] as Step, steps[i] as Step]
  return copy
}

test(`${each} archives with a field of a header, or a step of the legacy form, set to an edge: read or refused`, async () => {
  const zipped = ['checkpoints/state_dict.pt', 'more/traced.pt', 'more/compressed.npz'].map(golden)
  const legacy = golden('checkpoints/state_dict-legacy.pt')
  await judged(
    fc.asyncProperty(fc.nat(3), fc.nat(), fc.constantFrom(...edges, 8, 9, 0x01, 0x2000), async (which, at, edge) => {
      const bytes = Buffer.from(zipped[which] ?? legacy)
      const fields =
        which < 3
          ? headerFields(bytes)
          : [...Array(legacy.length - 8).keys()].map((offset) => ({ offset, width: 1 + (offset % 4) }))
      const { offset, width } = fields[at % fields.length] as (typeof fields)[number]
      bytes.writeUIntLE((edge >>> 0) % 256 ** width, offset, width)
      await survives(bytes, JSON.stringify({ which, offset, width, edge }))
    }),
    13,
  )
})

/** Every number in the local headers, the directory and its end. */
function headerFields(bytes: Buffer): { offset: number; width: number }[] {
  const kinds: [number, [number, number][]][] = [
    [
      0x04034b50,
      [
        [4, 2],
        [6, 2],
        [8, 2],
        [14, 4],
        [18, 4],
        [22, 4],
        [26, 2],
        [28, 2],
      ],
    ],
    [
      0x02014b50,
      [
        [4, 2],
        [6, 2],
        [8, 2],
        [10, 2],
        [16, 4],
        [20, 4],
        [24, 4],
        [28, 2],
        [30, 2],
        [32, 2],
        [42, 4],
        [46, 1],
        [48, 1],
      ],
    ],
    [
      0x06054b50,
      [
        [4, 2],
        [6, 2],
        [8, 2],
        [10, 2],
        [12, 4],
        [16, 4],
        [20, 2],
      ],
    ],
    [
      0x06064b50,
      [
        [4, 4],
        [16, 4],
        [24, 4],
        [32, 4],
        [40, 4],
        [48, 4],
        [52, 4],
      ],
    ],
    [
      0x07064b50,
      [
        [4, 4],
        [8, 4],
        [12, 4],
        [16, 4],
      ],
    ],
  ]
  const fields: { offset: number; width: number }[] = []
  for (let at = 0; at + 4 <= bytes.length; at++)
    for (const [signature, places] of kinds)
      if (bytes.readUInt32LE(at) === signature)
        for (const [place, width] of places)
          if (at + place + width <= bytes.length) fields.push({ offset: at + place, width })
  return fields
}
