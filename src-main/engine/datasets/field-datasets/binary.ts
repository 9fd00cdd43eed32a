// Known data sets of raw pixels. STL10 is its own: X (n, 3, 96, 96) uint8 with the columns of each plane behind each
// other, y (n) from 1. The others are read by the source of their format, and only have their names here.

import { join } from 'node:path'

import { damaged } from '../../formats/source.ts'
import { turned } from '../pixels/planes.ts'
import type { DataSource, RawImages } from '../raw.ts'
import { cifar } from '../sources/cifar.ts'
import { idx } from '../sources/idx.ts'
import { checkedLabels, linesOf, wholeFile } from '../sources/listed.ts'
import { matImages } from '../sources/mat-images.ts'
import type { KnownSet, Opening } from './set.ts'

const side = 96
const image = 3 * side * side
const mostLabels = 2 ** 24

const stl10 =
  (split: string) =>
  async ({ at, where, files }: Opening): Promise<RawImages> => {
    const classes = (await linesOf(files, join(at, 'class_names.txt'))).map((line) => line.trim())
    const ones = await wholeFile(files, join(at, `${split}_y.bin`), mostLabels)
    const source = await files.open(join(at, `${split}_X.bin`))
    try {
      const name = (i: number): string => `${source.name}[${i}]`
      if (source.size !== ones.length * image)
        throw damaged(source, 'STL10', `it has ${source.size} bytes; ${ones.length} labels take ${ones.length * image}`)
      const labels = checkedLabels(
        where,
        Int32Array.from(ones, (label) => label - 1),
        classes,
        name,
      )
      const read = async (i: number) => ({
        pixels: turned(await source.read(i * image, image), side, side, 3),
        width: side,
        height: side,
        channels: 3 as const,
      })
      return {
        where,
        count: ones.length,
        labels,
        classes,
        groups: null,
        name,
        image: read,
        close: () => source.close(),
      }
    } catch (error) {
      await source.close()
      throw error
    }
  }

/** As `source` opens it, with these class names where the files have none. */
function by(source: DataSource, splits: string[], classes: string[] | null = null): KnownSet['splits'] {
  const open =
    (split: string) =>
    async ({ at, where, files }: Opening): Promise<RawImages> => {
      const place = { path: at, name: '', entries: await files.list(at), head: null, size: 0 }
      const images = await source.open(place, split, files)
      if (classes) checkedLabels(where, images.labels, classes, images.name)
      return { ...images, where, classes: images.classes ?? classes }
    }
  return Object.fromEntries(splits.map((split) => [split, open(split)]))
}

const digits = Array.from({ length: 10 }, (_, i) => String(i))
const both = ['train', 'test']

export const binarySets: KnownSet[] = [
  { name: 'MNIST', folders: ['MNIST'], called: 'MNIST', marks: [['raw/']], splits: by(idx, both, digits) },
  {
    name: 'SVHN',
    folders: ['svhn'],
    marks: [['train_32x32.mat', 'test_32x32.mat']],
    splits: by(matImages, [...both, 'extra'], digits),
    needs: { extra: 'extra_32x32.mat' },
  },
  {
    name: 'CIFAR10',
    folders: ['cifar-10-batches-py', 'cifar-10-batches-bin'],
    marks: [
      ['data_batch_1', 'batches.meta'],
      ['data_batch_1.bin', 'batches.meta.txt'],
    ],
    splits: by(cifar, both),
  },
  {
    name: 'CIFAR100',
    folders: ['cifar-100-python', 'cifar-100-binary'],
    marks: [
      ['train', 'test', 'meta'],
      ['train.bin', 'fine_label_names.txt'],
    ],
    splits: by(cifar, both),
  },
  {
    name: 'STL10',
    folders: ['stl10_binary'],
    marks: [['train_X.bin', 'train_y.bin', 'test_X.bin', 'test_y.bin', 'class_names.txt']],
    splits: { train: stl10('train'), test: stl10('test') },
  },
]
