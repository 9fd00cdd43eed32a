// MNIST's own format, IDX: big-endian 0x00000803, count, height, width, then the pixels (n, h, w); 0x00000801, count,
// then the labels (n). As torchvision leaves MNIST, FashionMNIST, KMNIST and EMNIST in NAME/raw, gzipped or not; of
// EMNIST the parts by name ("letters-train"). EMNIST's images are turned, as they are there.

import { join } from 'node:path'

import { product } from '../../../numbers/vectors.ts'
import { type ByteSource, damaged, type OpenFiles, type Region, regionOf } from '../../formats/source.ts'
import { unpack } from '../containers/deflated.ts'
import { type DataSource, noSplit, type Place, type RawImages } from '../raw.ts'
import { checkedLabels } from './listed.ts'

const imagesName = /^(?:emnist-)?((?:[a-z]+-)?)(train|test|t10k|val|valid)-images[-.]idx3-ubyte(\.gz)?$/

export const idx: DataSource = {
  name: 'IDX (MNIST), "FOLDER#train" with train-images-idx3-ubyte',
  matches: async (place, files) => (await partsIn(place, files)).size > 0,
  splits: async (place, files) => [...(await partsIn(place, files)).keys()],
  open: async (place, split, files) => {
    const parts = await partsIn(place, files)
    const path = parts.get(split)
    if (path === undefined) throw noSplit(place, split, [...parts.keys()])
    return openIdx(`${place.path}#${split}`, path, files)
  },
}

/** Split to its file of images; of one that is there both ways, the unpacked. */
async function partsIn(place: Place, files: OpenFiles): Promise<Map<string, string>> {
  const parts = new Map<string, string>()
  for (const folder of place.entries
    ? ['', 'raw', join(place.name, 'raw'), 'MNIST/raw', 'FashionMNIST/raw', 'KMNIST/raw', 'EMNIST/raw']
    : []) {
    const inner = join(place.path, folder)
    const entries =
      folder === '' ? place.entries : (await files.kind(inner)) === 'folder' ? await files.list(inner) : []
    const names = entries?.map((entry) => entry.name).sort() ?? []
    for (const name of names) {
      const [, part = '', set = '', packed] = imagesName.exec(name) ?? []
      const split = part + (set === 't10k' ? 'test' : set)
      if (set && !(packed && parts.has(split))) parts.set(split, join(inner, name))
    }
    if (parts.size > 0) break
  }
  return new Map([...parts].sort(([a], [b]) => order(a) - order(b) || (a < b ? -1 : 1)))
}

const order = (split: string): number => ['train', 'val', 'valid', 'test'].indexOf(split)

async function openIdx(where: string, path: string, files: OpenFiles): Promise<RawImages> {
  const labels = await readLabels(files, path)
  const source = await files.open(path)
  try {
    const { region, sizes } = await opened(source, 3)
    const [count = 0, height = 0, width = 0] = sizes
    if (count !== labels.length)
      throw damaged(source, 'IDX', `it has ${count} images, the file of labels ${labels.length}`)
    const name = (i: number): string => `${source.name}[${i}]`
    const found = { where, count, labels: checkedLabels(where, labels, null, name), classes: null, groups: null, name }
    return {
      ...found,
      image: async (i) => ({
        pixels: await region.read(i * height * width, height * width),
        width,
        height,
        channels: 1,
      }),
      close: () => source.close(),
    }
  } catch (error) {
    await source.close()
    throw error
  }
}

async function readLabels(files: OpenFiles, images: string): Promise<Uint8Array> {
  const path = images.replace(/images([-.])idx3-ubyte(\.gz)?$/, 'labels$1idx1-ubyte')
  const source = await files.open((await files.kind(path)) === 'file' ? path : `${path}.gz`)
  try {
    const { region } = await opened(source, 1)
    return await region.read(0, region.size)
  } finally {
    await source.close()
  }
}

/** What stands behind the header. Throws file-damaged where sizes and bytes do not fit. */
async function opened(source: ByteSource, dimensions: number): Promise<{ region: Region; sizes: number[] }> {
  const start = 4 + 4 * dimensions
  const first = await source.read(0, Math.min(2, source.size))
  if (first[0] === 0x1f && first[1] === 0x8b) {
    let sizes: number[] = []
    const size = (head: Uint8Array): number => {
      sizes = header(source, head, dimensions)
      return start + elements(source, sizes)
    }
    const bytes = await unpack(source, regionOf(source, 0, source.size), {
      kind: 'IDX',
      how: 'gzip',
      headBytes: start,
      size,
    })
    const read = async (offset: number, length: number): Promise<Uint8Array> =>
      bytes.slice(start + offset, start + offset + length)
    return { region: { size: bytes.length - start, read }, sizes }
  }
  if (source.size < start) throw damaged(source, 'IDX', `it has ${source.size} bytes, its header alone has ${start}`)
  const sizes = header(source, await source.read(0, start), dimensions)
  const bytes = elements(source, sizes)
  if (source.size !== start + bytes)
    throw damaged(source, 'IDX', `its header says [${sizes}], ${bytes} bytes, but ${source.size - start} lie behind it`)
  return { region: regionOf(source, start, bytes), sizes }
}

function header(source: ByteSource, bytes: Uint8Array, dimensions: number): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const magic = view.getUint32(0)
  if (magic !== 0x800 + dimensions)
    throw damaged(
      source,
      'IDX',
      `it begins with 0x${magic.toString(16)}, not with 0x${(0x800 + dimensions).toString(16)}`,
    )
  return Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i))
}

function elements(source: ByteSource, sizes: readonly number[]): number {
  const count = product(sizes)
  if (!Number.isSafeInteger(count)) throw damaged(source, 'IDX', `its header says [${sizes}], which cannot be`)
  if (sizes.slice(1).includes(0)) throw damaged(source, 'IDX', `its images have the size [${sizes.slice(1)}]`)
  return count
}
