// A part of a tensor's values against the numbers written, by its range alone, and the spread against a plain count.
import { expect, it } from 'vitest'

import type { TensorValues } from '../../../src-main/contract/checkpoint.ts'
import type { Told } from '../../../src-main/contract/engine-api.ts'
import { recordOf } from '../../../src-main/contract/errors.ts'
import type { ByteSource } from '../../../src-main/engine/formats/source.ts'
import { tensorOf } from '../../../src-main/engine/measures/tensor.ts'

const values = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i))
values[3] = Number.NaN
values[4] = Number.NEGATIVE_INFINITY

function fileOf(tensors: Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>) {
  const header = Buffer.from(JSON.stringify(tensors).padEnd(256))
  const bytes = Buffer.concat([Buffer.alloc(8), header, Buffer.from(values.buffer)])
  bytes.writeBigUInt64LE(BigInt(header.length))
  const read: number[] = []
  const source: ByteSource = {
    name: 'm.safetensors',
    path: 'm.safetensors',
    size: bytes.length,
    read: async (offset: number, length: number, into?: Uint8Array) => {
      read.push(length)
      const part = bytes.subarray(offset, offset + length)
      if (!into) return new Uint8Array(part)
      into.set(part)
      return into.subarray(0, length)
    },
    close: async () => undefined,
  } as unknown as ByteSource
  return { open: async () => source, read }
}

const file = () =>
  fileOf({
    w: { dtype: 'F32', shape: [10, 100], data_offsets: [0, 4000] },
    scale: { dtype: 'F8_E8M0', shape: [0], data_offsets: [4000, 4000] },
  })

async function resultOf(told: AsyncIterable<Told<TensorValues>>): Promise<TensorValues> {
  for await (const event of told) if (event.type === 'result') return event.result
  throw new Error('no result')
}

it('gives a part as it is written, reading no more than its range', async () => {
  const { open, read } = file()
  const part = { tensor: 'w', offset: 2, count: 5, spread: false }
  const found = await resultOf(tensorOf('m.safetensors', part, open))
  expect(found).toEqual({
    ...{ name: 'w', dtype: 'F32', shape: [10, 100], offset: 2, spread: null },
    values: [values[2], 'NaN', '-Infinity', values[5], values[6]],
  })
  expect(read.at(-1)).toBe(20)
  const last = await resultOf(tensorOf('m', { ...part, offset: 998, count: 50 }, open))
  expect(last.values).toEqual([values[998], values[999]])
  expect((await resultOf(tensorOf('m', { ...part, offset: 5000 }, open))).values).toEqual([])
})

it('counts finite values in bins of one width between the smallest and the largest', async () => {
  const { spread } = await resultOf(tensorOf('m', { tensor: 'w', offset: 0, count: 1, spread: true }, file().open))
  const finite = [...values].filter(Number.isFinite)
  const [low, high] = [Math.min(...finite), Math.max(...finite)]
  const counts = Array.from({ length: 64 }, () => 0)
  for (const x of finite) {
    const bin = Math.min(63, Math.floor((x - low) * (64 / (high - low))))
    counts[bin] = (counts[bin] ?? 0) + 1
  }
  expect(spread).toEqual({ low, high, counts })
})

it('says which tensor is not there, and which has no numbers', async () => {
  const ask = (tensor: string) =>
    resultOf(tensorOf('m', { tensor, offset: 0, count: 1, spread: false }, file().open)).catch(recordOf)
  expect(await ask('v')).toMatchObject({ code: 'tensor-missing' })
  expect(await ask('scale')).toMatchObject({ code: 'tensor-dtype' })
})
