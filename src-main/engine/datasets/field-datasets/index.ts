// The data sets of the aTLAS protocol, recognised by what torchvision leaves on disk. A folder is one of them by its
// own marks, or holds exactly one of them as torchvision's root does. To add one: a KnownSet (set.ts) in the list of
// the file of its kind (annotated.ts, class-folders.ts, binary.ts), or in a file of its own and the list here; and its
// miniature in test/engine/datasets/field-datasets.
import { basename, join } from 'node:path'

import type { OpenFiles } from '../../formats/source.ts'
import { type DataSource, invalid, noSplit, type Place } from '../raw.ts'
import { annotatedSets } from './annotated.ts'
import { binarySets } from './binary.ts'
import { classFolderSets } from './class-folders.ts'
import type { KnownSet } from './set.ts'
import { voc } from './voc.ts'

const sets: readonly KnownSet[] = [...annotatedSets, ...classFolderSets, ...binarySets, voc]

export const knownSets: DataSource = {
  name: 'a data set as torchvision leaves it on disk',
  matches: async (place, files) => (await find(place, files)) !== undefined,
  splits: async (place, files) => splitsOf(await mustFind(place, files), files),
  open: async (place, split, files) => {
    const found = await mustFind(place, files)
    const open = Object.hasOwn(found.set.splits, split) ? found.set.splits[split] : undefined
    const splits = await splitsOf(found, files)
    if (!open || !splits.includes(split)) throw noSplit(place, split, splits)
    return open({ at: found.at, where: `${place.path}#${split}`, files })
  },
  known: async (place, files) => {
    const set = (await find(place, files))?.set
    return set && { name: set.name, field: set.field ?? {} }
  },
}

interface Found {
  set: KnownSet
  at: string
}

/** Throws data-invalid where a folder holds several. */
async function find(place: Place, files: OpenFiles): Promise<Found | undefined> {
  if (!place.entries) return undefined
  const there = new Set(place.entries.filter((entry) => entry.isFolder).map((entry) => entry.name))
  const found = new Map<string, Found>() // by name: one set may lie there in two ways
  for (const set of sets)
    for (const folder of ['', ...set.folders]) {
      if (folder !== '' && !there.has(folder.split('/')[0] as string)) continue
      const at = join(place.path, folder)
      if (!found.has(set.name) && (await marked(set, at, files))) found.set(set.name, { set, at })
    }
  const [first] = found.values()
  if (found.size > 1)
    throw invalid(
      place.path,
      `it holds several data sets: ${[...found.keys()].join(', ')}`,
      'name the folder of the one that is meant',
    )
  return first
}

async function mustFind(place: Place, files: OpenFiles): Promise<Found> {
  const found = await find(place, files)
  if (!found) throw invalid(place.path, 'it is no longer the data set that it was')
  return found
}

async function marked({ marks, called }: KnownSet, folder: string, files: OpenFiles): Promise<boolean> {
  if (called !== undefined && basename(folder) !== called) return false
  for (const row of marks) {
    const there = await Promise.all(row.map((mark) => isThere(folder, mark, files)))
    if (there.every((is) => is)) return true
  }
  return false
}

async function isThere(folder: string, mark: string, files: OpenFiles): Promise<boolean> {
  return (await files.kind(join(folder, mark))) === (mark.endsWith('/') ? 'folder' : 'file')
}

async function splitsOf({ set, at }: Found, files: OpenFiles): Promise<string[]> {
  const there: string[] = []
  for (const split of Object.keys(set.splits)) {
    const needed = set.needs?.[split]
    if (needed === undefined || (await isThere(at, needed, files))) there.push(split)
  }
  return there
}
