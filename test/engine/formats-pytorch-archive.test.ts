// PyTorch's archives as files: more entries than a zip without its 64-bit form can have, and places that hold no data.
import { expect, test } from 'vitest'

import { openTensorFile } from '../../src-main/engine/formats/index.ts'
import type { TensorFile } from '../../src-main/engine/formats/tensor-file.ts'
import { writeStateDict } from '../../src-main/engine/formats/writing/state-dict.ts'
import { sourceOf } from './bytes.ts'
import { archive, dictionary, tensor } from './pickle-steps.ts'

const float32 = (...numbers: number[]): Uint8Array => new Uint8Array(Float32Array.from(numbers).buffer)

test('70,000 tensors, more than a zip without its 64-bit form has entries, are read as any other number', async () => {
  const numbers = Float32Array.from({ length: 70_000 }, (_, i) => i)
  const infos = [...numbers].map((_, i) => ({ name: `blocks.${i}.weight`, dtype: 'F32' as const, shape: [1], bytes: 4 }))
  const at = (name: string): Uint8Array => new Uint8Array(numbers.buffer, 4 * Number(name.split('.')[1]), 4)
  const made = { tensors: new Map(), metadata: {}, source: sourceOf(new Uint8Array()), format: '' }
  const file: TensorFile = { ...made, read: async (name) => at(name), readRange: async (name) => at(name) }
  const chunks: Uint8Array[] = []
  for await (const chunk of writeStateDict(file, infos, {})) chunks.push(chunk)
  const read = await openTensorFile(sourceOf(Buffer.concat(chunks), 'many.pt'))
  expect(read.tensors.size).toBe(70_000)
  for (const i of [0, 255, 65_535, 65_536, 69_999])
    expect(Buffer.from(await read.read(`blocks.${i}.weight`))).toEqual(Buffer.from(at(`.${i}`)))
})

/** With the sums of entries set to 0, as PyTorch leaves them where it was asked not to count. */
function unsummed(bytes: Uint8Array, isMeant: (name: string) => boolean): Uint8Array {
  const file = Buffer.from(bytes)
  for (let at = 0; at + 46 <= file.length; at++) {
    const kind = file.readUInt32LE(at)
    const [sum, length, start] = kind === 0x04034b50 ? [14, 26, 30] : kind === 0x02014b50 ? [16, 28, 46] : []
    if (sum === undefined || length === undefined || start === undefined) continue
    const name = file.toString('latin1', at + start, at + start + file.readUInt16LE(at + length))
    if (isMeant(name)) file.writeUInt32LE(0, at + sum)
  }
  return file
}

test('places without data, as skip_data leaves them, are not taken for weights that are zero', async () => {
  const steps = dictionary({ 'l.w': tensor('0', 4, [2, 2], [2, 1]), 'l.b': tensor('1', 2, [2], [1]) })
  const hole = archive(steps, { 0: new Uint8Array(16), 1: new Uint8Array(8) })
  const isData = (name: string): boolean => name.startsWith('a/data/')
  const open = (bytes: Uint8Array) => openTensorFile(sourceOf(bytes, 'a.pt'))
  await expect(open(unsummed(hole, isData))).rejects.toMatchObject({
    record: {
      code: 'tensor-missing',
      where: 'a.pt',
      why: expect.stringMatching(/skip_data/),
      next: expect.stringMatching(/without skip_data/),
    },
  })
  const zeros = await open(hole) // counted, and zero: a model may be
  expect([...(await zeros.read('l.w'))]).toEqual(Array(16).fill(0))
  const filled = await open(unsummed(archive(steps, { 0: new Uint8Array(16), 1: float32(0, 3) }), isData))
  expect(Buffer.from(await filled.read('l.b'))).toEqual(Buffer.from(float32(0, 3)))
  const uncounted = await open(unsummed(archive(steps, { 0: float32(1, 2, 3, 4), 1: new Uint8Array(8) }), () => true))
  expect([...uncounted.tensors.keys()]).toEqual(['l.w', 'l.b'])
})
