// What a folder or file of images is, by its names, lists and labels: no image is decoded. The field's splits are drawn
// here as a run draws them, so that what the page shows is what will be learned on.

import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

import pMap from 'p-map'

import type { DataFacts, DrawnSplit } from '../../contract/api/data.ts'
import { gone } from '../../contract/data/gone.ts'
import type { LeftOut } from '../../contract/data/left-out.ts'
import type { Told } from '../../contract/engine-api.ts'
import { BasilError, type ErrorRecord, recordOf } from '../../contract/errors.ts'
import type { Progress } from '../../contract/run/run.ts'
import { findSource } from '../../engine/datasets/sources/find.ts'
import { type ImagesSpec, parseSpec } from '../../engine/datasets/spec.ts'
import { type Found, openSplit } from '../../engine/datasets/splits/open.ts'
import type { OpenFiles } from '../../engine/formats/source.ts'
import { openFiles, tooMany, type Walk, walkOf } from '../../files/folder.ts'
import { add, at } from '../../numbers/vectors.ts'

const fieldSplits = ['field-train', 'field-val', 'field-test']
const mostInside = 200 // folders looked into for data sets
const mostFound = 300_000 // names looked at to find data sets in a folder
const mostLooked = 20_000_000 // of one data set
const between = 250 // milliseconds from one word to the next, while something goes on
const atOnce = 64 // files asked about at a time

/** The path, if it is a data set; else what is directly in it and is one. most: names looked at. */
export async function* findData(
  path: string,
  most = mostFound,
): AsyncGenerator<Told<{ paths: string[]; refused: ErrorRecord[] }>> {
  const walk = walkOf(most)
  try {
    const found = yield* meanwhile(reflected(findSource(path, walk)), () => lookingInto(path, 0, 0, walk))
    if (found === null) return yield { type: 'result', result: { paths: [path], refused: [] } }
    if (isBound(found)) throw found
    const inside = (await walk.kind(path)) === 'folder' ? await walk.list(path) : []
    const shown = inside.filter(({ name }) => !name.startsWith('.'))
    const all = shown.filter(({ isFolder }) => isFolder)
    const folders = all.slice(0, mostInside)
    const lost = shown.filter(({ leadsNowhere }) => leadsNowhere).slice(0, mostInside)
    const links = lost.map(({ name }) => gone(join(path, name), 'it is a link that leads nowhere'))
    const paths: string[] = []
    let bound: unknown = null
    for (const [done, { name }] of folders.entries()) {
      const progress = (): Progress => lookingInto(path, done, folders.length, walk)
      yield progress()
      const error = yield* meanwhile(reflected(findSource(join(path, name), walk)), progress)
      if (error === null) paths.push(join(path, name))
      else if (isBound(error)) bound = error
      if (bound) break
    }
    const refused = [...(bound ? [recordOf(bound)] : paths.length > 0 ? [] : [recordOf(found)]), ...links]
    if (all.length > folders.length) refused.push(notAll(path, all.length))
    yield { type: 'result', result: { paths: paths.sort(), refused } }
  } finally {
    walk.stop()
  }
}

/** most: names looked at. */
export async function* lookAtData(path: string, most = mostLooked): AsyncGenerator<Told<DataFacts>> {
  const walk = walkOf(most)
  try {
    const found = await findSource(path, walk)
    const { source, place } = found
    const [disk, known] = [await source.splits(place, walk), await source.known?.(place, walk)]
    let classes: string[] | null = null
    const splits: DrawnSplit[] = []
    for (const [done, name] of disk.entries()) {
      const progress = (): Progress => ({ type: 'progress', what: `Reading ${path}`, done, total: disk.length })
      yield progress()
      const spec = { path, split: name, half: null, shots: null, n: null, seed: 0 }
      const { drawn, names, leftOut } = yield* meanwhile(drawnOf(found, spec, walk), progress)
      splits.push({ ...drawn, name, ...(leftOut.length > 0 && { leftOut }) })
      classes ??= names
    }
    const field: DrawnSplit[] = []
    for (const name of fieldSplits) {
      const spec = { path, split: name, half: null, shots: null, n: null, seed: 0 }
      const { drawn } = await drawnOf(found, spec, walk).catch(notThere)
      if (drawn && drawn.count > 0) field.push({ ...drawn, name })
    }
    const size = await sizeOf(path, most)
    yield {
      type: 'result',
      result: { source: source.name, known: known?.name ?? null, classes, splits, field, ...size },
    }
  } finally {
    walk.stop()
  }
}

/** One split with its options: "PATH#field-val?shots=16&seed=0". */
export async function* drawSplit(images: string): AsyncGenerator<Told<DrawnSplit>> {
  const spec = parseSpec(images)
  const { drawn } = await drawnOf(await findSource(spec.path, openFiles), spec, openFiles)
  yield { type: 'result', result: { ...drawn, name: images.slice(spec.path.length + 1) } }
}

interface Drawn {
  drawn: Omit<DrawnSplit, 'name'>
  names: string[] | null
  leftOut: LeftOut[]
}

async function drawnOf(found: Found, spec: ImagesSpec, files: OpenFiles): Promise<Drawn> {
  const { raw, of, indices, drawn } = await openSplit(found, spec, files)
  await raw.close()
  const perClass = new Array<number>(raw.classes?.length ?? 0).fill(0)
  for (const i of indices) {
    const label = at(raw.labels, i)
    while (perClass.length <= label) perClass.push(0)
    add(perClass, label)
  }
  const hash = createHash('sha256').update(BigInt64Array.from(indices, BigInt)).digest('hex')
  return {
    drawn: { of, drawn, count: indices.length, perClass, indices: hash },
    names: raw.classes,
    leftOut: [...(raw.leftOut ?? [])],
  }
}

function notAll(where: string, folders: number): ErrorRecord {
  return {
    code: 'not-supported',
    what: 'Not every folder in it was looked into',
    where,
    why: `Basil looks into ${mostInside} folders in one go, and there are ${folders}`,
    next: 'name the folders of the data sets themselves',
  }
}

/** null when it came to something, else what it came to. */
function reflected(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (error: unknown) => error,
  )
}

const isBound = (error: unknown): boolean => error instanceof BasilError && error.record.code === 'not-supported'

function lookingInto(path: string, done: number, total: number, { looked }: Walk): Progress {
  return { type: 'progress', what: `Looking into ${path}, ${looked} names so far`, done, total }
}

/**
 * Says how far it is while work goes on whose end nobody knows; a word is also when it is heard that nobody listens any
 * more.
 */
async function* meanwhile<T>(work: Promise<T>, progress: () => Progress): AsyncGenerator<Progress, T> {
  const whole = work.then((value) => ({ value }))
  whole.catch(() => undefined) // told below, if anybody is still there
  for (;;) {
    const done = await Promise.race([whole, setTimeout(between, null)])
    if (done) return done.value
    yield progress()
  }
}

/** The field's split may not be there: what it is drawn from is not on the disk. */
function notThere(error: unknown): { drawn: null } {
  if (error instanceof BasilError && error.record.code === 'data-invalid') return { drawn: null }
  throw error
}

/** With links followed once, as the readers do. */
async function sizeOf(path: string, most: number): Promise<{ bytes: number; files: number }> {
  const found = await stat(path)
  if (!found.isDirectory()) return { bytes: found.size, files: 1 }
  const total = { bytes: 0, files: 0 }
  const waiting = [path]
  let left = most
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const entries = await readdir(folder, { withFileTypes: true })
    left -= entries.length
    if (left < 0) throw tooMany(folder, most)
    for (const entry of entries) if (entry.isDirectory()) waiting.push(join(folder, entry.name))
    const files = entries.filter((entry) => !entry.isDirectory())
    const bytesOf = async (name: string): Promise<number> =>
      (await stat(join(folder, name)).catch(() => null))?.size ?? 0
    for (const size of await pMap(files, ({ name }) => bytesOf(name), { concurrency: atOnce })) total.bytes += size
    total.files += files.length
  }
  return total
}
