// Known data sets whose labels stand in files of annotations, or are raw pixels, in miniature: what lies on disk, and
// what is to be found in it.
import { images } from '../sources/disk.ts'
import { matFile } from '../sources/mat-writer.ts'
import type { Case } from './class-folders.ts'

export const annotated = (...of: [string, number][]): Buffer =>
  matFile({
    annotations: {
      structs: of.map(([name, label]) => ({
        bbox_x1: { numbers: [39], type: 'U16' as const },
        class: { numbers: [label] },
        fname: { text: name },
      })),
    },
  })

const object = (name: string, [left, top, right, bottom]: number[], inner = ''): string =>
  `<object><name>${name}</name><pose>Left</pose><difficult>1</difficult><bndbox><xmin>${left}</xmin><ymin>${top}</ymin><xmax>${right}</xmax><ymax>${bottom}</ymax></bndbox>${inner}</object>`
const part = '<part><name>head</name><bndbox><xmin>9</xmin><ymin>9</ymin><xmax>10</xmax><ymax>10</ymax></bndbox></part>'
const vocClasses = [
  'aeroplane',
  'bicycle',
  'bird',
  'boat',
  'bottle',
  'bus',
  'car',
  'cat',
  'chair',
  'cow',
  'dining table',
  'dog',
  'horse',
]
const vocRest = ['motorbike', 'person', 'potted plant', 'sheep', 'sofa', 'train', 'tv monitor']

export const annotatedCases: Case[] = [
  {
    name: 'Cars',
    folder: 'stanford_cars',
    tree: {
      'devkit/cars_meta.mat': matFile({ class_names: { cells: [{ text: 'AM General Hummer' }, { text: 'Ram_C/V' }] } }),
      'devkit/cars_train_annos.mat': annotated(['00001.jpg', 2], ['00002.jpg', 1]),
      'cars_test_annos_withlabels.mat': annotated(['00001.jpg', 1]),
      ...images('cars_train/00001.jpg', 'cars_train/00002.jpg', 'cars_test/00001.jpg'),
    },
    splits: {
      train: {
        names: ['cars_train/00001.jpg', 'cars_train/00002.jpg'],
        labels: [1, 0],
        classes: ['AM General Hummer', 'Ram C/V'],
      },
      test: { names: ['cars_test/00001.jpg'], labels: [0] },
    },
  },
  {
    name: 'GTSRB',
    folder: 'gtsrb',
    tree: {
      'GT-final_test.csv':
        'Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId\n00001.ppm;53;54;6;5;48;49;16\n00000.ppm;42;45;5;5;36;40;1\n',
      'GTSRB/Training/00016/GT-00016.csv': 'Filename;ClassId\n',
      ...images(
        'GTSRB/Training/00016/00000_00000.ppm',
        'GTSRB/Training/00000/00001_00000.ppm',
        'GTSRB/Training/00000/00000_00000.ppm',
      ),
      ...images('GTSRB/Final_Test/Images/00000.ppm', 'GTSRB/Final_Test/Images/00001.ppm'),
    },
    splits: {
      train: { names: ['00000/00000_00000.ppm', '00000/00001_00000.ppm', '00016/00000_00000.ppm'], labels: [0, 0, 16] },
      test: { names: ['GTSRB/Final_Test/Images/00001.ppm', 'GTSRB/Final_Test/Images/00000.ppm'], labels: [16, 1] },
    },
  },
  {
    name: 'Food101', // in the order of the JSON, labels in that of the sorted names
    folder: 'food-101',
    tree: {
      'meta/train.json': '{"waffles": ["waffles/2", "waffles/1"], "apple_pie": ["apple_pie/9"]}',
      'meta/test.json': '{"apple_pie": ["apple_pie/1"], "waffles": ["waffles/3"]}',
      ...images(
        'images/waffles/1.jpg',
        'images/waffles/2.jpg',
        'images/waffles/3.jpg',
        'images/apple_pie/1.jpg',
        'images/apple_pie/9.jpg',
      ),
    },
    splits: {
      train: {
        names: ['images/waffles/2.jpg', 'images/waffles/1.jpg', 'images/apple_pie/9.jpg'],
        labels: [1, 1, 0],
        classes: ['apple pie', 'waffles'],
      },
      test: { labels: [0, 1] },
    },
  },
  {
    name: 'FGVCAircraft',
    folder: 'fgvc-aircraft-2013b',
    tree: {
      'data/variants.txt': '707-320\nA300B4\n',
      'data/images_variant_train.txt': '1025794 A300B4\n1340192 707-320\n',
      'data/images_variant_val.txt': '0000001 707-320\n',
      'data/images_variant_trainval.txt': '1025794 A300B4\n0000001 707-320\n',
      'data/images_variant_test.txt': '1514522 707-320\n',
      ...images(
        'data/images/1025794.jpg',
        'data/images/1340192.jpg',
        'data/images/0000001.jpg',
        'data/images/1514522.jpg',
      ),
    },
    splits: {
      train: {
        names: ['data/images/1025794.jpg', 'data/images/1340192.jpg'],
        labels: [1, 0],
        classes: ['707-320', 'A300B4'],
      },
      val: { names: ['data/images/0000001.jpg'], labels: [0] },
      trainval: { labels: [1, 0] },
      test: { names: ['data/images/1514522.jpg'], labels: [0] },
    },
    field: { val: 'val' },
  },
  {
    name: 'Flowers102',
    folder: 'flowers-102',
    tree: {
      'imagelabels.mat': matFile({ labels: { numbers: [77, 1, 5, 102] } }),
      'setid.mat': matFile({
        trnid: { numbers: [4, 2], type: 'U16' },
        valid: { numbers: [1], type: 'U16' },
        tstid: { numbers: [3], type: 'U16' },
      }),
      ...images('jpg/image_00001.jpg', 'jpg/image_00002.jpg', 'jpg/image_00003.jpg', 'jpg/image_00004.jpg'),
    },
    splits: {
      train: { names: ['jpg/image_00004.jpg', 'jpg/image_00002.jpg'], labels: [101, 0], classes: null },
      val: { names: ['jpg/image_00001.jpg'], labels: [76] },
      test: { names: ['jpg/image_00003.jpg'], labels: [4] },
    },
    field: { val: 'val' },
  },
  {
    name: 'OxfordIIITPet',
    folder: 'oxford-iiit-pet',
    tree: {
      'annotations/trainval.txt': 'american_bulldog_100 2 2 1\nAbyssinian_1 1 1 1\n',
      'annotations/test.txt': 'Abyssinian_2 1 1 1\namerican_bulldog_7 2 2 1\n',
      ...images(
        'images/american_bulldog_100.jpg',
        'images/Abyssinian_1.jpg',
        'images/Abyssinian_2.jpg',
        'images/american_bulldog_7.jpg',
      ),
    },
    splits: {
      train: {
        names: ['images/american_bulldog_100.jpg', 'images/Abyssinian_1.jpg'],
        labels: [1, 0],
        classes: ['Abyssinian', 'American Bulldog'],
      },
      test: { labels: [0, 1] },
    },
  },
  {
    name: 'CUB200',
    folder: 'CUB_200_2011',
    tree: {
      'classes.txt': '1 001.Black_footed_Albatross\n2 002.Laysan_Albatross\n',
      'images.txt':
        '1 001.Black_footed_Albatross/B_1.jpg\n2 001.Black_footed_Albatross/B_2.jpg\n3 002.Laysan_Albatross/L_1.jpg\n',
      'image_class_labels.txt': '1 1\n2 1\n3 2\n',
      'train_test_split.txt': '1 0\n2 1\n3 1\n',
      ...images(
        'images/001.Black_footed_Albatross/B_1.jpg',
        'images/001.Black_footed_Albatross/B_2.jpg',
        'images/002.Laysan_Albatross/L_1.jpg',
      ),
    },
    splits: {
      train: {
        names: ['images/001.Black_footed_Albatross/B_2.jpg', 'images/002.Laysan_Albatross/L_1.jpg'],
        labels: [0, 1],
        classes: ['Black footed Albatross', 'Laysan Albatross'],
      },
      test: { names: ['images/001.Black_footed_Albatross/B_1.jpg'], labels: [0] },
    },
  },
  {
    name: 'UCF101', // one frame of each video
    folder: 'UCF-101-midframes',
    tree: {
      'split_zhou_UCF101.json':
        '{"train": [["Yo_Yo/v_1.jpg", 1, "Yo_Yo"], ["Archery/v_2.jpg", 0, "Archery"]], "val": [["Archery/v_1.jpg", 0, "Archery"]], "test": [["Archery/v_3.jpg", 0, "Archery"]]}',
      ...images('Yo_Yo/v_1.jpg', 'Archery/v_1.jpg', 'Archery/v_2.jpg', 'Archery/v_3.jpg'),
    },
    splits: {
      train: { names: ['Yo_Yo/v_1.jpg', 'Archery/v_2.jpg'], labels: [1, 0], classes: ['Archery', 'Yo Yo'] },
      val: { names: ['Archery/v_1.jpg'], labels: [0] },
      test: { names: ['Archery/v_3.jpg'], labels: [0] },
    },
    field: { val: 'val' },
  },
  {
    name: 'PascalVOC', // an image is an object
    folder: 'VOCdevkit/VOC2007',
    tree: {
      'ImageSets/Main/aeroplane_train.txt': '000032  1\n000012 -1\n',
      'ImageSets/Main/aeroplane_val.txt': '000012 -1\n',
      'Annotations/000012.xml': `<annotation>${object('diningtable', [156, 97, 351, 270])}</annotation>`,
      'Annotations/000032.xml': `<annotation>\n${object('person', [104, 78, 375, 183], part)}\n${object('aeroplane', [133, 88, 197, 123])}</annotation>`,
      ...images('JPEGImages/000012.jpg', 'JPEGImages/000032.jpg'),
    },
    splits: {
      train: {
        names: ['JPEGImages/000032.jpg', 'JPEGImages/000032.jpg', 'JPEGImages/000012.jpg'],
        labels: [14, 0, 10],
        classes: [...vocClasses, ...vocRest],
      },
      val: { labels: [10] },
    },
    field: { val: 'val' },
  },
  {
    name: 'STL10',
    folder: 'stl10_binary',
    tree: {
      'train_X.bin': Uint8Array.from({ length: 2 * 27648 }, (_, i) => i % 251),
      'train_y.bin': Uint8Array.of(10, 1),
      'test_X.bin': new Uint8Array(27648),
      'test_y.bin': Uint8Array.of(3),
      'class_names.txt': 'airplane\nbird\ncar\ncat\ndeer\ndog\nhorse\nmonkey\nship\ntruck\n',
    },
    splits: { train: { labels: [9, 0], names: ['train_X.bin[0]', 'train_X.bin[1]'] }, test: { labels: [2] } },
  },
]
