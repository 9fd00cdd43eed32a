// What a folder or file of images is, by its names, lists and labels: no image is decoded. The field's splits are drawn here as a run draws them,
// so that what the page shows is what will be learned on.
import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

import type { DataFacts, DrawnSplit } from '../../contract/api/data.ts'
import type { LeftOut } from '../../contract/data/left-out.ts'
import type { Told } from '../../contract/engine-api.ts'
import { BasilError, type ErrorRecord, recordOf } from '../../contract/errors.ts'
import { findSource } from '../../engine/datasets/sources/index.ts'
import { type ImagesSpec, parseSpec } from '../../engine/datasets/spec.ts'
import { type Found, openSplit } from '../../engine/datasets/splits/open.ts'
import { openFiles } from '../../files/folder.ts'
import { gone } from './refusals.ts'

const fieldSplits = ['field-train', 'field-val', 'field-test']
const mostInside = 200 // folders looked into for data sets
const atOnce = 64 // files asked about at a time

/** The path, if it is a data set; else what is directly in it and is one. */
export async function* findData(path: string): AsyncGenerator<Told<{ paths: string[]; refused: ErrorRecord[] }>> {
  try {
    await findSource(path, openFiles)
    return yield { type: 'result', result: { paths: [path], refused: [] } }
  } catch (error) {
    const inside = (await openFiles.kind(path)) === 'folder' ? await openFiles.list(path) : []
    const shown = inside.filter(({ name }) => !name.startsWith('.'))
    const folders = shown.filter(({ isFolder }) => isFolder).slice(0, mostInside)
    const lost = shown.filter(({ leadsNowhere }) => leadsNowhere).slice(0, mostInside)
    const links = lost.map(({ name }) => gone(join(path, name), 'it is a link that leads nowhere'))
    const paths: string[] = []
    for (const [done, { name }] of folders.entries()) {
      yield { type: 'progress', what: `Looking into ${path}`, done, total: folders.length }
      const is = await findSource(join(path, name), openFiles).then(
        () => true,
        () => false,
      )
      if (is) paths.push(join(path, name))
    }
    yield { type: 'result', result: { paths: paths.sort(), refused: [...(paths.length > 0 ? [] : [recordOf(error)]), ...links] } }
  }
}

export async function* lookAtData(path: string): AsyncGenerator<Told<DataFacts>> {
  const found = await findSource(path, openFiles)
  const { source, place } = found
  const [disk, known] = [await source.splits(place, openFiles), await source.known?.(place, openFiles)]
  let classes: string[] | null = null
  const splits: DrawnSplit[] = []
  for (const [done, name] of disk.entries()) {
    yield { type: 'progress', what: `Reading ${path}`, done, total: disk.length }
    const { drawn, names, leftOut } = await drawnOf(found, { path, split: name, half: null, shots: null, n: null, seed: 0 })
    splits.push({ ...drawn, name, ...(leftOut.length > 0 && { leftOut }) })
    classes ??= names
  }
  const field: DrawnSplit[] = []
  for (const name of fieldSplits) {
    const { drawn } = await drawnOf(found, { path, split: name, half: null, shots: null, n: null, seed: 0 }).catch(notThere)
    if (drawn && drawn.count > 0) field.push({ ...drawn, name })
  }
  yield { type: 'result', result: { source: source.name, known: known?.name ?? null, classes, splits, field, ...(await sizeOf(path)) } }
}

/** One split with its options: "PATH#field-val?shots=16&seed=0". */
export async function* drawSplit(images: string): AsyncGenerator<Told<DrawnSplit>> {
  const spec = parseSpec(images)
  const { drawn } = await drawnOf(await findSource(spec.path, openFiles), spec)
  yield { type: 'result', result: { ...drawn, name: images.slice(spec.path.length + 1) } }
}

interface Drawn {
  drawn: Omit<DrawnSplit, 'name'>
  names: string[] | null
  leftOut: LeftOut[]
}

async function drawnOf(found: Found, spec: ImagesSpec): Promise<Drawn> {
  const { raw, of, indices, drawn } = await openSplit(found, spec, openFiles)
  await raw.close()
  const perClass = new Array<number>(raw.classes?.length ?? 0).fill(0)
  for (const i of indices) {
    const label = raw.labels[i] as number
    while (perClass.length <= label) perClass.push(0)
    perClass[label] = (perClass[label] as number) + 1
  }
  const hash = createHash('sha256').update(BigInt64Array.from(indices, BigInt)).digest('hex')
  return { drawn: { of, drawn, count: indices.length, perClass, indices: hash }, names: raw.classes, leftOut: [...(raw.leftOut ?? [])] }
}

/** The field's split may not be there: what it is drawn from is not on the disk. */
function notThere(error: unknown): { drawn: null } {
  if (error instanceof BasilError && error.record.code === 'data-invalid') return { drawn: null }
  throw error
}

/** With links followed once, as the readers do. */
async function sizeOf(path: string): Promise<{ bytes: number; files: number }> {
  const found = await stat(path)
  if (!found.isDirectory()) return { bytes: found.size, files: 1 }
  const total = { bytes: 0, files: 0 }
  const waiting = [path]
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const entries = await readdir(folder, { withFileTypes: true })
    for (const entry of entries) if (entry.isDirectory()) waiting.push(join(folder, entry.name))
    const files = entries.filter((entry) => !entry.isDirectory())
    for (let at = 0; at < files.length; at += atOnce) {
      const sizes = files.slice(at, at + atOnce).map(async ({ name }) => (await stat(join(folder, name)).catch(() => null))?.size ?? 0)
      for (const size of await Promise.all(sizes)) total.bytes += size
    }
    total.files += files.length
  }
  return total
}
