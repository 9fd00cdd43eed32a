// Data sets in shards: WebDataset's tar files, and Hugging Face's Parquet. Samples in the order of the shards, images
// read by their place; shards that are missing, cut short or claim too much say so.
import fc from 'fast-check'
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer'
import { expect, test } from 'vitest'

import { BasilError } from '../../../../src-main/contract/errors.ts'
import { recognise } from '../../../../src-main/engine/datasets/sources/find.ts'
import type { ByteSource, OpenFiles } from '../../../../src-main/engine/formats/source.ts'
import { openFiles } from '../../../../src-main/files/folder.ts'
import { sourceOf } from '../../formats/bytes.ts'
import { disk, listing, openSplit, refusal, withImages } from './disk.ts'
import { type Entry, gnuLong, paxLong, tarEntry, tarFile } from './tar-writer.ts'

const sample = (key: string, label: number): Entry[] => [
  { name: `${key}.jpg`, data: `/${key}.jpg` },
  { name: `${key}.cls`, data: `${label}\n` },
]

test('WebDataset: shards in order, keys up to the first dot, labels of .cls or .json', async () => {
  const long = `${'deep/'.repeat(40)}${'k'.repeat(90)}`
  const root = disk({
    'train-000001.tar': tarFile(...sample('b', 2), { name: 'c.txt', data: 'no image' }),
    'train-000000.tar': tarFile(
      { name: 'folder/', type: '5' },
      { name: '0001.jpg', prefix: 'pre/fix', data: '/pre/fix/0001.jpg' },
      { name: '0001.cls', prefix: 'pre/fix', data: '7' },
      { name: '0002.seg.png', data: 'a second picture' },
      { name: '0002.json', data: '{"caption": "x", "label": 3}' },
      { name: '0002.png', data: '/0002.png' },
      ...gnuLong(`${long}1.jpg`, `/${long}1.jpg`),
      ...gnuLong(`${long}1.cls`, '1'),
      ...paxLong(`${long}2.jpg`, `/${long}2.jpg`),
      ...paxLong(`${long}2.cls`, '0'),
      ...sample('last', 5), // under its own name again
    ),
    'test-000000.tar': tarFile(...sample('t', 9)),
  })
  expect((await recognise(root, openFiles)).splits).toEqual(['test', 'train'])
  const names = ['pre/fix/0001.jpg', '0002.png', `${long}1.jpg`, `${long}2.jpg`, 'last.jpg'].map(
    (name) => `train-000000.tar/${name}`,
  )
  await withImages(root, 'train', async (found) => {
    expect(Array.from({ length: found.count }, (_, i) => found.name(i))).toEqual([...names, 'train-000001.tar/b.jpg'])
    expect([...found.labels]).toEqual([7, 3, 1, 0, 5, 2])
    for (let i = 0; i < found.count; i++) {
      const image = await found.image(i)
      expect('encoded' in image && found.name(i).endsWith(Buffer.from(image.encoded).toString())).toBe(true)
    }
  })
  expect(await recognise(`${root}/test-000000.tar`, openFiles)).toMatchObject({ splits: ['all'] })
})

const whole = tarFile(...sample('a', 1), ...sample('b', 2))
const broken = (at: number): Buffer => Buffer.concat([whole.subarray(0, at), Buffer.from('~'), whole.subarray(at + 1)])

test.each([
  ['cut short in an image', whole.subarray(0, 515), /ends past the end/],
  ['cut short in a header', whole.subarray(0, 1030), /middle of/],
  ['cut short behind an entry', whole.subarray(0, 2048), /without the zeros/],
  ['with a damaged header', broken(1024 + 3), /sum it claims/],
  [
    'with an entry larger than the file',
    Buffer.concat([tarEntry({ name: 'a.jpg', size: '77777777777\0' }), whole]),
    /ends past the end/,
  ],
  [
    'with a size past 2^53',
    Buffer.concat([tarEntry({ name: 'a.jpg', size: Buffer.from([0x80, ...Array(11).fill(255)]) }), whole]),
    /no size that can be/,
  ],
  [
    'with a size that is no number',
    Buffer.concat([tarEntry({ name: 'a.jpg', size: 'zzzzzzzzzzz\0' }), whole]),
    /no size that can be/,
  ],
  [
    'with a name of a gigabyte',
    Buffer.concat([tarEntry({ name: 'x', type: 'L', size: '07777777777\0' }), whole]),
    /the name at 0 has 1073741823 bytes/,
  ],
  ['with an image without a label', tarFile({ name: 'a.jpg', data: 'x' }), /neither \.cls nor \.json/],
  [
    'with a label that is no number',
    tarFile({ name: 'a.jpg', data: 'x' }, { name: 'a.cls', data: 'cat' }),
    /"cat", which is no whole number/,
  ],
  ['with a label that is no JSON', tarFile({ name: 'a.jpg', data: 'x' }, { name: 'a.json', data: '{' }), /JSON/],
  [
    'with a label in another key',
    tarFile({ name: 'a.jpg', data: 'x' }, { name: 'a.json', data: '{"size": 3}' }),
    /its \.json has no "label"/,
  ],
  ['without images', tarFile({ name: 'a.txt', data: 'x' }), /not one image/],
])('refuses a shard %s', async (_, bytes, why) => {
  const root = disk({ 'train-0.tar': tarFile(...sample('z', 0)), 'train-1.tar': bytes })
  const where = why.source.includes('not one') ? /train/ : /train-1\.tar/
  const alone = why.source.includes('not one') ? disk({ 'train-1.tar': bytes }) : root
  await expect(openSplit(alone, 'train', openFiles)).rejects.toMatchObject({
    record: { why: expect.stringMatching(why), where: expect.stringMatching(where) },
  })
})

const picture = (k: number): { bytes: Uint8Array; path: string } => ({
  bytes: Buffer.from(`image ${k} `.repeat(400)),
  path: `${k}.png`,
})
const features = {
  info: { features: { image: { _type: 'Image' }, label: { _type: 'ClassLabel', names: ['ant', 'bee', 'cat'] } } },
}

interface Written {
  labels?: (number | string)[]
  metadata?: object
  image?: string
  rowGroupSize?: number
}

function parquetFile(
  from: number,
  count: number,
  { labels, metadata = features, image = 'image', rowGroupSize = 3 }: Written = {},
): Uint8Array {
  const pictures = Array.from({ length: count }, (_, i) => picture(from + i))
  const columnData: ColumnSource[] = [
    { name: image, data: pictures },
    { name: 'label', data: labels ?? pictures.map((_, i) => (from + i) % 3) },
  ]
  const texts = labels?.some((label) => typeof label === 'string')
  const schema = [
    { name: 'root', num_children: 2 },
    { name: image, repetition_type: 'OPTIONAL' as const, num_children: 2 },
    { name: 'bytes', type: 'BYTE_ARRAY' as const, repetition_type: 'OPTIONAL' as const },
    {
      name: 'path',
      type: 'BYTE_ARRAY' as const,
      converted_type: 'UTF8' as const,
      repetition_type: 'OPTIONAL' as const,
    },
    texts
      ? {
          name: 'label',
          type: 'BYTE_ARRAY' as const,
          converted_type: 'UTF8' as const,
          repetition_type: 'REQUIRED' as const,
        }
      : { name: 'label', type: 'INT32' as const, repetition_type: 'REQUIRED' as const },
  ]
  return new Uint8Array(
    parquetWriteBuffer({
      columnData,
      schema,
      rowGroupSize,
      kvMetadata: [{ key: 'huggingface', value: JSON.stringify(metadata) }],
    }),
  )
}

/** Bytes read, by the sizes of the reads. */
function counting(read: number[]): OpenFiles {
  const open = async (path: string): Promise<ByteSource> => {
    const source = await openFiles.open(path)
    const counted: ByteSource['read'] = (offset, length, into) => {
      read.push(length)
      return source.read(offset, length, into)
    }
    return { ...source, read: counted }
  }
  return { ...openFiles, open }
}

test('Parquet: shards behind each other, classes of the features, a row group read once and no more than is needed', async () => {
  const shards = {
    'data/train-00000-of-00002.parquet': parquetFile(0, 7),
    'data/train-00001-of-00002.parquet': parquetFile(7, 4),
    'data/test-00000-of-00001.parquet': parquetFile(50, 1),
  }
  const root = disk({ 'README.md': 'x', ...shards })
  expect((await recognise(root, openFiles)).splits).toEqual(['test', 'train'])
  const read: number[] = []
  const found = await openSplit(root, 'train', counting(read))
  expect([found.count, [...found.labels], found.classes, found.name(8)]).toEqual([
    11,
    [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1],
    ['ant', 'bee', 'cat'],
    'train-00001-of-00002.parquet[1]',
  ])
  read.length = 0
  for (let i = 0; i < 11; i++) expect(await found.image(i)).toEqual({ encoded: Uint8Array.from(picture(i).bytes) })
  const once = read.reduce((a, b) => a + b, 0)
  expect(once).toBeLessThan(1.2 * (parquetFile(0, 7).length + parquetFile(7, 4).length))
  expect(await found.image(3)).toEqual({ encoded: Uint8Array.from(picture(3).bytes) }) // its group was let go
  expect(read.reduce((a, b) => a + b, 0)).toBeGreaterThan(once)
  await found.close()
})

test('Parquet elsewhere: one folder of a configuration, SPLIT/0000.parquet, a file; labels that are names', async () => {
  const one = disk({ 'plain_text/train-00000-of-00001.parquet': parquetFile(0, 2, { image: 'img', metadata: {} }) })
  expect(await listing(one, 'train')).toMatchObject({ labels: [0, 1], classes: null })
  const converted = disk({
    'train/0000.parquet': parquetFile(0, 2),
    'train/0001.parquet': parquetFile(2, 2),
    'test/0000.parquet': parquetFile(9, 1),
  })
  expect((await recognise(converted, openFiles)).splits).toEqual(['test', 'train'])
  expect(await listing(converted, 'train')).toMatchObject({ labels: [0, 1, 2, 0] })
  const named = disk({ 'a.parquet': parquetFile(0, 3, { labels: ['cat', 'ant', 'cat'], metadata: {} }) })
  expect(await listing(`${named}/a.parquet`, '')).toMatchObject({ labels: [1, 0, 1], classes: ['ant', 'cat'] })
})

const sound = parquetFile(0, 7)
const footer = (change: (tail: Buffer) => void): Uint8Array => {
  const bytes = Buffer.from(sound)
  change(bytes.subarray(bytes.length - 8))
  return bytes
}

test.each([
  ['cut short', sound.subarray(0, sound.length - 40), 'file-damaged', /footer|magic|parquet/i],
  ['with a footer larger than the file', footer((tail) => tail.writeUInt32LE(2 ** 31)), 'file-damaged', /metadata/i],
  ['with a footer of nothing', footer((tail) => tail.writeUInt32LE(0)), 'file-damaged', /./],
  ['with its end only', Buffer.from('PAR1'), 'file-damaged', /./],
  ['without an image column', parquetFile(0, 2, { image: 'pixels', metadata: {} }), 'ok', /./],
  ['with a label past the classes', parquetFile(0, 2, { labels: [0, 3] }), 'label-range', /its label is 3/],
  [
    'with a name that is no class',
    parquetFile(0, 2, { labels: ['ant', 'dog'] }),
    'data-invalid',
    /"dog", which is none of the classes/,
  ],
])('Parquet %s', async (_, bytes, code, why) => {
  const counted = withImages(disk({ 'train-00000-of-00001.parquet': bytes }), 'train', async ({ count }) => count)
  if (code === 'ok') expect(await counted).toBe(2)
  else await expect(counted).rejects.toMatchObject(refusal(code, why, /train/))
})

test('a shard that is missing is named, and a page that is damaged refuses its images alone', async () => {
  const part = disk({ 'data/train-00000-of-00003.parquet': sound, 'data/train-00002-of-00003.parquet': sound })
  await expect(openSplit(part, 'train', openFiles)).rejects.toMatchObject(
    refusal('data-invalid', /of 3 shards the 1-th is missing/),
  )
  const last = disk({ 'data/train-00000-of-00002.parquet': sound })
  await expect(openSplit(last, 'train', openFiles)).rejects.toMatchObject(
    refusal('data-invalid', /of 2 shards 1 are there/),
  )
  const damagedPage = Buffer.from(sound).fill(0xff, 4, 40)
  await withImages(disk({ 'train-00000-of-00001.parquet': damagedPage }), 'train', async (found) => {
    await expect(found.image(0)).rejects.toMatchObject({
      record: { code: 'file-damaged', where: 'train-00000-of-00001.parquet' },
    })
    expect(await found.image(6)).toHaveProperty('encoded')
  })
})

test.each([
  ['train-0.tar', whole, 0],
  ['train-00000-of-00001.parquet', sound, sound.length - 900], // its footer
])('mutants of %s give an error with a reason, or images', async (name, bytes, from) => {
  const path = disk({ [name]: bytes })
  const place = fc.integer({ min: from, max: bytes.length - 1 })
  const all = async (mutant: Uint8Array): Promise<void> => {
    const found = await openSplit(path, 'train', {
      ...openFiles,
      open: async (file) => ({ ...sourceOf(mutant, name), path: file }),
    })
    for (let i = 0; i < found.count; i++) await found.image(i)
  }
  await all(bytes)
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(place, fc.nat(255)), { minLength: 1, maxLength: 3 }), async (changes) => {
      const mutant = Uint8Array.from(bytes)
      for (const [at, byte] of changes) mutant[at] = byte
      await all(mutant).catch((error) => expect(error).toBeInstanceOf(BasilError))
    }),
    { seed: 6, numRuns: 200 },
  )
})
