// Views of a region against the equation, element by element; and how much memory and reading the largest takes.
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { regionOf } from '../../../src-main/engine/formats/source.ts'
import { stridedFile } from '../../../src-main/engine/formats/strided.ts'
import { sourceOf } from './bytes.ts'

const at = (index: number, shape: number[], strides: number[]): number => {
  let place = 0
  for (let d = shape.length - 1; d >= 0; d--) {
    place += (index % (shape[d] as number)) * (strides[d] as number)
    index = Math.floor(index / (shape[d] as number))
  }
  return place
}

test('any strides, any offset, any range: element i lies where the equation says', async () => {
  const bytes = new Uint8Array(Uint16Array.from({ length: 500 }, (_, i) => i).buffer)
  const source = sourceOf(bytes)
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 20 })), { maxLength: 4 }),
      fc.nat(20),
      fc.nat(),
      fc.nat(),
      async (dims, offset, a, b) => {
        const [shape, strides] = [dims.map(([size]) => size), dims.map(([, stride]) => stride)]
        const file = stridedFile(
          source,
          'test',
          new Map([['w', { dtype: 'U16', region: regionOf(source, 0, 1000), offset, shape, strides }]]),
          {},
        )
        const elements = shape.reduce((x, y) => x * y, 1)
        const [first, last] = [a % (elements + 1), b % (elements + 1)].sort((x, y) => x - y) as [number, number]
        const found = new Uint16Array((await file.readRange('w', first * 2, (last - first) * 2)).slice().buffer)
        expect([...found]).toEqual(
          Array.from({ length: last - first }, (_, i) => offset + at(first + i, shape, strides)),
        )
      },
    ),
    { seed: 3, numRuns: 2000 },
  )
})

test('a transposed matrix of 64 MiB is gathered in one pass, with a tenth of its size beside it', async () => {
  const [rows, columns] = [2048, 8192]
  const bytes = rows * columns * 4
  let [read, reads, peak] = [0, 0, 0]
  const before = process.memoryUsage().arrayBuffers
  const source = {
    ...sourceOf(new Uint8Array()),
    read: async (offset: number, length: number, into: Uint8Array = new Uint8Array(length)) => {
      const words = new Uint32Array(into.buffer, into.byteOffset, length / 4)
      for (let i = 0; i < words.length; i++) words[i] = offset / 4 + i
      read += length
      reads++
      peak = Math.max(peak, process.memoryUsage().arrayBuffers - before)
      return into.subarray(0, length)
    },
  }
  const view = {
    dtype: 'F32' as const,
    region: regionOf(source, 0, bytes),
    offset: 0,
    shape: [columns, rows],
    strides: [1, columns],
  }
  const found = new Uint32Array((await stridedFile(source, 'test', new Map([['w', view]]), {}).read('w')).buffer)
  for (const [i, j] of [
    [0, 0],
    [0, 1],
    [1, 0],
    [columns - 1, rows - 1],
    [77, 1234],
  ] as const)
    expect(found[i * rows + j]).toBe(j * columns + i)
  expect(read).toBeLessThan(1.01 * bytes)
  expect(reads).toBeLessThan(200)
  expect(peak).toBeLessThan(1.1 * bytes)
})
