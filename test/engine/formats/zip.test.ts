// Zip archives: what a directory may say of an entry, and what is refused because two readers could understand it in
// two ways. And which format a file is: by its first bytes, before its name.
import { zipSync } from 'fflate'
import { expect, test } from 'vitest'

import { openTensorFile } from '../../../src-main/engine/formats/open.ts'
import { openZip } from '../../../src-main/engine/formats/zip.ts'
import { rawFile, sourceOf } from './bytes.ts'

const data = Uint8Array.from({ length: 200_000 }, (_, i) => (i * i) % 251)
const made = (level: 0 | 6 = 0): Buffer => Buffer.from(zipSync({ 'a/one': data, 'a/two': Uint8Array.of(7) }, { level }))
const entry = async (bytes: Uint8Array, name = 'a/one') => (await openZip(sourceOf(bytes, 'a.zip'))).region(name)

/** Sets a number in the first local header (or the first of the directory, which repeats it 2 bytes later on). */
function set(bytes: Buffer, where: 'local' | 'directory', place: number, value: number, width = 2): Buffer {
  const at = where === 'local' ? 0 : bytes.indexOf(Buffer.of(0x50, 0x4b, 1, 2))
  bytes.writeUIntLE(value, at + place, width)
  return bytes
}

test('stored and packed entries are read whole, in ranges and into the bytes given', async () => {
  for (const level of [0, 6] as const) {
    const region = await entry(made(level))
    expect(region.size).toBe(200_000)
    expect(Buffer.compare(await region.read(0, 200_000), data)).toBe(0)
    const into = new Uint8Array(100)
    expect(Buffer.compare(await region.read(150_000, 60, into), data.slice(150_000, 150_060))).toBe(0)
    expect(into.subarray(60).every((byte) => byte === 0)).toBe(true)
    expect([...(await (await entry(made(level), 'a/two')).read(0, 1))]).toEqual([7])
  }
})

test('wide sizes in a local header are read where they are those of the directory', async () => {
  expect(Buffer.compare(await (await entry(wide(200_000n))).read(0, 200_000), data)).toBe(0)
})

test('packed entries: reads one behind the other take the file once, whatever the order and however many at a time', async () => {
  const bytes = made(6)
  const source = sourceOf(bytes, 'a.zip')
  let taken = 0
  const counting = {
    ...source,
    read: (offset: number, length: number, into?: Uint8Array) => {
      taken += length
      return source.read(offset, length, into)
    },
  }
  const region = await (await openZip(counting)).region('a/one')
  taken = 0
  for (let at = 0; at < 200_000; at += 1000)
    expect(Buffer.compare(await region.read(at, 1000), data.slice(at, at + 1000))).toBe(0)
  expect(taken).toBeLessThan(bytes.length)
  const places = [150_000, 3, 199_000, 0, 77_777]
  const found = await Promise.all(places.map((at) => region.read(at, 1000)))
  for (const [i, at] of places.entries())
    expect(Buffer.compare(found[i] as Uint8Array, data.slice(at, at + 1000))).toBe(0)
})

/** One entry whose local header has its sizes in a zip64 field, as large archives do. */
function wide(size: bigint): Buffer {
  const bytes = set(
    set(Buffer.from(zipSync({ 'a/one': data }, { level: 0 })), 'local', 18, 2 ** 32 - 1, 4),
    'local',
    22,
    2 ** 32 - 1,
    4,
  )
  const field = Buffer.alloc(20)
  field.writeUInt16LE(1, 0)
  field.writeUInt16LE(16, 2)
  field.writeBigUInt64LE(size, 4)
  field.writeBigUInt64LE(200_000n, 12)
  bytes.writeUInt16LE(field.length, 28)
  const end = bytes.lastIndexOf(Buffer.of(0x50, 0x4b, 5, 6))
  bytes.writeUInt32LE(bytes.readUInt32LE(end + 16) + field.length, end + 16)
  const behind = 30 + 'a/one'.length
  return Buffer.concat([bytes.subarray(0, behind), field, bytes.subarray(behind)])
}

const twice = made()
for (let at = twice.indexOf('a/two'); at >= 0; at = twice.indexOf('a/two', at)) twice.write('a/one', at)
test.each([
  ['a wide size that the directory does not have', set(made(), 'directory', 24, 2 ** 32 - 1, 4), /size mismatch/],
  ['a wide size that the local header does not have', set(made(), 'local', 22, 2 ** 32 - 1, 4), /two ways/],
  ['a wide size in the local header that is another', wide(199_999n), /two ways/],
  ['a stored entry of two sizes', set(made(), 'directory', 24, 199_999, 4), /size mismatch/],
  ['a size that no packing reaches', set(made(6), 'directory', 24, 2 ** 32 - 2, 4), /claims 4294967294 bytes out of/],
  ['a name twice', twice, /stands twice/],
  ['a local header of another name', Buffer.from(made().fill('b/', 30, 32)), /two ways/],
  ['a local header of another size', set(made(), 'local', 22, 5, 4), /two ways/],
  ['a local header of another packing', set(made(), 'local', 8, 8), /two ways/],
  ['an entry past the end', set(made(), 'directory', 42, 100_000_000, 4), /ends too early|signature|it does/],
  ['an entry that lies in another', set(made(), 'directory', 42, 100_000, 4), /overlaps/],
  ['a local header of another CRC-32', set(made(), 'local', 14, 5, 4), /two ways/],
  ['a name that leads out', Buffer.from(zipSync({ '../one': data })), /relative path/],
  ['a directory cut off', made().subarray(0, -30), /End of central directory|not found/],
])('refuses %s', async (_, bytes, why) => {
  await expect(entry(bytes)).rejects.toMatchObject({
    record: { code: 'file-damaged', where: 'a.zip', why: expect.stringMatching(why) },
  })
})

test.each([
  ['an encrypted entry', set(made(6), 'directory', 8, 1), /encrypted/],
  ['an unknown way of packing', set(made(), 'directory', 10, 12), /method 12/],
])('%s is what Basil does not unpack, and no damage', async (_, bytes, why) => {
  await expect(entry(bytes)).rejects.toMatchObject({
    record: { code: 'not-supported', where: 'a.zip', why: expect.stringMatching(why) },
  })
})

test('packed bytes that are more or fewer than their size are refused, also where only a part is asked for', async () => {
  for (const [size, from] of [
    [199_999, 0],
    [200_001, 0],
    [300_000, 250_000],
  ] as const) {
    const bytes = set(set(made(6), 'directory', 24, size, 4), 'local', 22, size, 4)
    const region = await entry(bytes)
    await expect(region.read(from, size - from)).rejects.toMatchObject({
      record: { code: 'file-damaged', why: expect.stringMatching(/unpack/) },
    })
  }
})

test('bytes of another CRC-32 are refused where an entry is read whole, at once or in pieces; a part alone is taken; 0 stands for none', async () => {
  for (const level of [0, 6] as const) {
    const bytes = set(set(made(level), 'directory', 16, 12345, 4), 'local', 14, 12345, 4)
    const wrong = {
      record: {
        code: 'file-damaged',
        where: 'a.zip',
        why: expect.stringMatching(/"a\/one" has the CRC-32 \d+, not 12345/),
      },
    }
    await expect((await entry(bytes)).read(0, 200_000)).rejects.toMatchObject(wrong)
    const region = await entry(bytes)
    expect(Buffer.compare(await region.read(100_000, 1000), data.slice(100_000, 101_000))).toBe(0)
    await Promise.all([region.read(0, 90_000), region.read(90_000, 10_000)])
    await expect(region.read(100_000, 100_000)).rejects.toMatchObject(wrong)
    const untold = await entry(set(set(made(level), 'directory', 16, 0, 4), 'local', 14, 0, 4))
    expect(Buffer.compare(await untold.read(0, 200_000), data)).toBe(0)
  }
})

test('the first bytes tell the format, not the name; a name tells it only where the bytes do not', async () => {
  const header = `{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`.padEnd(0x280)
  const confusing = rawFile(header, 1) // its length, 0x0280, begins as a pickle does
  expect((await openTensorFile(sourceOf(confusing, 'model.pt'))).format).toBe('safetensors')
  await expect(openTensorFile(sourceOf(made(), 'model.safetensors'))).rejects.toMatchObject({
    record: { code: 'format-unknown', why: expect.stringMatching(/zip archive of no known kind/) },
  })
  await expect(openTensorFile(sourceOf(Buffer.from('nothing of the kind'), 'model.safetensors'))).rejects.toMatchObject(
    {
      record: { code: 'file-damaged' },
    },
  )
})
