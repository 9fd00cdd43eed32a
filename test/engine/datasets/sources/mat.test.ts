// MATLAB's files: SVHN's digits with their columns made rows and their 10 made 0; files that SciPy 1.17.1 wrote; and
// what breaks the format, claims what cannot be, or is of a level that is not read.
import { deflateSync } from 'node:zlib'

import fc from 'fast-check'
import { expect, test } from 'vitest'

import { BasilError } from '../../../../src-main/contract/errors.ts'
import { readMat } from '../../../../src-main/engine/datasets/containers/mat.ts'
import { recognise } from '../../../../src-main/engine/datasets/sources/find.ts'
import { openFiles } from '../../../../src-main/files/folder.ts'
import { sourceOf } from '../../formats/bytes.ts'
import { disk, listing, openSplit, pixelsOf, refusal } from './disk.ts'
import { element, matFile, matrix, wrapped } from './mat-writer.ts'

/** Element (y, x, c, n) of (2, 3, 3, n), and where it lies: the first index is fastest. */
const value = (y: number, x: number, c: number, n: number): number => 100 * n + 30 * c + 10 * y + x
const columns = (n: number): number[] =>
  Array.from({ length: 18 * n }, (_, i) =>
    value(i % 2, Math.floor(i / 2) % 3, Math.floor(i / 6) % 3, Math.floor(i / 18)),
  )
const rows = (n: number): Uint8Array =>
  Uint8Array.from({ length: 18 }, (_, i) => value(Math.floor(i / 9), Math.floor(i / 3) % 3, i % 3, n))

const digits = {
  X: { numbers: columns(2), dims: [2, 3, 3, 2] },
  y: { numbers: [10, 4], dims: [2, 1], type: 'F64' as const },
}

test('SVHN: columns become rows, the label 10 the digit 0, packed or not', async () => {
  const root = disk({
    'train_32x32.mat': matFile(digits),
    'test_32x32.mat': matFile({ y: { numbers: [7] }, X: { numbers: columns(1), dims: [2, 3, 3] } }, { packed: false }),
  })
  expect(await recognise(root, openFiles)).toMatchObject({ splits: ['train', 'test'], known: { name: 'SVHN' } })
  expect(await listing(root, 'train')).toMatchObject({
    labels: [0, 4],
    classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
  })
  expect(await listing(root, 'test')).toMatchObject({ labels: [7] })
  expect(await pixelsOf(root, 'train', 1)).toEqual({ pixels: rows(1), width: 3, height: 2, channels: 3 })
  expect((await pixelsOf(root, 'test', 0)).pixels).toEqual(rows(0))
})

/**
 * What savemat({'annotations': structs of bbox_x1 (int64), class and fname}, do_compression=True) put behind the
 * header's 128 bytes and the tag.
 */
const scipy =
  'eJzjY2BgWMDEwMAGpDmAGMgEA1YonxGImaE0NxAn5uXllySWZObnFUPVscDVSQBxUlJ+RXyFIUNyTmIxSEVaXmJuKpDmA2ILBoQ9fFjsgWEQ4IGKwwBIvQGSfk4C+pmALCaoPgckfSxY9HEi6ROA8g2AwFAvqyAdyX5y3K/DSL77GSl0vxEV3B/BRL77KQ1/YyT3AwBQUxiy'

test('a struct array that SciPy wrote, with int64 in one of its fields', async () => {
  const packed = Buffer.from(scipy, 'base64')
  const file = Buffer.concat([matFile({}), element(15, packed, false)])
  const annotations = (await readMat(sourceOf(file, 'cars.mat'), ['annotations'])).get('annotations')
  if (annotations?.kind !== 'structs') throw new Error('no structs')
  expect([annotations.dims, annotations.fields]).toEqual([
    [1, 3],
    ['bbox_x1', 'class', 'fname'],
  ])
  const shown = annotations.values.map((v) => (v.kind === 'text' ? v.text : v.kind === 'numbers' ? v.data[0] : v.kind))
  expect(shown).toEqual([0, 2, '00001.jpg', 300, 1, '00002.jpg', 600, 2, '00003.jpg'])
})

test('variables that are not asked for are passed over, of whatever class', async () => {
  const file = Buffer.concat([
    matFile({}),
    wrapped(17, [1, 1], 'table', []),
    matrix('n', { numbers: [1, 2, 3], type: 'U16' }),
  ])
  expect([...(await readMat(sourceOf(file), ['n', 'none'])).keys()]).toEqual(['n'])
  await expect(readMat(sourceOf(file), ['table'])).rejects.toMatchObject(refusal('not-supported', /class 17/))
})

const good = matFile(digits)
const unpacked = matFile(digits, { packed: false })
const claiming = (dims: number[], bytes: number): Buffer =>
  Buffer.concat([matFile({}), wrapped(9, dims, 'X', [element(2, new Uint8Array(bytes))])])
const bomb = (claim: number): Buffer => {
  const inner = element(14, new Uint8Array(40_000_000))
  inner.writeUInt32LE(claim, 4)
  return Buffer.concat([matFile({}), element(15, deflateSync(inner), false)])
}

test.each([
  [
    'of level 7.3',
    matFile({}, { text: 'MATLAB 7.3 MAT-file', version: 0x0200 }),
    'not-supported',
    /7\.3, which is HDF5/,
  ],
  ['of an unknown version', matFile({}, { version: 0x0300 }), 'file-damaged', /0x300/],
  ['that ends in its header', good.subarray(0, 100), 'data-invalid', /it reads/],
  ['that ends in an element', good.subarray(0, good.length - 9), 'file-damaged', /ends past the end/],
  ['without X', matFile({ y: { numbers: [1] } }), 'file-damaged', /no numbers named X and y/],
  ['with text for X', matFile({ ...digits, X: { text: 'pixels' } }), 'file-damaged', /no numbers named X/],
  [
    'with floats for X',
    matFile({ ...digits, X: { numbers: columns(2), dims: [2, 3, 3, 2], type: 'F64' } }),
    'file-damaged',
    /uint8/,
  ],
  [
    'with fewer labels than images',
    matFile({ ...digits, y: { numbers: [1] } }),
    'file-damaged',
    /X is \[2,3,3,2\], y \[1,1\]/,
  ],
  ['with fewer bytes than its dimensions', claiming([2, 3, 3, 2], 35), 'file-damaged', /35 numbers, not \[2,3,3,2\]/],
  ['with dimensions beyond counting', claiming([2 ** 30, 2 ** 30, 3, 2], 36), 'file-damaged', /dimensions/],
  ['with a negative dimension', claiming([-2, 3, 3, -2], 36), 'file-damaged', /dimensions/],
  ['that unpacks to more than it claims', bomb(1000), 'file-damaged', /more than the 1008 bytes/],
  ['that claims more than its bytes can be', bomb(2 ** 31 - 1), 'file-damaged', /claims 2147483655 bytes out of/],
  ['with a label no digit has', matFile({ ...digits, y: { numbers: [10.5, 4], type: 'F64' } }), 'label-range', /10\.5/],
])('refuses a .mat %s', async (_, bytes, code, why) => {
  await expect(openSplit(`${disk({ 'a.mat': bytes })}/a.mat`, '', openFiles)).rejects.toMatchObject(
    refusal(code, why, /a\.mat/),
  )
})

test('mutants of a sound file give an error with a reason, or values', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 124, max: unpacked.length - 1 }),
      fc.integer({ min: 0, max: 255 }),
      async (at, byte) => {
        const mutant = Uint8Array.from(unpacked)
        mutant[at] = byte
        await readMat(sourceOf(mutant), ['X', 'y']).catch((error) => expect(error).toBeInstanceOf(BasilError))
      },
    ),
    { seed: 6, numRuns: 300 },
  )
})
