// Which columns of a Parquet file are a data set's images and labels, and what they say. Images are {bytes, path} as
// Hugging Face writes them, or plain bytes; or paths alone, as `datasets` writes images that it was given as files.
// Such a path may come from anyone: it is used where it leads to a file that is named like an image, inside of the
// folder that the person opened, and nowhere else.

import { isAbsolute, join, normalize, relative, sep } from 'node:path'

import { type FileMetaData, parquetSchema, type SchemaTree } from 'hyparquet'

import { BasilError } from '../../../contract/errors.ts'
import { at } from '../../../numbers/vectors.ts'
import { type ByteSource, type OpenFiles, shown } from '../../formats/source.ts'
import { LeftOuts } from '../left-out.ts'
import { invalid, type RawImages } from '../raw.ts'
import { byCodePoint, isImageName, listedImages, Names } from './listed.ts'

const likeImages = /image|img|picture|photo|pixel|bytes|jpe?g|png/i
const likeLabels = /label|class|target|category|caption|text/i
const likePaths = /^(path|file|file_?name|file_?path|image|image_?path|image_?file|img|img_?path)$/i
const atOnce = 64 // files asked about at a time

export interface Columns {
  image: string
  isPath: boolean // it is text, which can only name files
  label: string
  classes: string[] | null
}

/** By Hugging Face's features where they are there, else by the columns themselves. */
export function columnsOf(metadata: FileMetaData, source: ByteSource): Columns {
  const features = featuresOf(metadata)
  const top = parquetSchema(metadata).children
  const named = (test: (column: SchemaTree) => boolean): SchemaTree | undefined => top.find(test)
  const image =
    named((column) => features.get(column.element.name)?._type === 'Image') ??
    named((column) => isBytes(child(column, 'bytes'))) ??
    named((column) => isBytes(column) && likeImages.test(column.element.name)) ??
    only(top.filter((column) => isBytes(column) && !likeLabels.test(column.element.name))) ??
    named((column) => isText(column) && likePaths.test(column.element.name))
  const label =
    named(({ element: { name } }) => /^(label|fine_label)$/.test(name)) ??
    named(({ element: { name } }) => features.get(name)?._type === 'ClassLabel') ??
    named(({ element: { name } }) => /label|class|target/i.test(name)) ??
    named(({ element: { name } }) => /^(category|cls|y)$/i.test(name))
  const several = image ?? named((column) => column.children.length > 0 && leaves(column).some(isBytes))
  if (several && (!image || isRepeated(several)))
    throw invalid(
      `${source.path}: ${source.name}[0]`,
      `the ${shown(several.element.name)} of ${source.name}[0] is a list; one image a row is needed`,
    )
  if (image === undefined || label === undefined)
    throw invalid(
      source.path,
      `its columns are ${top
        .slice(0, 12)
        .map(({ element: { name } }) => name)
        .join(', ')}; an image column with bytes and a label column are needed`,
    )
  const names = features.get(label.element.name)?.names
  const classes = Array.isArray(names) && names.every((name) => typeof name === 'string') ? names : null
  return { image: image.element.name, isPath: isText(image), label: label.element.name, classes }
}

/** Where the bytes of an image column may lie, as a path in the schema. */
export const bytesOf = (column: string): string[] => [column, `${column}.bytes`]

const child = (column: SchemaTree, name: string): SchemaTree | undefined =>
  column.children.find(({ element }) => element.name === name)
const only = <T>(all: readonly T[]): T | undefined => (all.length === 1 ? all[0] : undefined)
const leaves = (column: SchemaTree): SchemaTree[] =>
  column.children.length > 0 ? column.children.flatMap(leaves) : [column]
const isRepeated = (column: SchemaTree): boolean =>
  column.element.repetition_type === 'REPEATED' || column.children.some(isRepeated)

function isBytes(column: SchemaTree | undefined): boolean {
  return (
    column?.element.type === 'BYTE_ARRAY' &&
    column.element.converted_type === undefined &&
    column.element.logical_type === undefined
  )
}

function isText({ element: { type, converted_type: converted, logical_type: logical } }: SchemaTree): boolean {
  return type === 'BYTE_ARRAY' && (converted === 'UTF8' || logical?.type === 'STRING')
}

interface Feature {
  _type?: unknown
  names?: unknown
}

function featuresOf(metadata: FileMetaData): Map<string, Feature> {
  const text = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value
  try {
    const features: unknown = text ? JSON.parse(text)?.info?.features : undefined
    return new Map(typeof features === 'object' && features !== null ? Object.entries(features) : [])
  } catch {
    return new Map() // then the columns' own names tell
  }
}

interface Labels {
  labels: number[]
  classes: string[] | null
}

/**
 * Numbers as they are, false as 0 and true as 1; texts by the place of their name among those given, or among
 * themselves. Names the row that has none.
 */
export function labelled(
  where: string,
  values: readonly unknown[],
  given: string[] | null,
  name: (i: number) => string,
): Labels {
  const kind = typeof values.find((value) => value !== null && value !== undefined)
  const strange = values.findIndex(
    (value) => typeof value !== kind || !['string', 'number', 'bigint', 'boolean'].includes(kind),
  )
  if (strange >= 0)
    throw noLabel(`${where}, ${name(strange)}`, `the label of ${name(strange)} is ${inWords(values[strange])}`)
  if (kind !== 'string')
    return { labels: values.map(Number), classes: given ?? (kind === 'boolean' ? ['false', 'true'] : null) }
  const classes = given ?? [...new Set(values as string[])].sort(byCodePoint)
  const index = new Map(classes.map((text, i) => [text, i]))
  const labels = (values as string[]).map((value) => index.get(value) ?? -1)
  const unknown = labels.indexOf(-1)
  if (unknown >= 0)
    throw invalid(
      `${where}, ${name(unknown)}`,
      `the label of ${name(unknown)} is ${shown(values[unknown] as string)}, which is none of the classes`,
    )
  return { labels, classes }
}

function inWords(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (value === null || value === undefined) return 'null'
  return typeof value === 'object' ? 'a value of several parts' : `${shown(String(value))}, unlike others before it`
}

function noLabel(where: string, why: string): BasilError {
  return new BasilError({
    code: 'label-range',
    what: 'A row has no label',
    where,
    why,
    next: 'give every row one class, or leave the row out',
  })
}

export interface NamedRow {
  path: unknown
  from: string // folder of the file that names it
}

/** The path in a cell: of a struct {path, bytes} its own, of anything else the cell itself. */
export function pathIn(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'path' in value ? value.path : value
}

interface AtPaths extends Labels {
  where: string
  root: string // the folder that the person opened
  rows: readonly NamedRow[]
  name: (i: number) => string
}

/** Throws data-invalid where there is not one image at any of the paths: the file then holds no pixels. */
export async function imagesAtPaths(
  files: OpenFiles,
  { where, root, rows, labels, classes, name }: AtPaths,
): Promise<RawImages> {
  const [names, left] = [new Names(), new LeftOuts()]
  const taken: number[] = []
  for (let first = 0; first < rows.length; first += atOnce) {
    const looked = rows.slice(first, first + atOnce).map(async ({ path, from }) => {
      const inside = typeof path === 'string' ? within(root, from, path) : undefined
      return { path, inside, isThere: inside !== undefined && (await files.kind(join(root, inside))) === 'file' }
    })
    for (const [k, { path, inside, isThere }] of (await Promise.all(looked)).entries()) {
      const text = typeof path === 'string' ? path : name(first + k)
      if (inside !== undefined && isThere) {
        names.push(inside)
        taken.push(at(labels, first + k))
      } else if (typeof path !== 'string') left.add('rows without a path', text)
      else if (!isImageName(path)) left.add('paths of no image that is read', text)
      else left.add(inside === undefined ? 'paths outside of what was opened' : 'paths at which there is no file', text)
    }
  }
  if (names.length === 0) throw noPixels(where, rows.length, left.all()[0])
  return listedImages(files, { where, folder: root, names, labels: taken, classes, leftOut: left.all() })
}

/** Relative to root, where it leads to something named like an image inside of it. */
function within(root: string, from: string, path: string): string | undefined {
  if (path.includes('\0') || !isImageName(path)) return undefined
  const inside = relative(root, isAbsolute(path) ? normalize(path) : join(from, path))
  return isAbsolute(inside) || inside.split(sep)[0] === '..' ? undefined : inside
}

function noPixels(where: string, rows: number, first: { reason: string; names: string[] } | undefined): BasilError {
  return invalid(
    where,
    `it holds no pixels, but ${rows} paths of images${first ? `; ${first.reason}, as ${shown(first.names[0] ?? '')}` : ''}`,
    'open the folder that holds the images and this file, or write it with the images in it: save_to_disk, load_from_disk, then to_parquet',
    'The images are not in this file',
  )
}
