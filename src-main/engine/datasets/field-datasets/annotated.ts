// Known data sets whose labels stand in files of annotations: MATLAB's (Cars, Flowers102), text and JSON. Labels there
// count from 1 but for GTSRB's, Food101's and UCF101's. Images keep the order of the files, as torchvision's loaders
// do.
import { join } from 'node:path'

import { BasilError } from '../../../contract/errors.ts'
import { damaged, type OpenFiles } from '../../formats/source.ts'
import { type MatValue, readMat } from '../containers/mat.ts'
import { invalid, type RawImages } from '../raw.ts'
import { classFolders } from '../sources/image-folder.ts'
import { parsedJson, rowsOf } from '../sources/list-file.ts'
import { byCodePoint, inside, linesOf, listedImages, Names, textOf } from '../sources/listed.ts'
import { type KnownSet, type Opening, spaced } from './set.ts'

type Open = (opening: Opening) => Promise<RawImages>
type Labelled = readonly (readonly [image: string, label: number])[]

/** Images of at/folder with their labels. */
function labelled(
  { at, where, files }: Opening,
  folder: string,
  images: Labelled,
  classes: string[] | null,
): RawImages {
  const names = new Names()
  for (const [image] of images) names.push(inside(`${folder}/${image}`, where))
  return listedImages(files, { where, folder: at, names, labels: images.map(([, label]) => label), classes })
}

async function variables(files: OpenFiles, path: string, wanted: string[]): Promise<(name: string) => MatValue> {
  const source = await files.open(path)
  try {
    const found = await readMat(source, wanted)
    return (name) => {
      const value = found.get(name)
      if (!value) throw damaged(source, 'MAT', `it has no variable ${name} of the kind that is needed`)
      return value
    }
  } finally {
    await source.close()
  }
}

const cars =
  (annotations: string[], folder: string): Open =>
  async (opening) => {
    const { at, files, where } = opening
    const meta = (await variables(files, join(at, 'devkit/cars_meta.mat'), ['class_names']))('class_names')
    const classes =
      meta.kind === 'cells' ? meta.cells.map((cell) => (cell.kind === 'text' ? spaced(cell.text) : '')) : []
    const path = join(at, (await firstThere(files, at, annotations)) ?? (annotations[0] as string))
    const records = (await variables(files, path, ['annotations']))('annotations')
    if (records.kind !== 'structs' || !['fname', 'class'].every((field) => records.fields.includes(field)))
      throw invalid(
        path,
        'its annotations have no fname and class: those of the test images come in cars_test_annos_withlabels.mat',
      )
    const width = records.fields.length
    const images = Array.from({ length: records.values.length / width }, (_, i) => {
      const of = (field: string): MatValue => records.values[i * width + records.fields.indexOf(field)] as MatValue
      const [name, label] = [of('fname'), of('class')]
      if (name.kind !== 'text' || label.kind !== 'numbers')
        throw invalid(where, `annotation ${i + 1} has no name and class`)
      return [name.text, (label.data[0] ?? Number.NaN) - 1] as const
    })
    return labelled(opening, folder, images, classes)
  }

async function firstThere(files: OpenFiles, at: string, names: readonly string[]): Promise<string | undefined> {
  for (const name of names) if ((await files.kind(join(at, name))) === 'file') return name
  return undefined
}

const flowers =
  (set: string): Open =>
  async (opening) => {
    const { at, files, where } = opening
    const ids = (await variables(files, join(at, 'setid.mat'), [set]))(set)
    const labels = (await variables(files, join(at, 'imagelabels.mat'), ['labels']))('labels')
    if (ids.kind !== 'numbers' || labels.kind !== 'numbers')
      throw invalid(where, 'setid.mat and imagelabels.mat do not hold numbers')
    const images = Array.from(
      ids.data,
      (id) => [`image_${String(id).padStart(5, '0')}.jpg`, (labels.data[id - 1] ?? Number.NaN) - 1] as const,
    )
    return labelled(opening, 'jpg', images, null)
  }

const aircraft =
  (split: string): Open =>
  async (opening) => {
    const classes = (await linesOf(opening.files, join(opening.at, 'data/variants.txt'))).map((line) => line.trim())
    const index = new Map(classes.map((name, i) => [name, i]))
    const lines = await linesOf(opening.files, join(opening.at, 'data', `images_variant_${split}.txt`))
    const images = lines.map((line) => {
      const [, image = '', variant = ''] = /^(\S+)\s+(.*?)\s*$/.exec(line) ?? []
      return [`${image}.jpg`, index.get(variant) ?? Number.NaN] as const
    })
    return labelled(opening, 'data/images', images, classes)
  }

/** "Abyssinian_100 1 1 1": name, class, kind, breed. The name of a class is that of its images, in capitals. */
const pets =
  (list: string): Open =>
  async (opening) => {
    const classes: string[] = []
    const images = (await linesOf(opening.files, join(opening.at, 'annotations', list)))
      .filter((line) => !line.startsWith('#'))
      .map((line) => {
        const [image = '', label] = line.trim().split(/\s+/)
        const index = whole(label, opening.where) - 1
        if (index >= 0 && index < 1000)
          classes[index] ??= spaced(image.slice(0, image.lastIndexOf('_'))).replace(/[a-z]+/gi, titled)
        return [`${image}.jpg`, index] as const
      })
    return labelled(
      opening,
      'images',
      images,
      Array.from(classes, (name) => name ?? ''),
    )
  }

const titled = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase()

/** {class: ["class/image", ...]}, in its order; classes sorted. */
const food =
  (split: string): Open =>
  async (opening) => {
    const path = join(opening.at, 'meta', `${split}.json`)
    const lists = Object.entries(parsedJson(await textOf(opening.files, path), path) ?? {})
    const classes = lists.map(([name]) => name).sort(byCodePoint)
    const images = lists.flatMap(([name, list]) => {
      if (!Array.isArray(list)) throw invalid(path, `${JSON.stringify(name.slice(0, 80))} is no list of images`)
      return list.map((image) => [`${image}.jpg`, classes.indexOf(name)] as const)
    })
    return labelled(opening, 'images', images, classes.map(spaced))
  }

/**
 * "1 001.Black_footed_Albatross/x.jpg", "1 1" and "1 0": image by number, its class, and whether it is for training.
 */
const birds =
  (training: string): Open =>
  async (opening) => {
    const table = async (name: string): Promise<Map<string, string>> =>
      new Map(
        (await linesOf(opening.files, join(opening.at, name))).map((line) => [
          line.slice(0, line.indexOf(' ')),
          line.slice(line.indexOf(' ') + 1).trim(),
        ]),
      )
    const [paths, labels, splits, classes] = await Promise.all(
      ['images.txt', 'image_class_labels.txt', 'train_test_split.txt', 'classes.txt'].map(table),
    )
    const images = [...(paths as Map<string, string>)]
      .filter(([id]) => splits?.get(id) === training)
      .map(([id, path]) => [path, whole(labels?.get(id), opening.where) - 1] as const)
    return labelled(
      opening,
      'images',
      images,
      [...(classes?.values() ?? [])].map((name) => spaced(name.split('.').at(-1) as string)),
    )
  }

const signs = Array.from({ length: 43 }, (_, i) => String(i).padStart(5, '0'))

/** Only the .ppm; beside them lie the boxes of the signs. */
const signsTraining: Open = ({ at, where, files }) =>
  classFolders(files, join(at, 'GTSRB/Training'), where, { classes: signs, take: (name) => name.endsWith('.ppm') })

/** "Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId" */
const signsTest: Open = async (opening) => {
  const rows = await rowsOf(opening.files, join(opening.at, 'GT-final_test.csv'))
  return labelled(
    opening,
    'GTSRB/Final_Test/Images',
    rows.map((row) => [row.path, whole(row.label, opening.where)] as const),
    signs,
  )
}

/** One frame of each video; {train: [[path, label, class], ...], val, test}. */
const actions =
  (split: string): Open =>
  async (opening) => {
    const path = join(opening.at, 'split_zhou_UCF101.json')
    const lists = parsedJson(await textOf(opening.files, path), path)
    const list = typeof lists === 'object' && lists !== null ? new Map(Object.entries(lists)).get(split) : undefined
    if (!Array.isArray(list)) throw invalid(path, `it has no list "${split}"`)
    const classes: string[] = []
    const images = list.map((entry) => {
      const [image, label, name] = Array.isArray(entry) ? entry : []
      const index = whole(String(label), path)
      if (index < 100_000) classes[index] ??= spaced(String(name))
      return [String(image), index] as const
    })
    return labelled(
      opening,
      '.',
      images,
      Array.from(classes, (name) => name ?? ''),
    )
  }

function whole(text: string | undefined, where: string): number {
  if (text !== undefined && /^\d{1,9}$/.test(text)) return Number(text)
  throw new BasilError({
    code: 'label-range',
    what: 'A label is no whole number',
    where,
    why: `it is ${JSON.stringify(text?.slice(0, 80) ?? 'missing')}`,
    next: 'bring the annotations as their authors publish them',
  })
}

export const annotatedSets: KnownSet[] = [
  {
    name: 'Cars',
    folders: ['stanford_cars'],
    marks: [['devkit/cars_meta.mat', 'devkit/cars_train_annos.mat']],
    splits: {
      train: cars(['devkit/cars_train_annos.mat'], 'cars_train'),
      test: cars(['cars_test_annos_withlabels.mat', 'devkit/cars_test_annos_withlabels.mat'], 'cars_test'),
    },
    needs: { test: 'cars_test/' },
  },
  {
    name: 'Flowers102',
    folders: ['flowers-102'],
    marks: [['setid.mat', 'imagelabels.mat', 'jpg/']],
    splits: { train: flowers('trnid'), val: flowers('valid'), test: flowers('tstid') },
    field: { val: 'val' },
  },
  {
    name: 'FGVCAircraft',
    folders: ['fgvc-aircraft-2013b'],
    marks: [['data/variants.txt', 'data/images_variant_train.txt']],
    splits: { train: aircraft('train'), val: aircraft('val'), trainval: aircraft('trainval'), test: aircraft('test') },
    field: { val: 'val' },
  },
  {
    name: 'OxfordIIITPet',
    folders: ['oxford-iiit-pet'],
    marks: [['annotations/trainval.txt', 'annotations/test.txt', 'images/']],
    splits: { train: pets('trainval.txt'), test: pets('test.txt') },
  },
  {
    name: 'Food101',
    folders: ['food-101'],
    marks: [['meta/train.json', 'meta/test.json', 'images/']],
    splits: { train: food('train'), test: food('test') },
  },
  {
    name: 'CUB200',
    folders: ['CUB_200_2011'],
    marks: [['images.txt', 'image_class_labels.txt', 'train_test_split.txt', 'classes.txt']],
    splits: { train: birds('1'), test: birds('0') },
  },
  {
    name: 'GTSRB',
    folders: ['gtsrb'],
    marks: [['GTSRB/Training/']],
    splits: { train: signsTraining, test: signsTest },
    needs: { test: 'GT-final_test.csv' },
  },
  {
    name: 'UCF101',
    folders: ['UCF-101-midframes'],
    marks: [['split_zhou_UCF101.json']],
    splits: { train: actions('train'), val: actions('val'), test: actions('test') },
    field: { val: 'val' },
  },
]
