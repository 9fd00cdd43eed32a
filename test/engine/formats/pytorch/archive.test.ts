// PyTorch's archives as files: more entries than a zip without its 64-bit form can have, and places that hold no data.
import { expect, test } from 'vitest'

import { openTensorFile } from '../../../../src-main/engine/formats/open.ts'
import { sourceOf } from '../bytes.ts'
import { archive, dictionary, tensor } from '../pickle-steps.ts'

const float32 = (...numbers: number[]): Uint8Array => new Uint8Array(Float32Array.from(numbers).buffer)

/** With the 64-bit form of its end, which alone can count 65,536 entries and more. */
function widened(bytes: Uint8Array, entries: number): Uint8Array {
  const file = Buffer.from(bytes)
  const end = file.length - 22
  const [size, start] = [file.readUInt32LE(end + 12), file.readUInt32LE(end + 16)]
  const wide = Buffer.alloc(56 + 20)
  wide.write('PK\x06\x06', 'latin1')
  wide.writeBigUInt64LE(44n, 4)
  for (const at of [24, 32]) wide.writeBigUInt64LE(BigInt(entries), at)
  wide.writeBigUInt64LE(BigInt(size), 40)
  wide.writeBigUInt64LE(BigInt(start), 48)
  wide.write('PK\x06\x07', 56, 'latin1')
  wide.writeBigUInt64LE(BigInt(end), 64)
  wide.writeUInt32LE(1, 72)
  file.fill(0xff, end + 8, end + 12) // the numbers of entries
  return Buffer.concat([file.subarray(0, end), wide, file.subarray(end)])
}

test('70,000 tensors, more than a zip without its 64-bit form has entries, are read as any other number', {
  timeout: 300_000,
}, async () => {
  const count = 70_000
  const names = Array.from({ length: count }, (_, i) => `blocks.${i}.weight`)
  // torch.save has as many texts, tuples and tensors remembered
  const kept = Array.from({ length: 12 }, () => ({ code: 'r', arg: Buffer.alloc(4) }))
  const steps = dictionary(
    Object.fromEntries(names.map((name, i) => [name, [...tensor(String(i), 1, [1], [1]), ...kept]])),
  )
  const data = Object.fromEntries(names.map((_, i) => [i, float32(i)]))
  const file = await openTensorFile(sourceOf(widened(archive(steps, data), count + 1), 'many.pt'))
  expect(file.tensors.size).toBe(count)
  for (const i of [0, 255, 65_535, 65_536, count - 1])
    expect(Buffer.from(await file.read(`blocks.${i}.weight`))).toEqual(Buffer.from(float32(i)))
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
