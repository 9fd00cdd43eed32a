// safetensors: round trips, every rule of the format broken one at a time, and half precision against its definition.
import fc from 'fast-check'
import { expect, test } from 'vitest'

import type { BasilError } from '../../../src-main/contract/errors.ts'
import { type Dtype, dtypes, toFloat16, toFloat32, toInt32 } from '../../../src-main/engine/formats/dtype.ts'
import { openTensorFile } from '../../../src-main/engine/formats/open.ts'
import { rawFile, sourceOf, written } from './bytes.ts'

const types = (Object.keys(dtypes) as Dtype[]).filter((dtype) => dtype !== 'C128') // for which the format has no name
const open = async (bytes: Uint8Array) => openTensorFile(sourceOf(bytes))

test('what is written reads back: names, shapes, types, metadata and every byte', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(
        fc
          .record({
            name: fc.string({ minLength: 1, maxLength: 40 }).filter((n) => n !== '__metadata__'),
            dtype: fc.constantFrom(...types),
            shape: fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 }),
          })
          // a tensor has whole bytes
          .map((t) => (Number.isInteger(dtypes[t.dtype]) ? t : { ...t, shape: [...t.shape, 4] })),
        { selector: (t) => t.name, maxLength: 6 },
      ),
      fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }).filter((d) => !Object.hasOwn(d, '__proto__')),
      async (tensors, metadata) => {
        const full = tensors.map((t, i) => ({
          ...t,
          bytes: Uint8Array.from(
            { length: t.shape.reduce((a, b) => a * b, 1) * dtypes[t.dtype] },
            (_, k) => (k * 7 + i) % 256,
          ),
        }))
        const file = await open(await written(full, metadata))
        expect([...file.tensors.keys()].sort()).toEqual(full.map((t) => t.name).sort())
        expect({ ...file.metadata }).toEqual({ ...metadata })
        for (const t of full) {
          expect(file.tensors.get(t.name)).toMatchObject({ dtype: t.dtype, shape: t.shape })
          expect(await file.read(t.name)).toEqual(t.bytes)
        }
      },
    ),
    { seed: 5, numRuns: 200 },
  )
})

const tensor = (more = '') => `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]${more}}}`
test.each([
  ['a header longer than the file', rawFile(tensor(), 8, 10_000n), /claims 10000 bytes, but the file has/],
  ['a header past any sense', rawFile(tensor(), 8, 2n ** 63n), /but the file has/],
  ['no bytes at all', new Uint8Array(), /too few/],
  ['no JSON', rawFile('{nonsense', 0), /byte 1 of the header/],
  ['no UTF-8', rawFile('{', Uint8Array.of(0xff, 0xfe), 3n), /header cannot be read/],
  [
    'a key twice',
    rawFile(
      '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}',
      2,
    ),
    /stands twice/,
  ],
  ['an unknown type', rawFile('{"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}', 8), /unknown type "F31"/],
  [
    "a type named like a prototype's",
    rawFile('{"a":{"dtype":"constructor","shape":[2],"data_offsets":[0,8]}}', 8),
    /unknown type/,
  ],
  [
    'a shape that needs other bytes',
    rawFile('{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}', 8),
    /needs 12 bytes, its offsets give 8/,
  ],
  [
    'a shape beyond counting',
    rawFile('{"a":{"dtype":"U8","shape":[4294967296,4294967296,4],"data_offsets":[0,0]}}', 0),
    /more elements than can be counted/,
  ],
  ['a negative offset', rawFile('{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}', 8), /whole number/],
  [
    'half of a surrogate pair',
    rawFile('{"\\udc00":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1),
    /string is not well formed/,
  ],
  [
    'a fraction',
    rawFile('{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}', 8),
    /not written as a whole number/,
  ],
  [
    'a number past 2^53',
    rawFile('{"a":{"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,8]}}', 8),
    /larger than 2\^53/,
  ],
  [
    'offsets past the end',
    rawFile('{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}', 8),
    /8 bytes past the end/,
  ],
  [
    'a hole',
    rawFile(
      '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}',
      3,
    ),
    /leaves a hole/,
  ],
  [
    'an overlap',
    rawFile(
      '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}',
      3,
    ),
    /overlaps/,
  ],
  ['bytes behind the last tensor', rawFile(tensor(), 9), /1 bytes stand behind/],
  [
    'floats of 4 bits that end within a byte',
    rawFile('{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}', 2),
    /whole byte/,
  ],
  [
    'floats of 6 bits that end within a byte',
    rawFile('{"a":{"dtype":"F6_E2M3","shape":[2],"data_offsets":[0,2]}}', 2),
    /whole byte/,
  ],
  [
    "a type of PyTorch's that the format has no name for",
    rawFile('{"a":{"dtype":"C128","shape":[1],"data_offsets":[0,16]}}', 16),
    /unknown/,
  ],
  ['metadata that is no text', rawFile('{"__metadata__":{"a":1}}', 0), /is not a text/],
  ['more fields than three', rawFile(tensor(',"x":"y"'), 8), /alone/],
])('refuses %s', async (_, bytes, reason) => {
  await expect(open(bytes)).rejects.toMatchObject({
    record: { code: 'file-damaged', where: 'memory.safetensors', why: expect.stringMatching(reason) },
  })
})

const deep = (dimensions: number) =>
  rawFile(`{"a":{"dtype":"F32","shape":[${'1,'.repeat(dimensions - 1)}1],"data_offsets":[0,4]}}`, 4)
test('what is beyond a limit of Basil is told as that, with the limit, and not as damage', async () => {
  const limits: [bytes: Uint8Array, why: RegExp][] = [
    [deep(65), /"a" has more than 64 dimensions, the most that Basil reads/],
    [deep(200_000), /more than 64 dimensions/],
    [
      rawFile(`{"__metadata__":{"log":"${'x'.repeat(2 ** 24)}"}}`),
      /header has 16777\d+ bytes; Basil reads 16777216 at most, though the format allows/,
    ],
  ]
  for (const [bytes, why] of limits) {
    const record = await open(bytes).then(
      () => expect.fail('it was read'),
      (error: BasilError) => error.record,
    )
    expect(record).toMatchObject({
      code: 'not-supported',
      where: 'memory.safetensors',
      why: expect.stringMatching(why),
    })
    expect(`${record.what} ${record.next}`).toMatch(/a limit of Basil's/)
    expect(`${record.what} ${record.why} ${record.next}`).not.toMatch(/sound|damage|again/)
  }
  expect((await open(deep(64))).tensors.get('a')?.shape.length).toBe(64)
  expect(Object.keys((await open(rawFile(`{"__metadata__":{"log":"${'x'.repeat(2 ** 24 - 30)}"}}`))).metadata)).toEqual(
    ['log'],
  )
})

test("a name of JavaScript's own is a name like any other, and sets no prototype", async () => {
  const file = await open(
    rawFile('{"__metadata__":{"__proto__":"x"},"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1),
  )
  expect([...file.tensors.keys()]).toEqual(['__proto__'])
  expect(({} as Record<string, unknown>).x).toBeUndefined()
})

test.each(['[', '{"a":', '{', '9', '"', '"\\', '[],', ' '])(
  "a million times %j does not hang the header's reader",
  async (part) => {
    for (const place of ['', '{"a":', '{"a":{"shape":', '{"a":{"shape":[', '{"__metadata__":{"a":'])
      await expect(open(rawFile(`{${place.slice(1)}${part.repeat(1e6)}`))).rejects.toMatchObject({
        record: { code: 'file-damaged' },
      })
  },
)

test('half precision: every one of the 65,536 values goes to float32 and back to its own bits', () => {
  const halves = Uint16Array.from({ length: 65536 }, (_, i) => i)
  const wide = toFloat32(new Uint8Array(halves.buffer), 'F16')
  const back = toFloat16(wide)
  for (let i = 0; i < 65536; i++)
    if (Number.isNaN(wide[i])) expect((back[i] as number) & 0x7c00).toBe(0x7c00)
    else if (back[i] !== i) expect.fail(`${i} came back as ${back[i]}`)
})

test('half precision rounds to the nearest, ties to even', () => {
  const cases: [number, number][] = [
    [1, 0x3c00],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [1 + 2 ** -11 + 2 ** -20, 0x3c01],
    [65519, 0x7bff],
    [65520, 0x7c00],
    [2 ** -25, 0],
    [2 ** -25 + 2 ** -40, 1],
    [3 * 2 ** -26, 1],
    [-(2 ** -24), 0x8001],
  ]
  for (const [value, bits] of cases) expect([value, toFloat16(Float32Array.of(value))[0]]).toEqual([value, bits])
})

test('bfloat16 and float64 become float32, whatever the alignment', () => {
  const shifted = new Uint8Array(9)
  shifted.set(Uint8Array.of(0x80, 0x3f, 0x20, 0xc1), 1)
  expect([...toFloat32(shifted.subarray(1, 5), 'BF16')]).toEqual([1, -10])
  expect([...toFloat32(new Uint8Array(Float64Array.of(0.1, -3).buffer), 'F64')]).toEqual([Math.fround(0.1), -3])
  // no label fits there: refused as out of range
  expect([...toInt32(new Uint8Array(BigInt64Array.of(5n, 2n ** 40n).buffer), 'I64')]).toEqual([5, -1])
})
