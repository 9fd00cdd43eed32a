// Parquet with embedded images, as Hugging Face publishes data sets: an image column {bytes, path}, or plain bytes as
// others write it, a label column, and in the file's metadata under "huggingface" the features, whose ClassLabel names
// the classes (parquet-columns.ts). Splits come in shards, train-00000-of-00002.parquet, in the folder, in data/ or in
// another folder of it, or as SPLIT/0000.parquet. Labels are read at once, images a row group at a time; the last two
// groups are kept.
import { dirname, join, resolve } from 'node:path'

import {
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
} from 'hyparquet'
import { compressors } from 'hyparquet-compressors'

import { BasilError } from '../../../contract/errors.ts'
import { mistaken } from '../../formats/mistaken.ts'
import { type ByteSource, beyondLimit, damaged, type FolderEntry, type OpenFiles } from '../../formats/source.ts'
import { type DataSource, type EncodedImage, invalid, noSplit, type Place, type RawImages } from '../raw.ts'
import { foldersOf } from './image-folder.ts'
import { byCodePoint, checkedLabels } from './listed.ts'
import { bytesOf, columnsOf, imagesAtPaths, labelled, type NamedRow, pathIn } from './parquet-columns.ts'

const mostGroup = 2 ** 30 // bytes of a row group
const smallerGroups = 'write it with smaller row groups (row_group_size=1000 of pyarrow)'
const groupsKept = 2
const rowsAtOnce = 100_000 // of labels
const sharded = /^(.+?)-(\d{5})-of-(\d{5})(?:-[0-9a-f]+)?\.parquet$/
const smallestImage = 26 // bytes: a GIF of one pixel
const magic = 'PAR1'

/**
 * A page of nothing is nothing: LZ4 packs it into one byte, which its reader does not take. None is larger than its row
 * group may be.
 */
const codecs: Compressors = Object.fromEntries(
  Object.entries(compressors).map(([name, codec]) => [
    name,
    (input: Uint8Array, length: number): Uint8Array => {
      if (length > mostGroup) throw new Error(`a page claims ${length} bytes`)
      return length === 0 ? new Uint8Array() : codec(input, length)
    },
  ]),
)

export const parquet: DataSource = {
  name: 'Parquet with embedded images (Hugging Face)',
  matches: async (place, files) => (place.head ? startsRight(place.head) : (await partsIn(place, files)).size > 0),
  splits: async (place, files) => [...(await partsIn(place, files)).keys()],
  open: async (place, split, files) => {
    const parts = await partsIn(place, files)
    const paths = parts.get(split)
    if (!paths) throw noSplit(place, split, [...parts.keys()])
    const root = resolve(place.entries ? place.path : dirname(place.path))
    return openShards(`${place.path}#${split}`, root, paths, files)
  },
}

const startsRight = (head: Uint8Array): boolean => new TextDecoder('latin1').decode(head.subarray(0, 4)) === magic

/** Split to its shards, in order. Throws data-invalid where one of the shards a name counts is missing. */
async function partsIn(place: Place, files: OpenFiles): Promise<Map<string, string[]>> {
  if (!place.entries) return new Map([['all', [place.path]]])
  const own = shardsIn(place.path, place.entries)
  if (own.size > 0) return own
  const folders = new Map<string, FolderEntry[]>()
  for (const folder of foldersOf(place.entries).slice(0, 64))
    folders.set(folder, await files.list(join(place.path, folder)))
  const data = folders.get('data')
  if (data && shardsIn(join(place.path, 'data'), data).size > 0) return shardsIn(join(place.path, 'data'), data)
  const holding = [...folders].filter(([, entries]) => entries.some(({ name }) => name.endsWith('.parquet')))
  const [first] = holding
  if (first && holding.length === 1 && first[1].some(({ name }) => sharded.test(name)))
    return shardsIn(join(place.path, first[0]), first[1])
  return new Map(
    holding.map(([name, entries]) => [name, parquetNames(entries).map((file) => join(place.path, name, file))]),
  )
}

function shardsIn(folder: string, entries: readonly FolderEntry[]): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const name of parquetNames(entries)) {
    const [, part, index, total] = sharded.exec(name) ?? []
    const split = part ?? name.slice(0, -'.parquet'.length)
    const before = found.get(split) ?? []
    if (index !== undefined && Number(index) !== before.length)
      throw invalid(
        join(folder, name),
        `of ${Number(total)} shards the ${before.length}-th is missing, or is there twice`,
        'bring all shards of the split',
      )
    found.set(split, [...before, join(folder, name)])
  }
  for (const [split, paths] of found) {
    const total = Number(sharded.exec(paths[0]?.slice(folder.length + 1) ?? '')?.[3] ?? paths.length)
    if (total !== paths.length)
      throw invalid(
        `${folder}#${split}`,
        `of ${total} shards ${paths.length} are there`,
        'bring all shards of the split',
      )
  }
  return found
}

function parquetNames(entries: readonly FolderEntry[]): string[] {
  return entries
    .filter(({ name, isFolder }) => !isFolder && name.endsWith('.parquet') && !name.startsWith('.'))
    .map(({ name }) => name)
    .sort(byCodePoint)
}

interface Shard {
  source: ByteSource
  file: AsyncBuffer
  metadata: FileMetaData
  first: number // of its images among all
  rows: number
}

async function openShards(where: string, root: string, paths: readonly string[], files: OpenFiles): Promise<RawImages> {
  const shards: Shard[] = []
  const close = async (): Promise<void> => void (await Promise.all(shards.map(({ source }) => source.close())))
  try {
    for (const path of paths)
      shards.push(
        await openShard(
          await files.open(path),
          shards.reduce((n, shard) => n + shard.rows, 0),
        ),
      )
    const { source, metadata } = shards[0] as Shard
    const columns = columnsOf(metadata, source)
    const name = (i: number): string => {
      const shard = shards.findLast(({ first }) => first <= i) as Shard
      return `${shard.source.name}[${i - shard.first}]`
    }
    const values: unknown[] = []
    for (const shard of shards) for (const value of await columnOf(shard, columns.label)) values.push(value)
    const { labels, classes } = labelled(where, values, columns.classes, name)
    if (columns.isPath || shards.every((shard) => holdsNoBytes(shard, columns.image))) {
      const named: unknown[] = []
      for (const shard of shards)
        for (const value of await columnOf(shard, columns.image))
          named.push({ path: pathIn(value), from: dirname(shard.source.path) })
      await close()
      return await imagesAtPaths(files, { where, root, rows: named as NamedRow[], labels, classes, name })
    }
    const rowGroups = reader(shards, columns.image)
    return {
      where,
      count: values.length,
      labels: checkedLabels(where, labels, classes, name),
      classes,
      groups: null,
      name,
      image: (i) => rowGroups(i, name(i)),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Whether a column of images has none in it: by its statistics, else by a size that no image has. */
function holdsNoBytes({ metadata }: Shard, column: string): boolean {
  return metadata.row_groups.every(({ columns, num_rows }) => {
    const found = columns.find(({ meta_data: meta }) =>
      bytesOf(column).includes(meta?.path_in_schema.join('.') ?? ''),
    )?.meta_data
    const nulls = found?.statistics?.null_count
    return nulls === undefined
      ? Number(found?.total_uncompressed_size ?? 0) < smallestImage * Number(num_rows)
      : nulls >= num_rows
  })
}

async function openShard(source: ByteSource, first: number): Promise<Shard> {
  try {
    const file: AsyncBuffer = {
      byteLength: source.size,
      slice: async (start, end = source.size) => (await source.read(start, end - start)).slice().buffer as ArrayBuffer,
    }
    const metadata = await parquetMetadataAsync(file)
    let rows = 0
    for (const group of metadata.row_groups) {
      rows += Number(group.num_rows)
      if (!(Number(group.total_byte_size) <= mostGroup))
        throw beyondLimit(
          source,
          `a row group has ${group.total_byte_size} bytes; Basil reads ${mostGroup} at most`,
          smallerGroups,
        )
    }
    if (rows !== Number(metadata.num_rows) || rows > source.size)
      // an image has bytes
      throw damaged(source, 'Parquet', `it claims ${metadata.num_rows} rows, its groups ${rows}`)
    return { source, file, metadata, first, rows }
  } catch (error) {
    const other = await mistaken(source, 'Parquet file').finally(() => source.close())
    throw other ?? refused(source, error)
  }
}

async function columnOf(shard: Shard, column: string): Promise<unknown[]> {
  const values: unknown[] = []
  for (let start = 0; start < shard.rows; start += rowsAtOnce)
    for (const row of await rowsOf(shard, column, start, Math.min(start + rowsAtOnce, shard.rows), true))
      values.push(row[column])
  if (values.length !== shard.rows)
    throw damaged(shard.source, 'Parquet', `its column ${column} has ${values.length} values for ${shard.rows} rows`)
  return values
}

async function rowsOf(
  { source, file, metadata }: Shard,
  column: string,
  rowStart: number,
  rowEnd: number,
  utf8: boolean,
): Promise<Record<string, unknown>[]> {
  try {
    return await parquetReadObjects({
      file,
      metadata,
      columns: [column],
      rowStart,
      rowEnd,
      compressors: codecs,
      utf8,
      rowFormat: 'object',
    })
  } catch (error) {
    throw refused(source, error)
  }
}

/** Image i of all, through the row group that it is in. */
function reader(shards: readonly Shard[], column: string): (i: number, name: string) => Promise<EncodedImage> {
  const kept = new Map<string, Promise<Record<string, unknown>[]>>()
  return async (i, name) => {
    const at = shards.findLastIndex(({ first }) => first <= i)
    const shard = shards[at] as Shard
    let start = 0
    let size = 0
    for (const group of shard.metadata.row_groups) {
      size = Number(group.num_rows)
      if (i - shard.first < start + size) break
      start += size
    }
    const key = `${at} ${start}`
    const rows = kept.get(key) ?? rowsOf(shard, column, start, start + size, false)
    kept.delete(key)
    kept.set(key, rows)
    rows.catch(() => kept.delete(key))
    if (kept.size > groupsKept) kept.delete([...kept.keys()][0] as string)
    const value = (await rows)[i - shard.first - start]?.[column]
    const encoded = typeof value === 'object' && value !== null && 'bytes' in value ? value.bytes : value
    if (!(encoded instanceof Uint8Array))
      throw invalid(`${shard.source.path}: ${name}`, 'the row has no bytes of an image')
    return { encoded: encoded.slice() }
  }
}

function refused(source: ByteSource, error: unknown): BasilError {
  if (error instanceof BasilError) return error
  return damaged(source, 'Parquet', error instanceof Error ? error.message.slice(0, 300) : String(error))
}
