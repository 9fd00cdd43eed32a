// What Basil writes: casts round once and to nearest even, archives hold exactly what they were given, readers of ours
// find it again.
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { type Dtype, dtypes } from '../../../../src-main/engine/formats/dtype.ts'
import { openTensorFile } from '../../../../src-main/engine/formats/open.ts'
import type { TensorFile } from '../../../../src-main/engine/formats/tensor-file.ts'
import { writeCheckpoint } from '../../../../src-main/engine/formats/writing/checkpoint.ts'
import { inDtype } from '../../../../src-main/engine/formats/writing/in-dtype.ts'
import { sourceOf, written } from '../bytes.ts'

interface Given {
  name: string
  dtype: Dtype
  shape: number[]
  bytes: Uint8Array
}

const opened = async (tensors: Given[]): Promise<TensorFile> => openTensorFile(sourceOf(await written(tensors)))
const floats = (name: string, values: number[]): Given => ({
  name,
  dtype: 'F32',
  shape: [values.length],
  bytes: new Uint8Array(Float32Array.from(values).buffer),
})
const doubles = (name: string, values: number[]): Given => ({
  name,
  dtype: 'F64',
  shape: [values.length],
  bytes: new Uint8Array(Float64Array.from(values).buffer),
})

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return new Uint8Array(Buffer.concat(all))
}

/** Every finite value of a 16-bit type that is not negative, in order: its place is its bits. */
const ladders = {
  float16: Array.from({ length: 0x7c00 }, (_, h) =>
    h < 0x400 ? h * 2 ** -24 : (1 + (h & 1023) / 1024) * 2 ** ((h >>> 10) - 15),
  ),
  bfloat16: Array.from({ length: 0x7f80 }, (_, h) =>
    h < 0x80 ? h * 2 ** -133 : (1 + (h & 127) / 128) * 2 ** ((h >>> 7) - 127),
  ),
}

/** The bits of the nearest step of the ladder, found by halving; of two equally near the even one. */
function nearest(ladder: readonly number[], x: number): number {
  let [low, high] = [0, ladder.length - 1]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((ladder[middle] as number) <= Math.abs(x)) low = middle
    else high = middle
  }
  const [below, above] = [Math.abs(x) - (ladder[low] as number), (ladder[high] as number) - Math.abs(x)]
  const bits = below < above || (below === above && low % 2 === 0) ? low : high
  return bits | (x < 0 || Object.is(x, -0) ? 0x8000 : 0)
}

test.for(['float16', 'bfloat16'] as const)('to %s a float64 is rounded once, to nearest even', async (dtype) => {
  const ladder = ladders[dtype]
  const between = fc
    .tuple(fc.nat(ladder.length - 2), fc.constantFrom(0.5, 0.25, 0.5 + 2 ** -30, 0.5 - 2 ** -30, 0, 1), fc.boolean())
    .map(([step, part, isNegative]) => {
      const [from, to] = [ladder[step] as number, ladder[step + 1] as number]
      return (from + part * (to - from)) * (isNegative ? -1 : 1)
    })
  const any = fc.oneof(between, fc.double({ min: -60000, max: 60000, noNaN: true }))
  await fc.assert(
    fc.asyncProperty(fc.array(any, { minLength: 1, maxLength: 50 }), async (values) => {
      for (const given of [doubles('a', values), floats('a', values)]) {
        const exact = given.dtype === 'F64' ? values : [...Float32Array.from(values)]
        const cast = await inDtype(await opened([given]), dtype).read('a')
        expect([...new Uint16Array(cast.slice().buffer)]).toEqual(exact.map((x) => nearest(ladder, x)))
      }
    }),
    { numRuns: 200, seed: 1 },
  )
})

test('a range of a cast tensor is that range of it, also across the pieces it is cast in', async () => {
  const values = Array.from({ length: 2 ** 20 + 1000 }, (_, i) => i / 7)
  const cast = inDtype(await opened([floats('a', values)]), 'bfloat16')
  const whole = await cast.read('a')
  expect(whole.length).toBe(2 * values.length)
  const into = new Uint8Array(500)
  const part = await cast.readRange('a', 2 * (2 ** 20 - 100), 400, into)
  expect(Buffer.compare(part, whole.subarray(2 * (2 ** 20 - 100), 2 * (2 ** 20 + 100)))).toBe(0)
  expect(part.buffer).toBe(into.buffer)
})

test('what is too large for the type is refused by name; infinite values, NaN and integers stay what they are', async () => {
  const counts: Given = {
    name: 'counts',
    dtype: 'I64',
    shape: [1],
    bytes: new Uint8Array(BigInt64Array.of(2n ** 40n).buffer),
  }
  const file = await opened([floats('large', [1, 65520]), floats('odd', [Infinity, -Infinity, NaN]), counts])
  await expect(inDtype(file, 'float16').read('large')).rejects.toMatchObject({
    record: { code: 'not-finite', where: 'memory.safetensors: large', next: 'write it as bfloat16 or float32' },
  })
  expect((await inDtype(file, 'bfloat16').read('large')).length).toBe(4)
  expect([...new Float16Array((await inDtype(file, 'float16').read('odd')).slice().buffer)]).toEqual([
    Infinity,
    -Infinity,
    NaN,
  ])
  expect([...new Uint16Array((await inDtype(file, 'bfloat16').read('odd')).slice().buffer)]).toEqual([
    0x7f80, 0xff80, 0x7fc0,
  ])
  expect(Buffer.compare(await inDtype(file, 'float16').read('counts'), counts.bytes)).toBe(0)
  expect(inDtype(file, 'float16').tensors.get('counts')).toMatchObject({ dtype: 'I64', bytes: 8 })
  const huge = await opened([doubles('huge', [1e39]), doubles('all', [3.4028236e38])])
  await expect(inDtype(huge, 'float32').read('huge')).rejects.toMatchObject({ record: { code: 'not-finite' } })
  await expect(inDtype(huge, 'bfloat16').read('all')).rejects.toMatchObject({
    record: { code: 'not-finite', next: 'write it as float32' },
  })
})

const torchDtypes = ['F64', 'F32', 'F16', 'BF16', 'I64', 'I32', 'I16', 'I8', 'U8', 'BOOL'] as const
const someTensor = fc
  .record({ dtype: fc.constantFrom(...torchDtypes), shape: fc.array(fc.nat(4), { maxLength: 4 }), seed: fc.nat(255) })
  .map(({ dtype, shape, seed }) => {
    const bytes = new Uint8Array(shape.reduce((a, b) => a * b, 1) * dtypes[dtype]).map((_, i) =>
      dtype === 'BOOL' ? i % 2 : i * 7 + seed,
    )
    return { dtype, shape, bytes }
  })
const someFile = fc.dictionary(fc.string({ unit: 'grapheme', minLength: 1 }), someTensor, { minKeys: 1, maxKeys: 8 })
const someMetadata = fc.dictionary(
  fc.string({ unit: 'grapheme' }).filter((key) => !/^pytorch\.|^format$|^__proto__$/.test(key)),
  fc.string({ unit: 'grapheme' }),
)

test.for(['safetensors', 'state_dict'] as const)(
  'a %s holds exactly the tensors and the metadata it was given',
  async (container) => {
    await fc.assert(
      fc.asyncProperty(someFile, someMetadata, async (tensors, metadata) => {
        const given = Object.entries(tensors).map(([name, t]) => ({ name, ...t }))
        const bytes = await bytesOf(writeCheckpoint(await opened(given), container, metadata))
        const file = await openTensorFile(sourceOf(bytes, container === 'safetensors' ? 'a.safetensors' : 'a.pt'))
        expect([...file.tensors.keys()].sort()).toEqual(given.map((t) => t.name).sort())
        for (const { name, dtype, shape, bytes: values } of given) {
          expect(file.tensors.get(name)).toMatchObject({ dtype, shape })
          expect(Buffer.compare(await file.read(name), values)).toBe(0)
        }
        expect({ ...file.metadata }).toMatchObject(metadata)
      }),
      { numRuns: 150, seed: 2 },
    )
  },
)

test('the metadata stands in the first bytes of a state_dict, and the same tensors give the same file', async () => {
  const write = async () =>
    bytesOf(writeCheckpoint(await opened([floats('a', [1, 2])]), 'state_dict', { 'basil.recipe': '{"x":1}' }))
  const bytes = await write()
  expect(Buffer.from(bytes.subarray(30, 80)).toString()).toMatch(
    /^archive\/basil\.json\{"basil\.recipe":"\{\\"x\\":1\}"\}PK/,
  )
  expect(Buffer.compare(bytes, await write())).toBe(0)
})

test.for(['["a","b"]', '{"a":"b"]', '{"a":123}', '{"a":{}} '])(
  'metadata that is no list of texts by name, %s, is refused',
  async (text) => {
    const bytes = await bytesOf(writeCheckpoint(await opened([floats('x', [1])]), 'state_dict', { a: 'b' }))
    bytes.set(Buffer.from(text), Buffer.from(bytes).indexOf('{"a":"b"}'))
    await expect(openTensorFile(sourceOf(bytes, 'a.pt'))).rejects.toMatchObject({
      record: { code: 'file-damaged', where: 'a.pt' },
    })
  },
)

test('what a state_dict cannot hold, or a read that fails, ends the writing with its reason', async () => {
  const wide: Given = { name: 'wide', dtype: 'U32', shape: [1], bytes: new Uint8Array(4) }
  await expect(bytesOf(writeCheckpoint(await opened([wide]), 'state_dict', {}))).rejects.toMatchObject({
    record: { code: 'tensor-dtype', where: 'wide' },
  })
  const file = inDtype(await opened([floats('fine', [1]), floats('large', [1e6])]), 'float16')
  await expect(bytesOf(writeCheckpoint(file, 'state_dict', {}))).rejects.toMatchObject({
    record: { code: 'not-finite' },
  })
})

test('tensors of larger elements come first, so that each lies at a multiple of its size', async () => {
  const odd: Given = { name: 'a', dtype: 'U8', shape: [3], bytes: new Uint8Array(3) }
  const file = await opened([odd, floats('b', [1]), doubles('c', [1])])
  const bytes = await bytesOf(writeCheckpoint(file, 'safetensors', {}))
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true))
  const header = JSON.parse(Buffer.from(bytes.subarray(8, 8 + length)).toString())
  expect([header.c, header.b, header.a].map((t) => t.data_offsets[0])).toEqual([0, 8, 12])
  expect(header.__metadata__).toEqual({ format: 'pt' })
})
