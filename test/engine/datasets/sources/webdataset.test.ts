// Samples of WebDataset shards as webdataset 1.0 groups them, whatever dots and folders are in their names; labels of
// every kind; shards that gzip packed. No image is lost without a word.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

import { expect, onTestFinished, test } from 'vitest'

import type { LeftOut } from '../../../../src-main/contract/data/left-out.ts'
import { recognise } from '../../../../src-main/engine/datasets/sources/find.ts'
import type { ByteSource, OpenFiles } from '../../../../src-main/engine/formats/source.ts'
import { cacheRoom } from '../../../../src-main/files/cache-room.ts'
import { openFiles } from '../../../../src-main/files/folder.ts'
import { unpackInto } from '../../../../src-main/files/unpacked.ts'
import { disk, openSplit, refusal } from './disk.ts'
import { type Entry, tarEntry, tarFile } from './tar-writer.ts'

const png = (name: string): Entry => ({ name, data: `picture ${name}` })
const cls = (name: string, label: number | string): Entry => ({ name, data: String(label) })

interface Read {
  images: [name: string, label: number][]
  leftOut: readonly LeftOut[]
}

/** Of a split made of these shards; each image is checked to be its own. */
async function read(shards: Record<string, Uint8Array>, files: OpenFiles = openFiles): Promise<Read> {
  const found = await openSplit(disk(shards), 'train', files)
  const images: [string, number][] = []
  for (let i = 0; i < found.count; i++) {
    const image = await found.image(i)
    const name = found.name(i).replace(/^[^/]*\//, '')
    expect('encoded' in image && Buffer.from(image.encoded).toString()).toBe(`picture ${name}`)
    images.push([name, found.labels[i] as number])
  }
  await found.close()
  return { images, leftOut: found.leftOut ?? [] }
}

const one = (...entries: Entry[]): Promise<Read> => read({ 'train-0.tar': tarFile(...entries) })

test('a key ends at the first dot: further dots are the column, which image and label have in common', async () => {
  const { images, leftOut } = await one(
    ...[png('a.png'), cls('a.cls', 1), png('b.05.png'), cls('b.05.cls', 2)],
    ...[png('c.input.png'), cls('c.output.cls', 3), png('v1.5/d.PNG'), cls('v1.5/d.CLS', 4)],
    ...[png('clip.00.png'), cls('clip.00.cls', 5), png('clip.01.png'), cls('clip.01.cls', 6)],
  )
  const names = ['a.png', 'b.05.png', 'c.input.png', 'v1.5/d.PNG', 'clip.00.png', 'clip.01.png']
  expect([images, leftOut]).toEqual([names.map((name, i) => [name, i + 1]), []])
})

test('of several images of a sample one column is used in all of them; the others are counted and named', async () => {
  const seg = (key: string): Entry => png(`${key}.seg.png`)
  const { images, leftOut } = await one(
    ...[seg('a'), png('a.jpg'), cls('a.cls', 1), seg('b'), png('b.jpg'), cls('b.cls', 2)],
    ...[seg('c'), cls('c.cls', 3), png('d.jpg'), cls('d.cls', 4)], // c has lost its photograph: its mask is none
  )
  expect(images).toEqual([
    ['a.jpg', 1],
    ['b.jpg', 2],
    ['d.jpg', 4],
  ])
  const names = ['a', 'b', 'c'].map((key) => `train-0.tar/${key}.seg.png`)
  expect(leftOut).toEqual([{ reason: 'of another column than the one that is used', count: 3, names }])
  const frames = await one(
    ...[0, 1].flatMap((k) => [png(`s${k}.input.png`), png(`s${k}.target.png`), cls(`s${k}.label.cls`, k)]),
  )
  expect([frames.images.map(([name]) => name), frames.leftOut[0]?.count]).toEqual([['s0.input.png', 's1.input.png'], 2])
})

test('samples whose entries do not stand beside each other are put together within their shard', async () => {
  const shards = {
    'train-0.tar': tarFile(png('x/a.png'), png('x/b.png'), cls('x/a.cls', 7), cls('x/b.cls', 8)),
    'train-1.tar': tarFile(cls('x/a.cls', 9), png('x/c.png'), cls('x/c.cls', 1), png('x/a.png')),
  }
  expect((await read(shards)).images).toEqual([
    ['x/a.png', 7],
    ['x/b.png', 8],
    ['x/c.png', 1],
    ['x/a.png', 9],
  ])
  const apart = { 'train-0.tar': tarFile(png('a.png')), 'train-1.tar': tarFile(cls('a.cls', 1)) }
  await expect(read(apart)).rejects.toMatchObject(
    refusal('data-invalid', /neither \.cls nor \.json/, /train-0\.tar: a/),
  )
})

test('what macOS adds, links, second ones and kinds that are not read are left out, counted and named', async () => {
  const { images, leftOut } = await one(
    ...[png('./._a.png'), cls('./._a.cls', 'x'), png('./a.png'), { name: '.DS_Store', data: 'x' }, cls('./a.cls', 1)],
    ...[png('x/._b.png'), png('x/b.png'), png('x/b.png'), cls('x/b.cls', 2), png('__notes__/n.png')],
    ...[
      { name: 'c.png', type: '2', size: '00000000777\0' },
      cls('c.cls', 3),
      { name: 'd.heic', data: 'x' },
      cls('d.cls', 4),
    ],
  )
  expect(images).toEqual([
    ['./a.png', 1],
    ['x/b.png', 2],
  ])
  expect(leftOut.map(({ reason, count, names }) => [reason.slice(0, 12), count, names[0]])).toEqual([
    ['hidden files', 2, 'train-0.tar/./._a.png'],
    ['a second one', 1, 'train-0.tar/x/b.png'],
    ['links inside', 1, 'train-0.tar/c.png'],
    ['.heic, a kin', 1, 'train-0.tar/d.heic'],
  ])
  const none = one({ name: 'a.heic', data: 'x' }, cls('a.cls', 1))
  await expect(none).rejects.toMatchObject(
    refusal('split-empty', /not one image in it; 1 left out, \.heic, a kind that is not read: train-0/),
  )
})

/** As numpy.save writes one number. */
function npy(descr: string, shape: string, bytes: number[]): Uint8Array {
  const head = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117)
  return Buffer.concat([
    Buffer.from([0x93]),
    Buffer.from('NUMPY\x01\x00v\x00'),
    Buffer.from(`${head}\n`),
    Uint8Array.from(bytes),
  ])
}

test('labels stand in .cls, .index, .txt, .npy or a .json, in which Python may have written NaN', async () => {
  const { images } = await one(
    ...[
      png('a.png'),
      cls('a.index', 1),
      png('b.png'),
      cls('b.txt', '2\n'),
      png('c.png'),
      { name: 'c.npy', data: npy('<i8', '()', [3, 0, 0, 0, 0, 0, 0, 0]) },
    ],
    ...[png('d.png'), cls('d.json', '{"score": NaN, "note": "NaN, \\"Infinity\\"", "label": 4, "x": [-Infinity]}')],
    ...[png('e.png'), cls('e.json', 5), png('f.png'), cls('f.json', '{"caption": "a dog"}'), cls('f.txt', 6)],
    ...[
      png('g.png'),
      cls('g.txt', 'a dog runs'),
      cls('g.cls', 7),
      png('h.png'),
      { name: 'h.npy', data: npy('|u1', '(1,)', [8]) },
    ],
  )
  expect(images.map(([, label]) => label)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  const wrong = (entry: Entry): Promise<Read> => one(png('a.png'), entry)
  await expect(wrong(cls('a.json', '{"label": NaN}'))).rejects.toMatchObject(
    refusal('data-invalid', /its label is "null"/, /a\.png/),
  )
  await expect(wrong({ name: 'a.npy', data: npy('<i8', '(4,)', []) })).rejects.toMatchObject(
    refusal('data-invalid', /shape \[4\]/),
  )
  await expect(wrong({ name: 'a.npy', data: npy('<i8', '()', [1]) })).rejects.toMatchObject(
    refusal('data-invalid', /ends too early/),
  )
})

function packedFiles(capBytes?: number): OpenFiles {
  const folder = mkdtempSync(join(tmpdir(), 'basil-unpacked-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return { ...openFiles, unpacked: unpackInto(folder, cacheRoom([folder], capBytes === undefined ? {} : { capBytes })) }
}

test('shards that gzip packed are read as the others, by whatever ending they are named', async () => {
  const tar = (key: string, label: number): Uint8Array => gzipSync(tarFile(png(`${key}.png`), cls(`${key}.cls`, label)))
  const shards = { 'train-0.tar.gz': tar('a', 1), 'train-1.tgz': tar('b', 2), 'train-2.tar': tar('c', 3) }
  expect((await read(shards, packedFiles())).images.map(([, label]) => label)).toEqual([1, 2, 3])
  const other = gzipSync(Buffer.alloc(4096, 'no tar'))
  await expect(read({ 'train-0.tar.gz': other }, packedFiles())).rejects.toMatchObject(
    refusal('file-damaged', /no tar archive/, /train-0\.tar\.gz/),
  )
  const xz = Buffer.from('fd377a585a000004', 'hex')
  await expect(read({ 'train-0.tar.xz': xz }, packedFiles())).rejects.toMatchObject(
    refusal('not-supported', /packed by xz/),
  )
})

test('shards lie in the folder itself, in data/, or in folders that are the splits; classnames.txt names the classes', async () => {
  const shard = tarFile(png('a.png'), cls('a.cls', 1))
  const splits = async (root: string): Promise<string[]> => (await recognise(root, openFiles)).splits
  expect(await splits(disk({ 'data/train-0.tar': shard, 'data/test-0.tar': shard, 'README.md': 'x' }))).toEqual([
    'test',
    'train',
  ])
  const folders = disk({
    'train/0.tar': shard,
    'train/1.tar': shard,
    'test/0.tar': shard,
    'classnames.txt': 'ant\nbee\n',
  })
  expect(await splits(folders)).toEqual(['test', 'train'])
  const found = await openSplit(folders, 'train', openFiles)
  expect([found.count, found.classes]).toEqual([2, ['ant', 'bee']])
  await found.close()
  const few = disk({ 'train/0.tar': shard, 'classnames.txt': 'ant' })
  await expect(openSplit(few, 'train', openFiles)).rejects.toMatchObject(
    refusal('label-range', /its label is 1, the classes are 0 to 0/),
  )
})

test('small entries are read many at once, and what lies between the headers of large ones is not read', async () => {
  const bytes: number[] = []
  const counted: OpenFiles = {
    ...openFiles,
    open: async (path) => {
      const source: ByteSource = await openFiles.open(path)
      const read: ByteSource['read'] = (offset, length, into) => {
        bytes.push(length)
        return source.read(offset, length, into)
      }
      return { ...source, read }
    },
  }
  const small = Array.from({ length: 2000 }, (_, k) => [png(`${k}.png`), cls(`${k}.cls`, 1)]).flat()
  const shard = disk({ 'train-0.tar': tarFile(...small) })
  await (await openSplit(shard, 'train', counted)).close()
  expect(bytes.length).toBeLessThan(40)
  bytes.length = 0
  const large = Array.from({ length: 20 }, (_, k) => [
    tarEntry({ name: `${k}.png`, data: Buffer.alloc(300_000) }),
    tarEntry(cls(`${k}.cls`, 1)),
  ]).flat()
  const photographs = disk({ 'train-0.tar': Buffer.concat([...large, Buffer.alloc(1024)]) })
  await (await openSplit(photographs, 'train', counted)).close()
  expect(bytes.reduce((a, b) => a + b, 0)).toBeLessThan(20 * 20_000)
})
