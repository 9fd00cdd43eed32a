// What lies in a folder of images like one of them and is none: links that lead nowhere, hidden files, kinds that are
// not read, images in no class.
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { LeftOut } from '../../../../src-main/contract/data/left-out.ts'
import { openFiles } from '../../../../src-main/files/folder.ts'
import { disk, images, listing, openSplit, refusal, withImages } from './disk.ts'

const leftOut = (root: string, split: string): Promise<readonly LeftOut[]> =>
  withImages(root, split, async (found) => found.leftOut ?? [])

test('an image folder counts and names what it leaves out', async () => {
  const root = disk({
    ...images('train/cat/1.ppm', 'train/cat/deep/2.PPM', 'train/dog/3.ppm', 'train/loose.ppm'),
    ...{
      'train/cat/._1.ppm': 'Mac OS X',
      'train/cat/.DS_Store': 'x',
      'train/cat/4.heic': 'x',
      'train/cat/notes.txt': 'x',
      'train/cat/5.JP2': 'x',
    },
  })
  symlinkSync(join(root, 'gone/6.ppm'), join(root, 'train/dog/6.ppm'))
  symlinkSync(join(root, 'gone'), join(root, 'train/ant')) // a whole class, of a disk that is not connected
  expect(await leftOut(root, 'train')).toEqual([
    { reason: 'links that lead nowhere', count: 2, names: ['ant', 'dog/6.ppm'] },
    { reason: 'in no folder of a class', count: 1, names: ['loose.ppm'] },
    { reason: 'hidden files as macOS adds them, which are no images', count: 1, names: ['cat/._1.ppm'] },
    { reason: '.heic, a kind that is not read', count: 1, names: ['cat/4.heic'] },
    { reason: '.jp2, a kind that is not read', count: 1, names: ['cat/5.JP2'] },
  ])
  expect((await listing(root, 'train')).names).toEqual(['cat/1.ppm', 'cat/deep/2.PPM', 'dog/3.ppm'])
})

test('a list leaves out images of a kind that is not read, with their labels and groups', async () => {
  const csv = 'path,label,group\na/1.ppm,x,g\na/2.heic,y,h\na/3.ppm,y,i\n'
  const root = disk({ 'list.csv': csv, ...images('a/1.ppm', 'a/3.ppm'), 'a/2.heic': 'x' })
  await withImages(join(root, 'list.csv'), '', async (found) => {
    expect([[...found.labels], found.groups, found.classes, found.name(1)]).toEqual([
      [0, 1],
      ['g', 'i'],
      ['x', 'y'],
      'a/3.ppm',
    ])
    expect(found.leftOut).toEqual([{ reason: '.heic, a kind that is not read', count: 1, names: ['a/2.heic'] }])
  })
})

test('where nothing is left, the error says what was left out; a split whose link leads nowhere is an error', async () => {
  const only = disk({ 'train/cat/1.heic': 'x', 'train/cat/2.heic': 'x' })
  await expect(openSplit(only, 'train', openFiles)).rejects.toMatchObject(
    refusal(
      'split-empty',
      /not one image in it; 2 left out, \.heic, a kind that is not read: cat\/1\.heic, cat\/2\.heic$/,
    ),
  )
  const lost = disk(images('test/cat/1.ppm'))
  symlinkSync(join(lost, 'gone'), join(lost, 'train'))
  await expect(openSplit(lost, 'test', openFiles)).rejects.toMatchObject(
    refusal('data-invalid', /link that leads nowhere/, /train$/),
  )
})

test.each([
  ['a folder', { 'data-00000-of-00001.arrow': 'x', 'state.json': '{}' }, ''],
  ['a folder of splits', { 'dataset_dict.json': '{}', 'train/data-00000-of-00001.arrow': 'x' }, ''],
  ['a file', { 'x.arrow': 'ARROW1' }, 'x.arrow'],
])('what save_to_disk of datasets leaves is told by its name: %s', async (_, tree, name) => {
  await expect(openSplit(join(disk(tree), name), 'train', openFiles)).rejects.toMatchObject({
    record: { code: 'not-supported', why: expect.stringMatching(/Arrow/), next: expect.stringMatching(/to_parquet/) },
  })
})
