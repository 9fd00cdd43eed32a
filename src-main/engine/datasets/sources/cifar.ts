// CIFAR-10 and CIFAR-100 as their authors publish them: pickled batches of NumPy arrays (cifar-10-batches-py,
// cifar-100-python; read as inert values, nothing is run) or records of label and pixels (…-bin). Pixels lie as (3, 32,
// 32); CIFAR-100's labels are the fine ones.

import { join } from 'node:path'

import { byteAt } from '../../../numbers/vectors.ts'
import { type ByteSource, damaged, type OpenFiles } from '../../formats/source.ts'
import { byteRows, readDictionary, textIn } from '../containers/numpy-pickle.ts'
import { interleaved } from '../pixels/planes.ts'
import { type DataSource, noSplit, type Place, type RawImages } from '../raw.ts'
import { checkedLabels, linesOf } from './listed.ts'

const plane = 32 * 32
const pixels = 3 * plane

interface Layout {
  files: Record<string, string[]> // of a split
  names: string // file of the class names
  bytesBefore: number // the pixels of a record; the last of them is the label. 0: pickled
  keys: { labels: string; names: string } // of a pickle
}

const five = [1, 2, 3, 4, 5]
const layouts: Layout[] = [
  {
    files: { train: five.map((i) => `data_batch_${i}`), test: ['test_batch'] },
    names: 'batches.meta',
    bytesBefore: 0,
    keys: { labels: 'labels', names: 'label_names' },
  },
  {
    files: { train: ['train'], test: ['test'] },
    names: 'meta',
    bytesBefore: 0,
    keys: { labels: 'fine_labels', names: 'fine_label_names' },
  },
  {
    files: { train: five.map((i) => `data_batch_${i}.bin`), test: ['test_batch.bin'] },
    names: 'batches.meta.txt',
    bytesBefore: 1,
    keys: { labels: '', names: '' },
  },
  {
    files: { train: ['train.bin'], test: ['test.bin'] },
    names: 'fine_label_names.txt',
    bytesBefore: 2,
    keys: { labels: '', names: '' },
  },
]
const folders = ['cifar-10-batches-py', 'cifar-100-python', 'cifar-10-batches-bin', 'cifar-100-binary']

export const cifar: DataSource = {
  name: 'CIFAR-10 or CIFAR-100, binary or pickled',
  matches: async (place, files) => (await found(place, files)) !== undefined,
  splits: async (place, files) => Object.keys((await found(place, files))?.layout.files ?? {}),
  open: async (place, split, files) => {
    const at = await found(place, files)
    const names = at && Object.hasOwn(at.layout.files, split) ? at.layout.files[split] : undefined
    if (!at || !names) throw noSplit(place, split, Object.keys(at?.layout.files ?? {}))
    const classes = await classNames(join(at.folder, at.layout.names), at.layout, files)
    const paths = names.map((name) => join(at.folder, name))
    return openParts(`${place.path}#${split}`, paths, at.layout, classes, files)
  },
}

/** In the folder itself, or in the one of the published name inside it. */
async function found(place: Place, files: OpenFiles): Promise<{ folder: string; layout: Layout } | undefined> {
  for (const folder of place.entries ? ['', ...folders] : []) {
    const inner = join(place.path, folder)
    const entries =
      folder === '' ? place.entries : (await files.kind(inner)) === 'folder' ? await files.list(inner) : null
    const there = new Set(entries?.filter((entry) => !entry.isFolder).map((entry) => entry.name))
    const layout = layouts.find(
      ({ files: parts, names }) => there.has(names) && there.has(parts['train']?.[0] as string),
    )
    if (layout) return { folder: inner, layout }
  }
  return undefined
}

async function classNames(path: string, layout: Layout, files: OpenFiles): Promise<string[]> {
  if (layout.bytesBefore > 0) return (await linesOf(files, path)).map((line) => line.trim())
  const source = await files.open(path)
  try {
    const names = (await readDictionary(source)).get(layout.keys.names)
    const texts = Array.isArray(names) ? names.map(textIn) : []
    if (texts.length === 0 || !texts.every((text) => text !== undefined))
      throw damaged(source, 'pickle', `it has no list ${layout.keys.names}`)
    return texts
  } finally {
    await source.close()
  }
}

/** Images of one file: its labels, and the pixels of its k-th, planar. */
interface Part {
  name: string
  labels: number[]
  planes(k: number): Promise<Uint8Array>
  close(): Promise<void>
}

async function openParts(
  where: string,
  paths: readonly string[],
  layout: Layout,
  classes: string[],
  files: OpenFiles,
): Promise<RawImages> {
  const parts: Part[] = []
  const close = async (): Promise<void> => void (await Promise.all(parts.map((part) => part.close())))
  try {
    for (const path of paths) {
      const source = await files.open(path)
      parts.push(
        await (layout.bytesBefore > 0
          ? records(source, layout.bytesBefore)
          : pickled(source, layout.keys.labels)
        ).catch(async (error) => {
          await source.close()
          throw error
        }),
      )
    }
    const places = parts.flatMap((part) => part.labels.map((_, k) => ({ part, k })))
    const name = (i: number): string => `${places[i]?.part.name}[${places[i]?.k}]`
    return {
      where,
      count: places.length,
      labels: checkedLabels(
        where,
        parts.flatMap((part) => part.labels),
        classes,
        name,
      ),
      classes,
      groups: null,
      name,
      image: async (i) => {
        const { part, k } = places[i] as (typeof places)[number]
        return { pixels: interleaved(await part.planes(k), 3), width: 32, height: 32, channels: 3 }
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function records(source: ByteSource, before: number): Promise<Part> {
  const record = before + pixels
  if (source.size === 0 || source.size % record !== 0)
    throw damaged(source, 'CIFAR', `its ${source.size} bytes are no whole number of records of ${record}`)
  const labels: number[] = []
  const most = Math.max(1, Math.floor(2 ** 22 / record))
  for (let k = 0; k * record < source.size; k += most) {
    const count = Math.min(most, source.size / record - k)
    const bytes = await source.read(k * record, count * record)
    for (let j = 0; j < count; j++) labels.push(byteAt(bytes, j * record + before - 1))
  }
  return {
    name: source.name,
    labels,
    planes: (k) => source.read(k * record + before, pixels),
    close: () => source.close(),
  }
}

async function pickled(source: ByteSource, key: string): Promise<Part> {
  const batch = await readDictionary(source)
  await source.close()
  const data = byteRows(source, 'data', batch.get('data'), pixels)
  const labels = batch.get(key)
  if (
    !Array.isArray(labels) ||
    labels.length !== data.length / pixels ||
    !labels.every((label) => typeof label === 'number')
  )
    throw damaged(source, 'CIFAR', `${key} is no list of ${data.length / pixels} numbers`)
  return {
    name: source.name,
    labels,
    planes: async (k) => data.subarray(k * pixels, (k + 1) * pixels),
    close: async () => undefined,
  }
}
