// WebDataset: tar shards of samples, key.jpg and key.cls or another label (samples.ts): a whole number in .cls, .index,
// .txt or .npy, or in a .json of it or under "label". Shards are walked once, in the order of their names; images are
// then read by place, those of packed shards (.tar.gz) from where they were unpacked to. A folder's splits are the
// beginnings of the shards' names: train-000000.tar, train-000001.tar, test-000000.tar; or its folders, train/0.tar and
// test/0.tar.

import { join } from 'node:path'

import { BasilError } from '../../../contract/errors.ts'
import { at } from '../../../numbers/vectors.ts'
import { dtypes, toInt32 } from '../../formats/dtype.ts'
import { mistaken } from '../../formats/mistaken.ts'
import { readArray } from '../../formats/npz.ts'
import { type ByteSource, damaged, type FolderEntry, type OpenFiles, regionOf } from '../../formats/source.ts'
import { readAhead } from '../containers/ahead.ts'
import { looksLikeTar, type TarEntry, tarEntries } from '../containers/tar.ts'
import { LeftOuts } from '../left-out.ts'
import { type DataSource, invalid, noSplit, type Place, type RawImages } from '../raw.ts'
import { foldersOf } from './image-folder.ts'
import { parsedJson } from './list-file.ts'
import { byCodePoint, checkedLabels, linesOf, Names } from './listed.ts'
import { Samples } from './samples.ts'

const longestLabel = 2 ** 20
const shard =
  /^(?:.*?[-_.])??((?:train|val|valid|validation|test)(?![a-z])|)[-_.]?(?:[^/]*?)?\.(?:tar(?:\.(?:gz|bz2|xz|zst))?|tgz)$/i
const inFolder = /^(data|train|val|valid|validation|test)$/
const classNames = 'classnames.txt' // a class a line, as clip_benchmark's sets have them
const packedName = /\.(tar\.(gz|bz2|xz|zst)|tgz)$/i
// by their first two bytes
const packings: Record<string, string> = { '1f8b': 'gzip', '425a': 'bzip2', fd37: 'xz', '28b5': 'zstd' }

export const webdataset: DataSource = {
  name: 'WebDataset, tar shards of key.jpg and key.cls',
  matches: async (place, files) =>
    place.entries
      ? (await splitsIn(place, files)).size > 0
      : place.head !== null && (looksLikeTar(place.head) || packedName.test(place.name)),
  splits: async (place, files) => [...(await splitsIn(place, files)).keys()],
  open: async (place, split, files) => {
    const shards = await splitsIn(place, files)
    const paths = shards.get(split)
    if (!paths) throw noSplit(place, split, [...shards.keys()])
    const names = place.entries?.some(({ name }) => name === classNames)
      ? await linesOf(files, join(place.path, classNames))
      : null
    return openShards(`${place.path}#${split}`, paths, names, files)
  },
}

/**
 * Split to its shards: those in the folder itself, else in data/, else in folders named like splits, where each is one.
 */
async function splitsIn({ path, entries }: Place, files: OpenFiles): Promise<Map<string, string[]>> {
  if (!entries) return new Map([['all', [path]]])
  const own = shardsIn(path, entries)
  if (own.size > 0) return own
  const found = new Map<string, string[]>()
  for (const folder of foldersOf(entries).filter((name) => inFolder.test(name))) {
    const inside = shardsIn(join(path, folder), await files.list(join(path, folder)))
    if (folder === 'data' && inside.size > 0) return inside
    const all = [...inside.values()].flat()
    if (all.length > 0) found.set(folder, all.sort(byCodePoint))
  }
  return found
}

function shardsIn(folder: string, entries: readonly FolderEntry[]): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const { name } of [...entries]
    .filter((entry) => !entry.isFolder && !entry.name.startsWith('.'))
    .sort((a, b) => byCodePoint(a.name, b.name))) {
    const match = shard.exec(name)
    if (!match) continue
    const split = (match[1] ?? '').toLowerCase() || 'all'
    found.set(split, [...(found.get(split) ?? []), join(folder, name)])
  }
  return found
}

async function openShards(
  where: string,
  paths: readonly string[],
  classes: string[] | null,
  files: OpenFiles,
): Promise<RawImages> {
  const shards: ByteSource[] = []
  const names = new Names()
  const labels: number[] = []
  const places: number[] = [] // (shard, offset, size) of every image
  const left = new LeftOuts()
  const samples = new Samples(left)
  const close = async (): Promise<void> => void (await Promise.all(shards.map((source) => source.close())))
  try {
    for (const path of paths) {
      const source = await openShard(path, files)
      shards.push(source)
      const walked = { ...source, ...readAhead(source) }
      for await (const { image, labels: entries } of samples.of(source.name, tarEntries(source, walked))) {
        labels.push(await labelOf(walked, image, entries))
        names.push(`${source.name}/${image.name}`)
        places.push(shards.length - 1, image.offset, image.size)
      }
    }
    const name = (i: number): string => names.at(i)
    const leftOut = left.all()
    return {
      where,
      count: labels.length,
      labels: checkedLabels(where, labels, classes, name, leftOut),
      classes,
      groups: null,
      leftOut,
      name,
      image: async (i) => {
        const [shard, offset, size] = [at(places, 3 * i), at(places, 3 * i + 1), at(places, 3 * i + 2)]
        return { encoded: await at(shards, shard).read(offset, size) }
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function openShard(path: string, files: OpenFiles): Promise<ByteSource> {
  const source = await files.open(path)
  const head = source.size < 2 ? new Uint8Array() : await source.read(0, 2)
  const packing = packings[Buffer.from(head).toString('hex')]
  const other = await mistaken(source, 'tar archive')
  if (packing === undefined && !other) return source
  await source.close()
  if (other) throw other
  if (packing === 'gzip') return unpackedTar(await files.unpacked(path))
  throw new BasilError({
    code: 'not-supported',
    what: 'A shard is packed in a way that Basil does not read',
    where: path,
    why: `it is packed by ${packing}; tar and tar.gz are read`,
    next: 'unpack it beside itself: what is read is the tar',
  })
}

async function unpackedTar(source: ByteSource): Promise<ByteSource> {
  if (source.size >= 512 && looksLikeTar(await source.read(0, 512))) return source
  await source.close()
  throw damaged(source, 'tar', 'what it unpacks to is no tar archive')
}

/** Of the first that holds one. Throws data-invalid naming the sample. */
async function labelOf(source: ByteSource, image: TarEntry, entries: readonly TarEntry[]): Promise<number> {
  const where = `${source.name}: ${image.name.slice(0, 200)}`
  for (const entry of entries) {
    if (entry.size > longestLabel) throw invalid(where, `its label has ${entry.size} bytes`)
    const found = await labelIn(source, entry, where)
    if (found !== undefined) return whole(found, where)
  }
  throw invalid(where, `its .json has no "label", "cls", "class", "class_id" or "target"`)
}

/** As a text; undefined where a .json says nothing of it. */
async function labelIn(source: ByteSource, entry: TarEntry, where: string): Promise<string | undefined> {
  const ending = entry.name.slice(entry.name.lastIndexOf('.') + 1).toLowerCase()
  if (ending === 'npy') return numberIn(source, entry, where)
  const text = new TextDecoder().decode(await source.read(entry.offset, entry.size))
  if (ending !== 'json' && ending !== 'jsn') return text.trim()
  const value = parsedJson(text, where)
  if (typeof value !== 'object' || value === null) return String(value)
  const [, found] = Object.entries(value).find(([key]) => /^(label|cls|class|class_id|target)$/.test(key)) ?? []
  return found === undefined ? undefined : JSON.stringify(found).replace(/^"(.*)"$/, '$1')
}

/** Of a .npy that holds one number. */
async function numberIn(source: ByteSource, { name, offset, size }: TarEntry, where: string): Promise<string> {
  const { dtype, region, shape } = await readArray(source, name, regionOf(source, offset, size))
  if (shape.some((length) => length !== 1)) throw invalid(where, `its label is an array of the shape [${shape}]`)
  if (region.size < dtypes[dtype]) throw invalid(where, 'its label is an array that ends too early')
  return String(toInt32(await region.read(0, dtypes[dtype]), dtype)[0])
}

function whole(text: string, where: string): number {
  if (!/^\d{1,9}$/.test(text))
    throw invalid(where, `its label is ${JSON.stringify(text.slice(0, 80))}, which is no whole number`)
  return Number(text)
}
