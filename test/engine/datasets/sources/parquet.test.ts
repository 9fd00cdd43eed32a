// Parquet as other writers than Hugging Face's make it: plain bytes, labels of every kind, rows that have none, and
// images that are only named.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { parquetMetadata } from 'hyparquet'
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer'
import { expect, test } from 'vitest'

import { openFiles } from '../../../../src-main/files/folder.ts'
import { disk, images, listing, openSplit, refusal, withImages } from './disk.ts'

type Schema = NonNullable<Parameters<typeof parquetWriteBuffer>[0]['schema']>

const bytes = (k: number): Uint8Array => Buffer.from(`image ${k} `.repeat(40))
const leaf = (name: string, type: 'BYTE_ARRAY' | 'INT32' | 'BOOLEAN' | 'DOUBLE', text = false): Schema[number] => ({
  name,
  type,
  repetition_type: 'OPTIONAL',
  ...(text && { converted_type: 'UTF8' as const }),
})
const struct = (name: string): Schema => [
  { name, repetition_type: 'OPTIONAL', num_children: 2 },
  leaf('bytes', 'BYTE_ARRAY'),
  leaf('path', 'BYTE_ARRAY', true),
]

function file(columns: [data: ColumnSource, schema: Schema][], metadata: object = {}): Uint8Array {
  const schema: Schema = [{ name: 'root', num_children: columns.length }, ...columns.flatMap(([, own]) => own)]
  const kvMetadata = [{ key: 'huggingface', value: JSON.stringify(metadata) }]
  return new Uint8Array(
    parquetWriteBuffer({ columnData: columns.map(([data]) => data), schema, rowGroupSize: 3, kvMetadata }),
  )
}

const four = [0, 1, 2, 3]
const binary = (name = 'image'): [ColumnSource, Schema] => [{ name, data: four.map(bytes) }, [leaf(name, 'BYTE_ARRAY')]]
const label = (
  data: unknown[],
  type: 'INT32' | 'BOOLEAN' | 'DOUBLE' | 'BYTE_ARRAY',
  name = 'label',
): [ColumnSource, Schema] => [{ name, data }, [leaf(name, type, type === 'BYTE_ARRAY')]]
const train = (content: Uint8Array): string => disk({ 'train.parquet': content })

test('a plain column of bytes holds images, whatever stands beside it', async () => {
  const columns: [ColumnSource, Schema][] = [
    [{ name: 'thumb_hash', data: four.map((k) => Uint8Array.of(k, k)) }, [leaf('thumb_hash', 'BYTE_ARRAY')]],
    label(['w', 'x', 'y', 'z'], 'BYTE_ARRAY', 'caption'),
    binary('jpg'),
    label([3, 0, 1, 2], 'INT32', 'class_id'),
  ]
  await withImages(train(file(columns)), 'train', async (found) => {
    expect([[...found.labels], found.classes]).toEqual([[3, 0, 1, 2], null])
    for (const k of four) expect(await found.image(k)).toEqual({ encoded: Uint8Array.from(bytes(k)) })
  })
})

test.each<[string, unknown[], 'INT32' | 'BOOLEAN' | 'DOUBLE' | 'BYTE_ARRAY', number[], string[] | null]>([
  ['truths', [false, true, true, false], 'BOOLEAN', [0, 1, 1, 0], ['false', 'true']],
  ['floating numbers that are whole', [0, 3, 1, 2], 'DOUBLE', [0, 3, 1, 2], null],
  ['names', ['cat', 'ant', 'dog', 'bee'], 'BYTE_ARRAY', [2, 0, 3, 1], ['ant', 'bee', 'cat', 'dog']],
])('labels are %s', async (_, data, type, labels, classes) => {
  const found = await openSplit(train(file([binary(), label(data, type)])), 'train', openFiles)
  expect([[...found.labels], found.classes]).toEqual([labels, classes])
  await found.close()
})

test.each<[string, unknown[], 'INT32' | 'BOOLEAN' | 'DOUBLE' | 'BYTE_ARRAY', RegExp]>([
  ['null', [0, 1, null, 1], 'INT32', /the label of train\.parquet\[2\] is null/],
  ['null beside names', ['a', 'b', null, 'a'], 'BYTE_ARRAY', /the label of train\.parquet\[2\] is null/],
  ['null beside truths', [true, false, null, true], 'BOOLEAN', /the label of train\.parquet\[2\] is null/],
  ['no number', [0, 1, Number.NaN, 1], 'DOUBLE', /its label is NaN/],
  ['half a class', [0, 1, 0.5, 1], 'DOUBLE', /its label is 0\.5/],
])('a label that is %s is named with its row', async (_, data, type, why) => {
  const opened = openSplit(train(file([binary(), label(data, type)])), 'train', openFiles)
  await expect(opened).rejects.toMatchObject(refusal('label-range', why, /train\.parquet\[2\]$/))
})

const list = (name: string, element: Schema): Schema => [
  { name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  ...element,
]

test('lists of labels and of images are named with their row', async () => {
  const labels: [ColumnSource, Schema] = [
    { name: 'label', data: four.map((k) => [k]) },
    list('label', [leaf('element', 'INT32')]),
  ]
  const opened = openSplit(train(file([binary(), labels])), 'train', openFiles)
  await expect(opened).rejects.toMatchObject(
    refusal('label-range', /the label of train\.parquet\[0\] is a list of 1/, /train\.parquet\[0\]$/),
  )
  const several: [ColumnSource, Schema] = [
    { name: 'images', data: four.map((k) => [{ bytes: bytes(k), path: null }]) },
    list('images', struct('element')),
  ]
  const lists = openSplit(train(file([several, label(four, 'INT32')])), 'train', openFiles)
  await expect(lists).rejects.toMatchObject(
    refusal(
      'data-invalid',
      /the "images" of train\.parquet\[0\] is a list; one image a row is needed/,
      /train\.parquet\[0\]$/,
    ),
  )
})

/** As `datasets` writes images that it was given as files. */
const named = (paths: (string | null)[]): Uint8Array => {
  const columns: [ColumnSource, Schema][] = [
    [{ name: 'image', data: paths.map((path) => ({ bytes: null, path })) }, struct('image')],
    label(
      paths.map((_, i) => i % 3),
      'INT32',
    ),
  ]
  return file(columns, {
    info: { features: { image: { _type: 'Image' }, label: { _type: 'ClassLabel', names: ['a', 'b', 'c'] } } },
  })
}

test('images that are only named are read from their files, relative to the Parquet or absolute, inside of what was opened', async () => {
  const root = disk({ ...images('pictures/0.ppm', 'pictures/1.ppm', 'out/2.ppm'), 'secret.txt': 'x', 'out/x/': '' })
  const paths = [
    join(root, 'pictures/0.ppm'),
    '../pictures/1.ppm',
    '2.ppm',
    join(root, 'secret.txt'),
    '../../elsewhere.ppm',
    'gone.ppm',
    null,
  ]
  writeFileSync(join(root, 'out/train.parquet'), named(paths))
  expect(await listing(root, 'out')).toEqual({
    names: ['pictures/0.ppm', 'pictures/1.ppm', 'out/2.ppm'],
    labels: [0, 1, 2],
    classes: ['a', 'b', 'c'],
  })
  await withImages(root, 'out', async ({ leftOut }) => {
    expect(leftOut).toEqual([
      { reason: 'paths of no image that is read', count: 1, names: [join(root, 'secret.txt')] },
      { reason: 'paths outside of what was opened', count: 1, names: ['../../elsewhere.ppm'] },
      { reason: 'paths at which there is no file', count: 1, names: ['gone.ppm'] },
      { reason: 'rows without a path', count: 1, names: ['train.parquet[6]'] },
    ])
  })
  // Of the same file alone its own folder is what was opened.
  expect((await listing(join(root, 'out/train.parquet'), '')).names).toEqual(['2.ppm'])
})

test('where no file is at any of the paths, it is said that there are no pixels', async () => {
  const opened = openSplit(train(named(['/somewhere/else/0.png', '/somewhere/else/1.png'])), 'train', openFiles)
  const why = /holds no pixels, but 2 paths of images; paths outside of what was opened, as "\/somewhere\/else\/0\.png"/
  await expect(opened).rejects.toMatchObject(refusal('data-invalid', why))
  const text = file([label(['a/0.ppm'], 'BYTE_ARRAY', 'file_name'), label([1], 'INT32')])
  expect(await listing(disk({ 'train.parquet': text, ...images('a/0.ppm') }), 'train')).toMatchObject({
    names: ['a/0.ppm'],
    labels: [1],
  })
})

/** A positive number as Thrift's compact protocol has it: zigzag, seven bits a byte. */
function thrift(value: number): number[] {
  const out: number[] = []
  for (let rest = 2 * value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...out, rest]
    out.push((rest % 128) + 128)
  }
}

test("a row group beyond Basil's limit is told as that, with the way to write smaller ones", async () => {
  const sound = Buffer.from(file([binary(), label([0, 1, 2, 3], 'INT32')]))
  const { metadata_length: length, row_groups: groups } = parquetMetadata(Uint8Array.from(sound).buffer)
  // between the columns and the number of rows
  const size = (bytes: number): Buffer => Buffer.from([0x16, ...thrift(bytes), 0x16])
  const footer = sound.subarray(-8 - length, -8)
  const was = size(Number(groups[0]?.total_byte_size))
  const at = footer.indexOf(was)
  const changed = Buffer.concat([footer.subarray(0, at), size(3 * 2 ** 30), footer.subarray(at + was.length)])
  const tail = Buffer.from([0, 0, 0, 0, ...Buffer.from('PAR1')])
  tail.writeUInt32LE(changed.length)
  const claims = Buffer.concat([sound.subarray(0, -8 - length), changed, tail])
  await expect(openSplit(train(claims), 'train', openFiles)).rejects.toMatchObject({
    record: {
      code: 'not-supported',
      why: expect.stringContaining('has 3221225472 bytes'),
      next: expect.stringContaining('row_group_size'),
    },
  })
})

const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'4d7a'.repeat(16)}\nsize 605247071\n`
test.each([
  ['train.parquet', 'Parquet file'],
  ['train-000000.tar', 'tar archive'],
])('%s that is a Git LFS pointer', async (name, wanted) => {
  await expect(openSplit(disk({ [name]: pointer }), 'train', openFiles)).rejects.toMatchObject({
    record: { what: `${name} is not a ${wanted} but a Git LFS pointer`, next: expect.stringContaining('git lfs pull') },
  })
})
