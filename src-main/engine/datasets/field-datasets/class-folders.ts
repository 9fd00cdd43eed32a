// Known data sets that are folders of classes. Traps: DTD's test images lie in "val"; EuroSAT has splits only where the
// field's scripts made them; RESISC45's are lists of file names, SUN397's of paths; both Caltech sets are split by a
// random draw of the field's; ImageNet's "val" is what the field tests on.
import { basename, join } from 'node:path'

import type { OpenFiles } from '../../formats/source.ts'
import { invalid, type RawImages } from '../raw.ts'
import { classFolders, foldersOf } from '../sources/image-folder.ts'
import { byCodePoint, inside, isImageName, linesOf, listedImages, Names } from '../sources/listed.ts'
import { type KnownSet, type Opening, spaced } from './set.ts'

type Open = (opening: Opening) => Promise<RawImages>

/** Images of a folder of class folders, whose names become class names. */
function inFolder(folder: string, rename: (name: string) => string = spaced): Open {
  return async ({ at, where, files }) => {
    const classes = foldersOf(await files.list(join(at, folder)))
    return classFolders(files, join(at, folder), where, { classes, names: classes.map(rename) })
  }
}

/**
 * The authors' test in "val", and in "train" their train and val: 40 and 80 images a class. The other way round it is a
 * leak.
 */
const dtdFolder =
  (folder: string): Open =>
  async (opening) => {
    const count = async (name: string): Promise<number> => (await opening.files.list(join(opening.at, name))).length
    const [train, val] = [await count('train/banded'), await count('val/banded')]
    if (train < val)
      throw invalid(
        opening.where,
        `"train" has ${train} images of a class and "val" ${val}: they are swapped`,
        'name the folder with more images "train"',
      )
    return inFolder(folder)(opening)
  }

/** Lists of CLASS/NAME.jpg, in ImageFolder's order: what the field's folders, made of these lists, would give. */
const dtdLists =
  (...lists: string[]): Open =>
  async ({ at, where, files }) => {
    const wanted = new Set<string>()
    for (const list of lists)
      for (const line of await linesOf(files, join(at, 'labels', `${list}.txt`))) wanted.add(line.trim())
    const classes = foldersOf(await files.list(join(at, 'images')))
    return classFolders(files, join(at, 'images'), where, {
      classes,
      names: classes.map(spaced),
      take: (name, folder) => wanted.has(`${folder}/${name}`),
    })
  }

const resisc =
  (split: string): Open =>
  async ({ at, where, files }) => {
    const wanted = new Set((await linesOf(files, join(at, `resisc45-${split}.txt`))).map((line) => line.trim()))
    const classes = foldersOf(await files.list(join(at, 'NWPU-RESISC45')))
    return classFolders(files, join(at, 'NWPU-RESISC45'), where, {
      classes,
      names: classes.map(spaced),
      take: (name) => wanted.has(name),
    })
  }

/**
 * "/c/church/indoor/sun_x.jpg" is of the class "c_church_indoor", as the field's folders are named: labels and order
 * are those folders'.
 */
const sunList =
  (list: string): Open =>
  async ({ at, where, files }) => {
    const path = (await files.kind(join(at, list))) === 'file' ? join(at, list) : join(at, 'Partitions', list)
    const found = (await linesOf(files, path)).map((line) => inside(line.trim().replace(/^\//, ''), path))
    const folder = (image: string): string => image.split('/').slice(0, -1).join('_')
    const classes = (await linesOf(files, join(at, 'ClassName_01.txt')))
      .map((line) => line.trim().replace(/^\//, '').replaceAll('/', '_'))
      .sort(byCodePoint)
    const index = new Map(classes.map((name, i) => [name, i]))
    const images = found
      .map((image) => ({ image, label: index.get(folder(image)) ?? -1 }))
      .sort((a, b) => a.label - b.label || byCodePoint(basename(a.image), basename(b.image)))
    const names = new Names()
    for (const { image } of images) names.push(image)
    return listedImages(files, {
      where,
      folder: at,
      names,
      labels: images.map(({ label }) => label),
      classes: classes.map(sunName),
    })
  }

const sunName = (folder: string): string => spaced(folder.slice(2))
const caltechName = (folder: string): string =>
  (folder.split('.').at(-1) as string).replaceAll('-', ' ').replaceAll(' 101', '')

const caltech =
  (folder: string, take: (name: string) => boolean): Open =>
  async ({ at, where, files }) => {
    // no class
    const classes = (await foldersIn(files, join(at, folder))).filter((name) => name !== 'BACKGROUND_Google')
    return classFolders(files, join(at, folder), where, {
      classes,
      names: classes.map(caltechName),
      take: (name, within) => take(name) && !within.includes('/'),
    })
  }

const foldersIn = async (files: OpenFiles, folder: string): Promise<string[]> => foldersOf(await files.list(folder))

const same = (name: string): string => name
const caltechDraw = { drawn: { of: 'all', train: 0.8, seed: 0 } }

export const classFolderSets: KnownSet[] = [
  {
    name: 'DTD',
    folders: ['dtd/dtd', 'dtd'],
    marks: [['labels/train1.txt', 'labels/val1.txt', 'labels/test1.txt', 'images/banded/']],
    splits: {
      train: dtdLists('train1', 'val1'),
      test: dtdLists('test1'),
      'authors-train': dtdLists('train1'),
      'authors-val': dtdLists('val1'),
    },
  },
  {
    name: 'DTD',
    folders: ['dtd'],
    marks: [['train/banded/', 'val/banded/']],
    splits: { train: dtdFolder('train'), test: dtdFolder('val') },
  },
  {
    name: 'EuroSAT',
    folders: ['EuroSAT_splits'],
    marks: [['train/AnnualCrop/', 'val/AnnualCrop/', 'test/AnnualCrop/']],
    splits: { train: inFolder('train', same), val: inFolder('val', same), test: inFolder('test', same) },
    field: { val: 'val' },
  },
  // The field's 21,600, 2,700 and 2,700 are a random draw that was not published: without the folders of that draw
  // there is but "all".
  { name: 'EuroSAT', folders: ['eurosat'], marks: [['2750/AnnualCrop/']], splits: { all: inFolder('2750', same) } },
  {
    name: 'EuroSAT',
    folders: ['EuroSAT_RGB', '2750'],
    marks: [['AnnualCrop/', 'SeaLake/']],
    splits: { all: inFolder('', same) },
  },
  {
    name: 'RESISC45',
    folders: ['resisc45'],
    marks: [['NWPU-RESISC45/', 'resisc45-train.txt']],
    // "val" is left out by the field: it draws from "train"
    splits: { train: resisc('train'), val: resisc('val'), test: resisc('test') },
    needs: { val: 'resisc45-val.txt', test: 'resisc45-test.txt' },
  },
  {
    name: 'SUN397',
    folders: ['sun397'],
    marks: [['train/a_abbey/', 'test/a_abbey/']],
    splits: { train: inFolder('train', sunName), test: inFolder('test', sunName) },
  },
  {
    name: 'SUN397',
    folders: ['SUN397', 'sun397'],
    marks: [
      ['ClassName_01.txt', 'Training_01.txt', 'Testing_01.txt'],
      ['ClassName_01.txt', 'Partitions/Training_01.txt', 'Partitions/Testing_01.txt'],
    ],
    splits: { train: sunList('Training_01.txt'), test: sunList('Testing_01.txt') },
  },
  {
    name: 'Caltech101',
    folders: ['caltech101'],
    marks: [['101_ObjectCategories/']],
    splits: { all: caltech('101_ObjectCategories', isImageName) },
    field: caltechDraw,
  },
  {
    name: 'Caltech256',
    folders: ['caltech256'],
    marks: [['256_ObjectCategories/']],
    // one class has a folder of others' images in it
    splits: { all: caltech('256_ObjectCategories', (name) => name.endsWith('.jpg')) },
    field: caltechDraw,
  },
  {
    name: 'Country211',
    folders: ['country211'],
    marks: [['train/AD/', 'valid/AD/', 'test/AD/']],
    splits: { train: inFolder('train', same), valid: inFolder('valid', same), test: inFolder('test', same) },
    field: { val: 'valid' },
  },
  {
    name: 'ImageNet',
    folders: ['imagenet'],
    marks: [['train/n01440764/', 'val/n01440764/']],
    splits: { train: inFolder('train', same), test: inFolder('val', same) },
  },
]
