// The golden program's draws (test/golden/tuning/draws.py) are Basil's to the bit, its streams among them: on this
// rests that it sees the same images in the same order.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { loraTargets } from '../../../src-main/contract/tuning/kinds/lora.ts'
import { toFloat32 } from '../../../src-main/engine/formats/dtype.ts'
import { openTensorFile } from '../../../src-main/engine/formats/open.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { permutation, uniform } from '../../../src-main/numbers/random.ts'
import { streamOf } from '../../../src-main/numbers/streams.ts'

const golden: {
  streams: Record<string, number>
  uniform: [seed: number, stream: number, draw: number, index: number, value: number][]
  permutation: [count: number, seed: number, stream: number, draw: number, order: number[]][]
} = JSON.parse(readFileSync(join(import.meta.dirname, 'draws.json'), 'utf8'))

test('streams have the numbers that they have there', () => {
  expect({
    'batches 0': streamOf('batches', { stage: 0, task: 0 }),
    'batches 2': streamOf('batches', { stage: 0, task: 2 }),
    looked: streamOf('looked'),
    adapters: streamOf('adapters'),
    gates: streamOf('gates'),
    'probes 1': streamOf('probes', { task: 1 }),
  }).toEqual(golden.streams)
})

test.each(golden.uniform)('uniform(%i, %i, %i, %i)', (seed, stream, draw, index, value) => {
  expect(uniform(seed, stream, draw, index)).toBe(value)
})

test.each(golden.permutation)('permutation(%i, %i, %i, %i)', (count, seed, stream, draw, order) => {
  expect([...permutation(count, seed, stream, draw)]).toEqual(order)
})

test('first factors of adapters are drawn a matrix at a time: 6 layer + its place among the targets', async () => {
  const source = await openSource(join(import.meta.dirname, 'adapters.safetensors'))
  const file = await openTensorFile(source)
  for (const layer of [0, 1])
    for (const target of ['q', 'k', 'v', 'out'] as const) {
      const draw = 6 * layer + loraTargets.indexOf(target)
      const factor = toFloat32(await file.read(`A.${layer}.${target}`), 'F32')
      const drawn = factor.map((_, i) => (2 * uniform(7, streamOf('adapters'), draw, i) - 1) / Math.sqrt(32))
      expect(factor).toEqual(drawn)
    }
  await source.close()
})
