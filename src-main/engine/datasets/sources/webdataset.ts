// WebDataset: tar shards whose entries share a key, key.jpg and key.cls or key.json ({"label": 3}), where a key is the entry's path up to the
// first dot of its last part. Shards are walked once, in the order of their names; images are then read by place.
// A folder's splits are the beginnings of the shards' names: train-000000.tar, train-000001.tar, test-000000.tar.
import { join } from 'node:path'

import type { ByteSource, OpenFiles } from '../../formats/source.ts'
import { looksLikeTar, type TarEntry, tarEntries } from '../containers/tar.ts'
import { type DataSource, invalid, noSplit, type Place, type RawImages } from '../raw.ts'
import { parsedJson } from './list-file.ts'
import { byCodePoint, checkedLabels, isImageName, Names } from './listed.ts'

const longestLabel = 2 ** 16
const shard = /^(?:.*?[-_.])??((?:train|val|valid|validation|test)(?![a-z])|)[-_.]?(?:[^/]*?)?\.tar$/i

export const webdataset: DataSource = {
  name: 'WebDataset, tar shards of key.jpg and key.cls',
  matches: (place) => (place.entries ? shardsIn(place).size > 0 : place.head !== null && looksLikeTar(place.head)),
  splits: async (place) => (place.entries ? [...shardsIn(place).keys()] : ['all']),
  open: async (place, split, files) => {
    const shards = place.entries ? shardsIn(place) : new Map([['all', [place.path]]])
    const paths = shards.get(split)
    if (!paths) throw noSplit(place, split, [...shards.keys()])
    return openShards(`${place.path}#${split}`, paths, files)
  },
}

function shardsIn(place: Place): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const { name } of (place.entries ?? [])
    .filter((entry) => !entry.isFolder && !entry.name.startsWith('.'))
    .sort((a, b) => byCodePoint(a.name, b.name))) {
    const match = shard.exec(name)
    if (!match) continue
    const split = (match[1] ?? '').toLowerCase() || 'all'
    found.set(split, [...(found.get(split) ?? []), join(place.path, name)])
  }
  return found
}

interface Sample {
  key: string
  image?: TarEntry
  label?: TarEntry
  json?: TarEntry
}

interface Index {
  shards: ByteSource[]
  names: Names
  labels: number[]
  at: number[] // (shard, offset, size) of every image
}

async function openShards(where: string, paths: readonly string[], files: OpenFiles): Promise<RawImages> {
  const index: Index = { shards: [], names: new Names(), labels: [], at: [] }
  const close = async (): Promise<void> => void (await Promise.all(index.shards.map((source) => source.close())))
  try {
    for (const path of paths) {
      index.shards.push(await files.open(path))
      await indexShard(index)
    }
    const name = (i: number): string => index.names.at(i)
    return {
      where,
      count: index.labels.length,
      labels: checkedLabels(where, index.labels, null, name),
      classes: null,
      groups: null,
      name,
      image: async (i) => {
        const [source, offset, size] = [
          index.shards[index.at[3 * i] as number],
          index.at[3 * i + 1] as number,
          index.at[3 * i + 2] as number,
        ]
        return { encoded: await (source as ByteSource).read(offset, size) }
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** The last shard's samples into the index. Entries of one key stand behind each other. */
async function indexShard(index: Index): Promise<void> {
  const source = index.shards.at(-1) as ByteSource
  let sample: Sample = { key: '' }
  for await (const entry of tarEntries(source)) {
    const [, key = '', ending = ''] = /^((?:.*\/)?[^./]*)\.([^/]*)$/s.exec(entry.name) ?? []
    if (ending === '') continue
    if (key !== sample.key) {
      await keep(index, source, sample)
      sample = { key }
    }
    if (!ending.includes('.') && isImageName(`x.${ending}`)) sample.image ??= entry
    else if (/^cls$/i.test(ending)) sample.label = entry
    else if (/^json$/i.test(ending)) sample.json = entry
  }
  await keep(index, source, sample)
}

/** Samples without an image are passed over; one without a label is wrong. */
async function keep(index: Index, source: ByteSource, { key, image, label, json }: Sample): Promise<void> {
  if (!image) return
  const where = `${source.name}: ${key.slice(0, 200)}`
  const entry = label ?? json
  if (!entry) throw invalid(where, 'the image has neither .cls nor .json beside it')
  if (entry.size > longestLabel) throw invalid(where, `its label has ${entry.size} bytes`)
  const text = new TextDecoder().decode(await source.read(entry.offset, entry.size))
  index.labels.push(label ? whole(text.trim(), where) : labelIn(parsedJson(text, where), where))
  index.names.push(`${source.name}/${image.name}`)
  index.at.push(index.shards.length - 1, image.offset, image.size)
}

function labelIn(value: unknown, where: string): number {
  const found =
    typeof value === 'object' && value !== null
      ? Object.entries(value).find(([key]) => /^(label|cls|class|class_id|target)$/.test(key))
      : undefined
  return whole(String(found?.[1] ?? value), where)
}

function whole(text: string, where: string): number {
  if (!/^\d{1,9}$/.test(text)) throw invalid(where, `its label is ${JSON.stringify(text.slice(0, 80))}, which is no whole number`)
  return Number(text)
}
