// Two models tensor by tensor, against plain float64 loops, whatever the layouts and containers they come in.
import { zipSync } from 'fflate'
import { expect, test } from 'vitest'

import type { Container, WrittenLayout } from '../../../src-main/contract/checkpoint.ts'
import { differenceOf } from '../../../src-main/engine/measures/difference.ts'
import { written } from '../formats/bytes.ts'
import { filled } from '../layouts/models.ts'
import { bytesOf, expectClose, folderOf, moved, plain, resultOf, tower } from './memory.ts'

const a = filled(tower, 'F32', 1, true)
const b = moved(a, 2, 0.1)

test.each<[WrittenLayout, Container, WrittenLayout, Container]>([
  ['open_clip', 'safetensors', 'open_clip', 'safetensors'],
  ['open_clip', 'safetensors', 'huggingface', 'state_dict'],
  ['huggingface', 'safetensors', 'image encoder', 'state_dict'],
])(
  '%s in %s against %s in %s: canonical names, norms, distance, cosine, largest difference',
  async (layoutA, containerA, layoutB, containerB) => {
    const files = { a: await bytesOf(a, layoutA, containerA), b: await bytesOf(b, layoutB, containerB) }
    const named = { [`a.${containerA}`]: files.a, [`b.${containerB}`]: files.b }
    const { open, left } = folderOf(named)
    const { tensors } = await resultOf(differenceOf(`a.${containerA}`, `b.${containerB}`, open))
    expect(left()).toBe(0)
    expect(tensors.map(({ name }) => name).sort()).toEqual(tower.map(([name]) => name).sort())
    const [valuesA, valuesB] = [plain(a), plain(b)]
    for (const t of tensors) {
      const [x, y] = [valuesA.get(t.name) as number[], valuesB.get(t.name) as number[]]
      const [sums, difference] = [{ xx: 0, yy: 0, xy: 0, dd: 0 }, { largest: 0 }]
      for (const [i, v] of x.entries()) {
        const w = y[i] as number
        sums.xx += v * v
        sums.yy += w * w
        sums.xy += v * w
        sums.dd += (w - v) ** 2
        difference.largest = Math.max(difference.largest, Math.abs(w - v))
      }
      expectClose(t.normA, Math.sqrt(sums.xx), `${t.name} |a|`)
      expectClose(t.normB, Math.sqrt(sums.yy), `${t.name} |b|`)
      expectClose(t.distance, Math.sqrt(sums.dd), `${t.name} |b-a|`)
      expectClose(t.cosine, sums.xy / Math.sqrt(sums.xx * sums.yy), `${t.name} cosine`)
      expect(t.largest).toBe(difference.largest)
      expect(t.shape).toEqual(tower.find(([name]) => name === t.name)?.[1])
    }
  },
)

test('what only one has, what has another shape, zeros, integers, and values that are not finite; npz against safetensors', async () => {
  const floats = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer)
  const npy = (shape: string, data: Uint8Array): Uint8Array => {
    const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape}), }\n`
    return Buffer.concat([
      Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
      Buffer.of(header.length, 0),
      Buffer.from(header),
      data,
    ])
  }
  const npz = zipSync({
    'w.npy': npy('3,', floats(3, 4, Number.NaN)),
    'mine.npy': npy('1,', floats(-2)),
    'v.npy': npy('2,', floats(0, 0)),
  })
  const safetensors = await written([
    { name: 'w', dtype: 'F32', shape: [3], bytes: floats(3, 6, 1) },
    { name: 'v', dtype: 'F32', shape: [1, 2], bytes: floats(0, 5) },
    { name: 'steps', dtype: 'I64', shape: [1], bytes: new Uint8Array(BigInt64Array.of(9n).buffer) },
  ])
  const { open } = folderOf({ 'a.npz': npz, 'b.safetensors': safetensors })
  const { tensors } = await resultOf(differenceOf('a.npz', 'b.safetensors', open))
  const apart = { distance: null, cosine: null, largest: null, nonFinite: 0 }
  expect(new Map(tensors.map((t) => [t.name, t]))).toEqual(
    new Map([
      [
        'w',
        {
          name: 'w',
          shape: [3],
          normA: 5,
          normB: Math.sqrt(45),
          distance: 2,
          cosine: 33 / (5 * Math.sqrt(45)),
          largest: 2,
          nonFinite: 1,
        },
      ],
      ['mine', { name: 'mine', shape: [1], normA: 2, normB: null, ...apart }],
      ['v', { name: 'v', shape: [2], normA: 0, normB: 5, ...apart }],
      ['steps', { name: 'steps', shape: [1], normA: null, normB: 9, ...apart }],
    ]),
  )
  const same = await resultOf(differenceOf('a.npz', 'a.npz', open))
  expect(same.tensors.find(({ name }) => name === 'v')).toMatchObject({ distance: 0, cosine: null, largest: 0 })
})
