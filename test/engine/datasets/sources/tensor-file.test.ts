// A tensor file's images as a source like any other, and the images that the engine reads whole from the same file.
import { expect, test } from 'vitest'

import { recognise } from '../../../../src-main/engine/datasets/sources/find.ts'
import { openFiles } from '../../../../src-main/files/folder.ts'
import { written } from '../../formats/bytes.ts'
import { disk, listing, openSplit, pixelsOf, refusal } from './disk.ts'

const labels = (...of: number[]): Uint8Array => new Uint8Array(BigInt64Array.from(of, BigInt).buffer)

test('every images.NAME of a tensor file is a split; planes become pixels; images already normalised are refused', async () => {
  const bytes = await written([
    { name: 'images.train', dtype: 'U8', shape: [2, 3, 2, 2], bytes: Uint8Array.from({ length: 24 }, (_, i) => i) },
    { name: 'labels.train', dtype: 'I64', shape: [2], bytes: labels(4, 0) },
    { name: 'images.ready', dtype: 'F32', shape: [1, 1, 1, 1], bytes: new Uint8Array(4) },
    { name: 'labels.ready', dtype: 'I64', shape: [1], bytes: labels(0) },
    { name: 'images.wrong', dtype: 'U8', shape: [1, 1, 1, 1], bytes: new Uint8Array(1) },
    { name: 'labels.wrong', dtype: 'I64', shape: [1], bytes: labels(-3) },
  ])
  const path = `${disk({ 'tasks.safetensors': bytes })}/tasks.safetensors`
  expect((await recognise(path, openFiles)).splits.sort()).toEqual(['ready', 'train', 'wrong'])
  expect(await listing(path, 'train')).toEqual({
    names: ['images.train[0]', 'images.train[1]'],
    labels: [4, 0],
    classes: null,
  })
  expect(await pixelsOf(path, 'train', 1)).toEqual({
    pixels: Uint8Array.of(12, 16, 20, 13, 17, 21, 14, 18, 22, 15, 19, 23),
    width: 2,
    height: 2,
    channels: 3,
  })
  await expect(openSplit(path, 'ready', openFiles)).rejects.toMatchObject(refusal('data-invalid', /already normalised/))
  await expect(openSplit(path, 'wrong', openFiles)).rejects.toMatchObject(refusal('label-range', /its label is -3/))
  await expect(openSplit(path, 'none', openFiles)).rejects.toMatchObject(refusal('data-invalid', /train/))
})
