// The kinds of data on disk that Basil reads, the most particular first. To add one: a file that makes a DataSource and
// a line in this list; a test of a miniature in its true layout belongs beside it.
import { knownSets } from '../field-datasets/index.ts'
import type { DataSource } from '../raw.ts'
import { cifar } from './cifar.ts'
import { idx } from './idx.ts'
import { imageFolder } from './image-folder.ts'
import { listFile } from './list-file.ts'
import { matImages } from './mat-images.ts'
import { parquet } from './parquet.ts'
import { tensorFile } from './tensor-file.ts'
import { webdataset } from './webdataset.ts'

export const sources: readonly DataSource[] = [
  knownSets,
  cifar,
  idx,
  parquet,
  webdataset,
  matImages,
  tensorFile,
  listFile,
  imageFolder,
]
