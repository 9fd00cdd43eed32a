// The data sets of the aTLAS protocol, each in miniature as torchvision or the field's own scripts leave it on disk:
// recognised by its layout, with its splits, and in each the images, labels and class names that the field's loader
// would give, in its order.
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { recognise } from '../../../../src-main/engine/datasets/sources/find.ts'
import { openFiles } from '../../../../src-main/files/folder.ts'
import { disk, images, listing, openSplit, pixelsOf, refusal, withImages } from '../sources/disk.ts'
import { matFile } from '../sources/mat-writer.ts'
import { annotated, annotatedCases } from './annotated.ts'
import { type Case, folderCases } from './class-folders.ts'

const cases = [...annotatedCases, ...folderCases]

test.each(cases)('$name, $folder: $splits', async ({ name, tree, folder, splits, field = {} }) => {
  const whole = disk(
    Object.fromEntries(Object.entries(tree).map(([path, content]) => [join(folder ?? '', path), content])),
  )
  for (const path of [whole, join(whole, folder ?? '')]) {
    expect(await recognise(path, openFiles)).toMatchObject({ splits: Object.keys(splits), known: { name, field } })
    for (const [split, expected] of Object.entries(splits)) expect(await listing(path, split)).toMatchObject(expected)
  }
})

test('every data set of the protocol has its layout here, or in the tests of its format', () => {
  const elsewhere = ['MNIST', 'SVHN', 'CIFAR10', 'CIFAR100']
  const protocol =
    'Cars DTD EuroSAT GTSRB MNIST RESISC45 SUN397 SVHN CIFAR10 CIFAR100 ImageNet STL10 Food101 Caltech101 Caltech256 FGVCAircraft Flowers102 OxfordIIITPet CUB200 PascalVOC Country211 UCF101'
  expect([...new Set([...cases.map(({ name }) => name), ...elsewhere])].sort()).toEqual(protocol.split(' ').sort())
})

test("VOC's objects are cut out by their own boxes, not by their parts'; STL10's columns become rows", async () => {
  const of = (name: string) => disk((cases.find((one) => one.name === name) as Case).tree)
  await withImages(of('PascalVOC'), 'train', async (found) => {
    expect(await found.image(0)).toMatchObject({ crop: { left: 104, top: 78, right: 375, bottom: 183 } })
    expect(await found.image(1)).toMatchObject({ crop: { left: 133, top: 88, right: 197, bottom: 123 } })
  })
  const { pixels, width, height, channels } = await pixelsOf(of('STL10'), 'train', 1)
  expect([width, height, channels]).toEqual([96, 96, 3])
  const at = (y: number, x: number, c: number): number => (27648 + c * 9216 + x * 96 + y) % 251
  for (const [y, x, c] of [
    [0, 0, 0],
    [5, 70, 1],
    [95, 2, 2],
  ] as const)
    expect(pixels[(y * 96 + x) * 3 + c]).toBe(at(y, x, c))
})

test('traps: DTD the wrong way round, a root of several data sets, Cars without its labels', async () => {
  const swapped = disk(images('train/banded/1.jpg', 'val/banded/2.jpg', 'val/banded/3.jpg'))
  await expect(openSplit(swapped, 'train', openFiles)).rejects.toMatchObject(
    refusal('data-invalid', /"train" has 1 images of a class and "val" 2: they are swapped/),
  )
  const several = disk({
    ...images(
      'caltech101/101_ObjectCategories/a/1.jpg',
      'country211/train/AD/1.jpg',
      'country211/valid/AD/1.jpg',
      'country211/test/AD/1.jpg',
    ),
  })
  await expect(recognise(several, openFiles)).rejects.toMatchObject(
    refusal('data-invalid', /several data sets: Caltech101, Country211/),
  )
  expect(await recognise(join(several, 'country211'), openFiles)).toMatchObject({ known: { name: 'Country211' } })
  const cars = annotatedCases[0] as Case
  const unlabelled = matFile({
    annotations: { structs: [{ bbox_x1: { numbers: [1] }, fname: { text: '00001.jpg' } }] },
  })
  const root = disk({ ...cars.tree, 'cars_test_annos_withlabels.mat': unlabelled })
  await expect(openSplit(root, 'test', openFiles)).rejects.toMatchObject(
    refusal('data-invalid', /have no fname and class/),
  )
  const out = disk({ ...cars.tree, 'devkit/cars_train_annos.mat': annotated(['../../etc/passwd', 1]) })
  await expect(openSplit(out, 'train', openFiles)).rejects.toMatchObject(refusal('data-invalid', /not inside/))
})
