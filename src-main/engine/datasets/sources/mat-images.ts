// SVHN's cropped digits, and what is stored like them: a .mat with X (height, width, channels, n) uint8, column by
// column, and y (n). As torchvision reads them, the label 10 is the digit 0. A folder has train_32x32.mat,
// test_32x32.mat and extra_32x32.mat.

import { join } from 'node:path'

import { damaged, type OpenFiles } from '../../formats/source.ts'
import { looksLikeMat, type MatNumbers, readMat } from '../containers/mat.ts'
import { turned } from '../pixels/planes.ts'
import { type DataSource, noSplit, type Place, type RawImages } from '../raw.ts'
import { checkedLabels } from './listed.ts'

const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']

export const matImages: DataSource = {
  name: '.mat with X and y (SVHN), "FOLDER#train" with train_32x32.mat',
  matches: (place) => partsIn(place).size > 0,
  splits: async (place) => [...partsIn(place).keys()],
  open: async (place, split, files) => {
    const parts = partsIn(place)
    const path = parts.get(split)
    if (path === undefined) throw noSplit(place, split, [...parts.keys()])
    return openMat(`${place.path}#${split}`, path, files)
  },
}

function partsIn(place: Place): Map<string, string> {
  if (!place.entries) return new Map(place.head && looksLikeMat(place.head) ? [['all', place.path]] : [])
  const names = new Set(place.entries.map((entry) => entry.name))
  const there = ['train', 'test', 'extra'].filter((split) => names.has(`${split}_32x32.mat`))
  return new Map(there.map((split) => [split, join(place.path, `${split}_32x32.mat`)]))
}

async function openMat(where: string, path: string, files: OpenFiles): Promise<RawImages> {
  const source = await files.open(path)
  try {
    const found = await readMat(source, ['X', 'y'])
    const [x, y] = [numbersOf(found.get('X')), numbersOf(found.get('y'))]
    if (!x || !y) throw damaged(source, 'MAT', 'it has no numbers named X and y')
    const [height = 0, width = 0, channels = 1, count = 1] = x.dims
    if (
      !(x.data instanceof Uint8Array) ||
      x.dims.length > 4 ||
      (channels !== 1 && channels !== 3) ||
      y.data.length !== count ||
      height * width === 0
    )
      throw damaged(source, 'MAT', `X is [${x.dims}], y [${y.dims}]; uint8 (height, width, 3, n) and (n) are needed`)
    const pixels = x.data
    const ones = Array.from(y.data)
    const svhn = ones.every((label) => label >= 1 && label <= 10)
    const name = (i: number): string => `${source.name}[${i}]`
    return {
      where,
      count,
      labels: checkedLabels(where, svhn ? ones.map((label) => label % 10) : ones, svhn ? digits : null, name),
      classes: svhn ? digits : null,
      groups: null,
      name,
      image: async (i) => {
        const size = height * width * channels
        return {
          pixels: turned(pixels.subarray(i * size, (i + 1) * size), height, width, channels),
          width,
          height,
          channels,
        }
      },
      close: async () => undefined,
    }
  } finally {
    await source.close()
  }
}

const numbersOf = (value: unknown): MatNumbers | undefined =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'numbers'
    ? (value as MatNumbers)
    : undefined
