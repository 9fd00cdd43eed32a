// Lists of images: path,label[,group][,split] as CSV, TSV, JSON, JSON lines, or text of "path label" or of paths alone,
// whose class is then their folder. Header or none. Labels are integers, or names that become classes in code-point
// order. Paths are relative to the list and stay inside its folder. A folder of lists named by splits (train.txt,
// test.csv) is one data set: names are then counted over all its lists.
import { dirname, extname, join } from 'node:path'

import { CsvError, parse } from 'csv-parse/sync'

import { parseJson } from '../../../contract/json.ts'
import type { OpenFiles } from '../../formats/source.ts'
import { LeftOuts } from '../left-out.ts'
import { type DataSource, invalid, noSplit, type Place, type RawImages } from '../raw.ts'
import { splitFolders } from './image-folder.ts'
import { byCodePoint, inside, isImageName, listedImages, Names, textOf, unreadKind } from './listed.ts'

export interface Row {
  path: string
  label: string
  group?: string
  split?: string
}

const kinds = /\.(csv|tsv|json|jsonl|ndjson|txt)$/i
const splitList = /^(train|val|valid|validation|trainval|test)\.(csv|tsv|json|jsonl|ndjson|txt)$/i
const columns: Record<keyof Row, RegExp> = {
  path: /^(path|file|file_?name|file_?path|image|image_?path|img|img_?file_?name)$/i,
  label: /^(label|class|class_?id|target|category|y)$/i,
  group: /^group$/i,
  split: /^split$/i,
}

export const listFile: DataSource = {
  name: 'list of "path,label[,group]" as CSV, TSV, JSON or text',
  matches: async (place, files) => {
    if (!place.entries) return kinds.test(place.name)
    return listsIn(place).size > 0 && (await splitFolders(place, files)).length === 0
  },
  splits: async (place, files) => {
    if (place.entries) return [...listsIn(place).keys()]
    const named = new Set((await rowsOf(files, place.path)).map((row) => row.split ?? 'all'))
    return named.size > 0 ? [...named] : ['all']
  },
  open: openList,
}

async function openList(place: Place, split: string, files: OpenFiles): Promise<RawImages> {
  const where = `${place.path}#${split}`
  if (!place.entries) {
    const rows = await rowsOf(files, place.path)
    const mine = rows.filter((row) => (row.split ?? 'all') === split)
    if (mine.length === 0 && rows.length > 0)
      throw noSplit(place, split, [...new Set(rows.map((row) => row.split ?? 'all'))])
    return listed(files, dirname(place.path), where, mine, rows)
  }
  const lists = listsIn(place)
  if (!lists.has(split)) throw noSplit(place, split, [...lists.keys()])
  const all: Row[] = []
  let mine: Row[] = []
  for (const [name, file] of lists) {
    const rows = await rowsOf(files, join(place.path, file))
    for (const row of rows) all.push(row)
    if (name === split) mine = rows
  }
  return listed(files, place.path, where, mine, all)
}

/** Labels of `rows` as integers, or as names by their place among those of `all`. */
function listed(files: OpenFiles, folder: string, where: string, rows: readonly Row[], all: readonly Row[]): RawImages {
  const numbers = all.every((row) => /^-?(0|[1-9]\d*)$/.test(row.label)) // a class may be named 007
  const classes = numbers ? null : [...new Set(all.map((row) => row.label))].sort(byCodePoint)
  const index = new Map(classes?.map((name, i) => [name, i]))
  const [names, left] = [new Names(), new LeftOuts()]
  const read = rows.filter(({ path }) => {
    const unread = unreadKind(path)
    if (unread) left.add(unread, path)
    else names.push(inside(path, where))
    return !unread
  })
  const labels = read.map((row) => index.get(row.label) ?? Number(row.label))
  const groups = read.some((row) => row.group !== undefined) ? read.map((row) => row.group ?? '') : null
  return listedImages(files, { where, folder, names, labels, classes, groups, leftOut: left.all() })
}

/** Split to file, in the splits' usual order. */
function listsIn(place: Place): Map<string, string> {
  const found = new Map<string, string>()
  const usual = ['train', 'trainval', 'val', 'valid', 'validation', 'test']
  for (const { name, isFolder } of place.entries ?? []) {
    const split = isFolder ? undefined : splitList.exec(name)?.[1]?.toLowerCase()
    if (split && !found.has(split)) found.set(split, name)
  }
  return new Map([...found].sort(([a], [b]) => usual.indexOf(a) - usual.indexOf(b)))
}

/** Throws data-invalid naming the list and the line. */
export async function rowsOf(files: OpenFiles, path: string): Promise<Row[]> {
  const text = (await textOf(files, path)).replace(/^\uFEFF/, '')
  const extension = extname(path).toLowerCase()
  if (extension === '.txt') return plainRows(text, path)
  if (extension === '.json') return objectRows(parsedJson(text, path), path)
  if (extension === '.jsonl' || extension === '.ndjson')
    return objectRows(
      text.split(/\r?\n/).flatMap((line, i) => (line.trim() ? [parsedJson(line, `${path}, line ${i + 1}`)] : [])),
      path,
    )
  return tableRows(text, path)
}

/** "path label", or paths alone. A path ends with the last image's ending in its line. */
function plainRows(text: string, path: string): Row[] {
  const rows: Row[] = []
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue
    const [, image, label] = /^\s*(.+\.\w{3,4})(?:[\s,]+(\S.*?))?\s*$/.exec(line) ?? []
    if (!image || !isImageName(image))
      throw invalid(`${path}, line ${i + 1}`, 'it is not "path label" and not a path of an image')
    rows.push({ path: image, label: label ?? folderOf(image, `${path}, line ${i + 1}`) })
  }
  return rows
}

/** The class of an image without a label. */
function folderOf(image: string, where: string): string {
  const folder = image.split(/[/\\]/).at(-2)
  if (folder === undefined || folder === '.')
    throw invalid(where, 'it has no label, and its image is in no folder of a class')
  return folder
}

function tableRows(text: string, path: string): Row[] {
  const first = text.slice(0, text.search(/\r?\n|$/))
  const counts = [',', ';', '\t'].map((delimiter) => [first.split(delimiter).length, delimiter] as const)
  const delimiter = counts.reduce((best, next) => (next[0] > best[0] ? next : best))[1]
  let table: string[][]
  try {
    table = parse(text, { delimiter, trim: true, skip_empty_lines: true, max_record_size: 2 ** 16 })
  } catch (error) {
    throw invalid(path, error instanceof CsvError ? csvFault(error) : String(error))
  }
  const header = table[0] ?? []
  const places = namedColumns(header)
  const at =
    places.path >= 0
      ? places
      : { path: 0, label: header.length > 1 ? 1 : -1, group: header.length > 2 ? 2 : -1, split: -1 }
  return table.slice(places.path >= 0 ? 1 : 0).map((cells, i) => {
    const image = cells[at.path] ?? ''
    const where = `${path}, row ${i + 1 + (places.path >= 0 ? 1 : 0)}`
    const row: Row = { path: image, label: at.label >= 0 ? (cells[at.label] ?? '') : folderOf(image, where) }
    if (row.label === '') throw invalid(where, 'it has no label')
    if (at.group >= 0) row.group = cells[at.group] ?? ''
    if (at.split >= 0) row.split = cells[at.split] ?? ''
    return row
  })
}

function namedColumns(header: readonly string[]): Record<keyof Row, number> {
  const find = (pattern: RegExp): number => header.findIndex((cell) => pattern.test(cell.trim()))
  return {
    path: find(columns.path),
    label: find(columns.label),
    group: find(columns.group),
    split: find(columns.split),
  }
}

/** Of [{path, label, group}] or [[path, label]]; or of {train: [...], test: [...]}. */
function objectRows(value: unknown, path: string, split?: string): Row[] {
  if (!Array.isArray(value)) {
    if (split !== undefined || typeof value !== 'object' || value === null)
      throw invalid(path, 'it is no list of images')
    return Object.entries(value).flatMap(([name, rows]) =>
      objectRows(rows, `${path}, ${JSON.stringify(name.slice(0, 80))}`, name),
    )
  }
  return value.map((entry: unknown, i) => {
    const where = `${path}, entry ${i + 1}`
    const named = Array.isArray(entry)
      ? { path: entry[0], label: entry[1] }
      : typeof entry === 'string'
        ? { path: entry }
        : entry
    if (typeof named !== 'object' || named === null) throw invalid(where, 'it is neither an object nor a list')
    const cells = Object.entries(named)
    const places = namedColumns(cells.map(([key]) => key))
    const cell = (column: keyof Row): string | undefined => textIn(cells[places[column]]?.[1])
    const image = cell('path')
    if (image === undefined) throw invalid(where, 'it has no path')
    const row: Row = { path: image, label: cell('label') ?? folderOf(image, where) }
    const [group, part] = [cell('group'), cell('split') ?? split]
    if (group !== undefined) row.group = group
    if (part !== undefined) row.split = part
    return row
  })
}

/** Of a misplaced quote by its place: there the parser's own message has the field in it. */
function csvFault(error: CsvError): string {
  if (!/_QUOTE$/.test(error.code)) return error.message.slice(0, 300)
  return `a quote is misplaced in line ${'lines' in error ? error.lines : 'not known'}`
}

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined
}

/** Python's json writes NaN and Infinity, which are no JSON: null here, as a label they are none. */
export function parsedJson(text: string, path: string): unknown {
  try {
    return parseJson(
      /NaN|Infinity/.test(text)
        ? text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|-?\b(?:NaN|Infinity)\b/gs, numberOrNull)
        : text,
    )
  } catch (error) {
    throw invalid(path, (error as SyntaxError).message, 'correct the JSON')
  }
}

const numberOrNull = (token: string): string => (token.startsWith('"') ? token : 'null')
