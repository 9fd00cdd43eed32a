// Known data sets that are folders of classes, in miniature: what lies on disk, and what is to be found in it.
import { images, type Listing } from '../sources/disk.ts'

export interface Case {
  name: string
  tree: Record<string, Uint8Array | string | true>
  folder?: string // where the field's root leads to it; the folder itself must do too
  splits: Record<string, Partial<Listing>>
  field?: object
}

export const folderCases: Case[] = [
  {
    name: 'DTD', // torchvision's: the authors' lists; the field joins their train and val
    folder: 'dtd/dtd',
    tree: {
      'labels/train1.txt': 'dotted/dotted_1.jpg\nbanded/banded_9.jpg\n',
      'labels/val1.txt': 'banded/banded_1.jpg\n',
      'labels/test1.txt': 'banded/banded_5.jpg\n',
      ...images(
        'images/banded/banded_1.jpg',
        'images/banded/banded_5.jpg',
        'images/banded/banded_9.jpg',
        'images/dotted/dotted_1.jpg',
      ),
    },
    splits: {
      train: {
        names: ['banded/banded_1.jpg', 'banded/banded_9.jpg', 'dotted/dotted_1.jpg'],
        labels: [0, 0, 1],
        classes: ['banded', 'dotted'],
      },
      test: { names: ['banded/banded_5.jpg'], labels: [0] },
      'authors-train': { names: ['banded/banded_9.jpg', 'dotted/dotted_1.jpg'], labels: [0, 1] },
      'authors-val': { names: ['banded/banded_1.jpg'], labels: [0] },
    },
  },
  {
    name: 'DTD', // the field's folders: "val" is the test
    folder: 'dtd',
    tree: images('train/banded/1.jpg', 'train/banded/2.jpg', 'train/polka_dotted/1.jpg', 'val/banded/3.jpg'),
    splits: {
      train: {
        names: ['banded/1.jpg', 'banded/2.jpg', 'polka_dotted/1.jpg'],
        labels: [0, 0, 1],
        classes: ['banded', 'polka dotted'],
      },
      test: { names: ['banded/3.jpg'], labels: [0] },
    },
  },
  {
    name: 'EuroSAT',
    folder: 'EuroSAT_splits',
    tree: images(
      'train/AnnualCrop/1.jpg',
      'train/SeaLake/1.jpg',
      'val/AnnualCrop/2.jpg',
      'val/SeaLake/2.jpg',
      'test/AnnualCrop/3.jpg',
      'test/SeaLake/3.jpg',
    ),
    splits: {
      train: { names: ['AnnualCrop/1.jpg', 'SeaLake/1.jpg'], labels: [0, 1], classes: ['AnnualCrop', 'SeaLake'] },
      val: { names: ['AnnualCrop/2.jpg', 'SeaLake/2.jpg'] },
      test: { names: ['AnnualCrop/3.jpg', 'SeaLake/3.jpg'] },
    },
    field: { val: 'val' },
  },
  {
    name: 'EuroSAT', // torchvision's: no splits
    folder: 'eurosat',
    tree: images('2750/SeaLake/1.jpg', '2750/AnnualCrop/1.jpg'),
    splits: { all: { names: ['AnnualCrop/1.jpg', 'SeaLake/1.jpg'], labels: [0, 1] } },
  },
  {
    name: 'RESISC45', // lists of names, read in the order of the folders
    folder: 'resisc45',
    tree: {
      'resisc45-train.txt': 'sea_ice_002.jpg\nairplane_010.jpg\nairplane_009.jpg\n',
      'resisc45-val.txt': 'sea_ice_001.jpg\n',
      'resisc45-test.txt': 'airplane_001.jpg\n',
      ...images(
        'NWPU-RESISC45/airplane/airplane_001.jpg',
        'NWPU-RESISC45/airplane/airplane_009.jpg',
        'NWPU-RESISC45/airplane/airplane_010.jpg',
      ),
      ...images('NWPU-RESISC45/sea_ice/sea_ice_001.jpg', 'NWPU-RESISC45/sea_ice/sea_ice_002.jpg'),
    },
    splits: {
      train: {
        names: ['airplane/airplane_009.jpg', 'airplane/airplane_010.jpg', 'sea_ice/sea_ice_002.jpg'],
        labels: [0, 0, 1],
        classes: ['airplane', 'sea ice'],
      },
      val: { names: ['sea_ice/sea_ice_001.jpg'], labels: [1] },
      test: { names: ['airplane/airplane_001.jpg'], labels: [0] },
    },
  },
  {
    // the authors' first partition, in the order and under the labels of the folders the field makes of it
    name: 'SUN397',
    folder: 'SUN397',
    tree: {
      'ClassName_01.txt': '/a/abbey\n/c/church/indoor\n/c/church_yard\n',
      'Training_01.txt':
        '/c/church_yard/sun_c.jpg\n/c/church/indoor/sun_z.jpg\n/a/abbey/sun_b.jpg\n/c/church/indoor/sun_a.jpg\n',
      'Testing_01.txt': '/a/abbey/sun_a.jpg\n',
      ...images(
        'a/abbey/sun_a.jpg',
        'a/abbey/sun_b.jpg',
        'c/church/indoor/sun_a.jpg',
        'c/church/indoor/sun_z.jpg',
        'c/church_yard/sun_c.jpg',
      ),
    },
    splits: {
      train: {
        names: [
          'a/abbey/sun_b.jpg',
          'c/church/indoor/sun_a.jpg',
          'c/church/indoor/sun_z.jpg',
          'c/church_yard/sun_c.jpg',
        ],
        labels: [0, 1, 1, 2],
        classes: ['abbey', 'church indoor', 'church yard'],
      },
      test: { names: ['a/abbey/sun_a.jpg'], labels: [0] },
    },
  },
  {
    name: 'SUN397',
    folder: 'sun397',
    tree: images(
      'train/a_abbey/1.jpg',
      'train/c_church_indoor/1.jpg',
      'test/a_abbey/2.jpg',
      'test/c_church_indoor/2.jpg',
    ),
    splits: {
      train: { names: ['a_abbey/1.jpg', 'c_church_indoor/1.jpg'], labels: [0, 1], classes: ['abbey', 'church indoor'] },
      test: { labels: [0, 1] },
    },
  },
  {
    name: 'Caltech101',
    folder: 'caltech101',
    tree: {
      'Annotations/accordion/x.mat': 'x',
      ...images(
        '101_ObjectCategories/BACKGROUND_Google/image_0001.jpg',
        '101_ObjectCategories/accordion/image_0002.jpg',
        '101_ObjectCategories/Faces/image_0001.jpg',
        '101_ObjectCategories/accordion/image_0001.jpg',
      ),
    },
    splits: {
      all: {
        names: ['Faces/image_0001.jpg', 'accordion/image_0001.jpg', 'accordion/image_0002.jpg'],
        labels: [0, 1, 1],
        classes: ['Faces', 'accordion'],
      },
    },
    field: { drawn: { of: 'all', train: 0.8, seed: 0 } },
  },
  {
    name: 'Caltech256',
    folder: 'caltech256',
    tree: images(
      '256_ObjectCategories/001.ak47/001_0001.jpg',
      '256_ObjectCategories/056.dog-x/056_0001.jpg',
      '256_ObjectCategories/056.dog-x/greg/vision.jpg',
      '256_ObjectCategories/056.dog-x/RENAME2.JPG',
    ),
    splits: {
      all: { names: ['001.ak47/001_0001.jpg', '056.dog-x/056_0001.jpg'], labels: [0, 1], classes: ['ak47', 'dog x'] },
    },
    field: { drawn: { of: 'all', train: 0.8, seed: 0 } },
  },
  {
    name: 'Country211',
    folder: 'country211',
    tree: images(
      'train/AD/1.jpg',
      'train/ZW/1.jpg',
      'valid/AD/2.jpg',
      'valid/ZW/2.jpg',
      'test/AD/3.jpg',
      'test/ZW/3.jpg',
    ),
    splits: {
      train: { names: ['AD/1.jpg', 'ZW/1.jpg'], labels: [0, 1], classes: ['AD', 'ZW'] },
      valid: { labels: [0, 1] },
      test: { names: ['AD/3.jpg', 'ZW/3.jpg'] },
    },
    field: { val: 'valid' },
  },
  {
    name: 'ImageNet', // its validation images are the field's test
    folder: 'imagenet',
    tree: images(
      'train/n01440764/a.JPEG',
      'train/n01443537/a.JPEG',
      'val/n01440764/ILSVRC2012_val_00000293.JPEG',
      'val/n01443537/b.JPEG',
    ),
    splits: {
      train: { labels: [0, 1], classes: ['n01440764', 'n01443537'] },
      test: { names: ['n01440764/ILSVRC2012_val_00000293.JPEG', 'n01443537/b.JPEG'], labels: [0, 1] },
    },
  },
]
