// IDX, CIFAR, STL10's neighbours: files of raw pixels, in miniature and in their true layout. Pixels come row by row
// with their channels together, labels and class names as the files have them; what is cut short, claims too much or is
// something else says so.
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

import { expect, test } from 'vitest'

import { recognise } from '../../../../src-main/engine/datasets/sources/find.ts'
import { openFiles } from '../../../../src-main/files/folder.ts'
import { dictionary, global, int, pickled, plain, type Step, text, tuple } from '../../formats/pickle-steps.ts'
import { disk, listing, openSplit, pixelsOf, refusal, withImages } from './disk.ts'

/** Big-endian header, then bytes. */
function idxFile(magic: number, sizes: number[], data: ArrayLike<number>): Buffer {
  const head = Buffer.alloc(4 + 4 * sizes.length)
  head.writeUInt32BE(magic)
  for (const [i, size] of sizes.entries()) head.writeUInt32BE(size, 4 + 4 * i)
  return Buffer.concat([head, Uint8Array.from(data)])
}

const count = (n: number, from = 0): number[] => Array.from({ length: n }, (_, i) => (from + i) % 256)
const idxImages = idxFile(0x803, [3, 2, 4], count(24))
const idxLabels = idxFile(0x801, [3], [7, 0, 9])

test('MNIST as torchvision leaves it, packed or not, and EMNIST by its parts', async () => {
  const raw = (folder: string, end: (bytes: Buffer) => Buffer, ending: string) => ({
    [`${folder}/train-images-idx3-ubyte${ending}`]: end(idxImages),
    [`${folder}/train-labels-idx1-ubyte${ending}`]: end(idxLabels),
    [`${folder}/t10k-images-idx3-ubyte${ending}`]: end(idxFile(0x803, [1, 2, 4], count(8, 100))),
    [`${folder}/t10k-labels-idx1-ubyte${ending}`]: end(idxFile(0x801, [1], [5])),
  })
  const roots = [
    disk(raw('MNIST/raw', (b) => b, '')),
    disk(raw('MNIST/raw', gzipSync, '.gz')),
    disk({ ...raw('MNIST/raw', (b) => b, ''), ...raw('MNIST/raw', gzipSync, '.gz') }),
  ]
  for (const root of roots) {
    expect(await recognise(root, openFiles)).toMatchObject({
      splits: ['train', 'test'],
      known: { name: 'MNIST', field: {} },
    })
    expect(await listing(root, 'train')).toMatchObject({
      labels: [7, 0, 9],
      classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    })
    expect(await pixelsOf(root, 'train', 1)).toEqual({
      pixels: Uint8Array.from(count(8, 8)),
      width: 4,
      height: 2,
      channels: 1,
    })
    expect((await pixelsOf(root, 'test', 0)).pixels).toEqual(Uint8Array.from(count(8, 100)))
  }
  const fashion = disk(raw('FashionMNIST/raw', (b) => b, ''))
  expect(await recognise(fashion, openFiles)).toMatchObject({ known: null })
  expect(await listing(join(fashion, 'FashionMNIST/raw'), 'train')).toMatchObject({ labels: [7, 0, 9], classes: null })
  const emnist = disk({
    'emnist-letters-train-images-idx3-ubyte': idxImages,
    'emnist-letters-train-labels-idx1-ubyte': idxLabels,
  })
  expect((await recognise(emnist, openFiles)).splits).toEqual(['letters-train'])
})

test.each([
  ['cut short', idxImages.subarray(0, 30), idxLabels, /its header says \[3,2,4\], 24 bytes, but 14 lie behind it/],
  ['with bytes too many', Buffer.concat([idxImages, Buffer.from('x')]), idxLabels, /25 lie behind/],
  ['without a header', Buffer.from([0, 0, 8]), idxLabels, /its header alone has 16/],
  [
    'of labels in place of images',
    idxFile(0x801, [3, 1, 1], [1, 2, 3]),
    idxLabels,
    /begins with 0x801, not with 0x803/,
  ],
  ['of images in place of labels', idxImages, idxImages, /begins with 0x803, not with 0x801/],
  [
    'with more images than can be',
    idxFile(0x803, [2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], []),
    idxLabels,
    /which cannot be/,
  ],
  ['with images of no size', idxFile(0x803, [3, 0, 4], []), idxLabels, /the size \[0,4\]/],
  ['with another count of labels', idxImages, idxFile(0x801, [2], [1, 2]), /3 images, the file of labels 2/],
  ['packed, and cut short', gzipSync(idxImages).subarray(0, 30), idxLabels, /unexpected end|fewer than/],
  [
    'packed, with less in it than it claims',
    gzipSync(idxFile(0x803, [3, 2, 5], count(24))),
    idxLabels,
    /40 bytes, fewer than the 46 it needs/,
  ],
  [
    'packed, with more in it than it claims',
    gzipSync(idxFile(0x803, [3, 2, 4], new Uint8Array(1_000_000))),
    idxLabels,
    /more than the 40 bytes/,
  ],
  [
    'packed, claiming terabytes',
    gzipSync(idxFile(0x803, [2 ** 20, 2 ** 12, 2 ** 12], [])),
    idxLabels,
    /claims 17592186044432 bytes out of/,
  ],
])('refuses IDX %s', async (_, images, labels, why) => {
  const root = disk({ 'train-images-idx3-ubyte': images, 'train-labels-idx1-ubyte': labels })
  await expect(openSplit(root, 'train', openFiles)).rejects.toMatchObject(
    refusal('file-damaged', why, /train-(images|labels)/),
  )
})

test('IDX without its labels names the file that is missing', async () => {
  await expect(openSplit(disk({ 'train-images-idx3-ubyte': idxImages }), 'train', openFiles)).rejects.toMatchObject(
    refusal('file-missing', /no file/, /train-labels-idx1-ubyte/),
  )
})

/** Red, green and blue planes of image k: a pixel of the result is (p, p + 1, p + 2) from its place p. */
const planes = (k: number): number[] =>
  Array.from({ length: 3072 }, (_, i) => ((i % 1024) + Math.floor(i / 1024) + k) % 256)
const interleaved = (k: number): Uint8Array =>
  Uint8Array.from({ length: 3072 }, (_, i) => (Math.floor(i / 3) + (i % 3) + k) % 256)
const records = (...of: number[][]): Uint8Array => Uint8Array.from(of.flat())

const ten = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck']
const batches = [1, 2, 3, 4, 5]

test('CIFAR-10 and CIFAR-100 binary: five batches behind each other, the fine label of two', async () => {
  const ten10 = disk({
    ...Object.fromEntries(
      batches.map((b) => [
        `cifar-10-batches-bin/data_batch_${b}.bin`,
        records([b, ...planes(b)], [9 - b, ...planes(10 * b)]),
      ]),
    ),
    'cifar-10-batches-bin/test_batch.bin': records([0, ...planes(0)]),
    'cifar-10-batches-bin/batches.meta.txt': `${ten.join('\n')}\n\n`,
  })
  expect(await recognise(ten10, openFiles)).toMatchObject({ splits: ['train', 'test'], known: { name: 'CIFAR10' } })
  const found = await listing(ten10, 'train')
  expect([found.labels, found.classes, found.names[3]]).toEqual([
    batches.flatMap((b) => [b, 9 - b]),
    ten,
    'data_batch_2.bin[1]',
  ])
  expect(await pixelsOf(ten10, 'train', 3)).toEqual({ pixels: interleaved(20), width: 32, height: 32, channels: 3 })
  const hundred = disk({
    'train.bin': records([4, 1, ...planes(0)]),
    'test.bin': records([0, 2, ...planes(5)]),
    'fine_label_names.txt': 'apple\naquarium_fish\nbaby\n',
  })
  expect(await listing(hundred, 'train')).toMatchObject({ labels: [1], classes: ['apple', 'aquarium_fish', 'baby'] })
  expect((await pixelsOf(hundred, 'test', 0)).pixels).toEqual(interleaved(5))
})

/** A string as Python 2 pickles it: text and bytes alike. */
function old(bytes: Uint8Array | string): Step {
  const raw = Buffer.from(bytes)
  const arg = Buffer.alloc(4 + raw.length)
  arg.writeUInt32LE(raw.length)
  raw.copy(arg, 4)
  return { code: 'T', arg }
}

const oldDictionary = (entries: Record<string, Step[]>): Step[] => [
  ...plain('}('),
  ...Object.entries(entries).flatMap(([key, value]) => [old(key), ...value]),
  ...plain('u'),
]

/** numpy.ndarray of uint8, as pickle writes it since ever: _reconstruct(ndarray, (0,), 'b') and a state. */
function array(shape: number[], data: Step[], type = 'u1'): Step[] {
  const dtype = [global('numpy dtype'), ...tuple(old(type), int(0), int(1)), ...plain('R')]
  return [
    global('numpy.core.multiarray _reconstruct'),
    ...tuple(global('numpy ndarray'), tuple(int(0)), old('b')),
    ...plain('R'),
    ...tuple(int(1), tuple(...shape.map(int)), dtype, plain('\x89'), data),
    ...plain('b'),
  ]
}

const list = (...items: Step[][]): Step[] => [...plain(']('), ...items.flat(), ...plain('e')]
const file = (steps: Step[]): Buffer => pickled([...steps, ...plain('.')])
const batch = (data: Step[], labels: number[]): Buffer =>
  file(oldDictionary({ data, labels: list(...labels.map((label) => [int(label)])) }))
const pickledTen = (first: Buffer): Record<string, Uint8Array> => ({
  'batches.meta': file(oldDictionary({ label_names: list(...ten.map((name) => [old(name)])) })),
  data_batch_1: first,
  ...Object.fromEntries(
    [...batches.slice(1).map((b) => `data_batch_${b}`), 'test_batch'].map((name) => [
      name,
      batch(array([1, 3072], [old(Uint8Array.from(planes(3)))]), [1]),
    ]),
  ),
})

test('CIFAR pickled by Python 2, as it is published; and by Python 3 for it', async () => {
  const root = disk(pickledTen(batch(array([2, 3072], [old(records(planes(200), planes(1)))]), [6, 9])))
  expect(await recognise(root, openFiles)).toMatchObject({ known: { name: 'CIFAR10' } })
  expect(await listing(root, 'train')).toMatchObject({ labels: [6, 9, 1, 1, 1, 1], classes: ten })
  expect((await pixelsOf(root, 'train', 0)).pixels).toEqual(interleaved(200))
  // Python 3 writes bytes for readers of protocol 2 as text that is encoded again, and keys as text.
  const latin = Buffer.from(records(planes(77))).toString('latin1')
  const encoded = [global('_codecs encode'), ...tuple(text(latin), text('latin1')), ...plain('R')]
  const fine = (label: number): Buffer =>
    file(
      dictionary({ data: array([1, 3072], encoded), fine_labels: list([int(label)]), coarse_labels: list([int(0)]) }),
    )
  const hundred = disk({
    train: fine(1),
    test: fine(0),
    meta: file(dictionary({ fine_label_names: list([text('apple')], [text('baby')]) })),
  })
  expect(await recognise(hundred, openFiles)).toMatchObject({ known: { name: 'CIFAR100' } })
  expect(await listing(hundred, 'train')).toMatchObject({ labels: [1], classes: ['apple', 'baby'] })
  expect((await pixelsOf(hundred, 'test', 0)).pixels).toEqual(interleaved(77))
})

const rows = [old(records(planes(0)))]
const system = [global('os system'), ...tuple(text('touch pwned')), ...plain('R')]

test.each([
  ['an array of another width', batch(array([1, 3071], rows), [1]), 'file-damaged', /data is \[1,3071\] of u1/],
  [
    'an array with fewer bytes than its shape',
    batch(array([2, 3072], rows), [1, 2]),
    'file-damaged',
    /\[2,3072\] of u1, 3072 bytes/,
  ],
  ['an array of shape -1', batch(array([-1, 3072], rows), [1]), 'file-damaged', /\[-1,3072\]/],
  ['an array of floats', batch(array([1, 3072], rows, 'f4'), [1]), 'file-damaged', /of f4/],
  [
    'an array of objects that would be made by a call',
    batch(array([1, 3072], system), [1]),
    'file-damaged',
    /no array/,
  ],
  ['a call in place of the array', batch(system, [1]), 'file-damaged', /no array/],
  ['a call in place of everything', file(system), 'file-damaged', /no dictionary/],
  ['fewer labels than images', batch(array([1, 3072], rows), []), 'file-damaged', /no list of 1 numbers/],
  [
    'a label without a class',
    batch(array([1, 3072], rows), [10]),
    'label-range',
    /its label is 10, the classes are 0 to 9/,
  ],
  ['a pickle cut short', batch(array([1, 3072], rows), [1]).subarray(0, 900), 'file-damaged', /no end/],
  ['no pickle', Buffer.from('<html>'), 'file-damaged', /opcode|no end/],
  ['an empty file', Buffer.alloc(0), 'file-damaged', /no end/],
])('refuses CIFAR with %s', async (_, first, code, why) => {
  await expect(openSplit(disk(pickledTen(first)), 'train', openFiles)).rejects.toMatchObject(
    refusal(code, why, /data_batch_1/),
  )
})

test('refuses CIFAR binary that is no whole number of records', async () => {
  const root = disk({
    'train.bin': new Uint8Array(3075),
    'test.bin': new Uint8Array(3074),
    'fine_label_names.txt': 'apple\n',
  })
  await expect(openSplit(root, 'train', openFiles)).rejects.toMatchObject(
    refusal('file-damaged', /3075 bytes are no whole number of records of 3074/, /train\.bin/),
  )
  await withImages(root, 'test', async ({ count: images }) => expect(images).toBe(1))
})
