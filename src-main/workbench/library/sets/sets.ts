// Checkpoints that belong together by the field's folders (conventions.ts): a pre-trained model, what was fine-tuned
// from it, and heads. Heads lie with the model, one folder below, or in a neighbour: beside the model's folder, or in
// one of the same name beside its parent.
import { basename, dirname } from 'node:path'

import type { CheckpointSet } from '../../../contract/api/library.ts'
import type { Place } from '../../../history/library/entries.ts'
import { accuraciesIn, type Beside } from './accuracies.ts'
import { type Convention, conventionOf } from './conventions.ts'

type Row = Pick<Place, 'path'> & { id: number }
type Found = Convention & Row

/** Sets with the accuracies beside them, whose files are read once. */
export function createSets(): { of(rows: Row[]): Promise<CheckpointSet[]>; forget(): void } {
  const read = new Map<string, Promise<Beside>>()
  const beside = (folder: string): Promise<Beside> => {
    const known = read.get(folder) ?? accuraciesIn(folder)
    read.set(folder, known)
    return known
  }
  return {
    of: (rows) => Promise.all(setsOf(rows).map(async (set) => ({ ...set, ...(await beside(set.folder)) }))),
    forget: () => read.clear(),
  }
}

/** Without accuracies. Sorted by folder, and within by data set. */
function setsOf(rows: Row[]): Omit<CheckpointSet, 'accuracies' | 'findings'>[] {
  const found = rows
    .flatMap(({ id, path }): Found[] => {
      const convention = conventionOf(path)
      return convention ? [{ ...convention, id, path }] : []
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  const heads = Map.groupBy(
    found.filter(({ role }) => role === 'head'),
    ({ folder }) => folder,
  )
  const models = Map.groupBy(
    found.filter(({ role }) => role !== 'head'),
    ({ folder }) => folder,
  )
  const isModel = (folder: string): boolean => models.get(folder)?.some(({ role }) => role === 'fine-tuned') ?? false
  return [...models]
    .filter(([folder]) => isModel(folder))
    .map(([folder, members]) => {
      const pretrained = members.filter(({ role }) => role === 'pre-trained')
      const finetuned = members.filter(({ role }) => role === 'fine-tuned')
      return {
        folder,
        model: basename(folder),
        pretrained: (pretrained.find(({ linear }) => !linear) ?? pretrained[0])?.id ?? null,
        finetuned: onePerDataset(finetuned, ({ linear }) => `${linear}`).map(({ dataset, id, linear }) => ({
          dataset,
          id,
          linear,
        })),
        heads: onePerDataset(headsFor(folder, heads, isModel), () => '').map(({ dataset, id }) => ({ dataset, id })),
      }
    })
}

/** The nearest folder with heads counts. */
function headsFor(folder: string, heads: Map<string, Found[]>, isModel: (folder: string) => boolean): Found[] {
  const own = heads.get(folder)
  if (own) return own
  const other = [...heads].filter(([at]) => !isModel(at))
  const below = other.filter(([at]) => dirname(at) === folder)
  const sameName = other.filter(
    ([at]) => basename(at) === basename(folder) && dirname(dirname(at)) === dirname(dirname(folder)),
  )
  const beside = other.filter(([at]) => dirname(at) === dirname(folder))
  return [below, sameName, beside].find((places) => places.length)?.flatMap(([, found]) => found) ?? []
}

/** Where a data set has several, the one that left the validation images out, so that they can select. */
function onePerDataset(found: Found[], kind: (one: Found) => string): (Found & { dataset: string })[] {
  const kept = new Map<string, Found & { dataset: string }>()
  for (const one of found) {
    if (one.dataset === null) continue
    const key = `${one.dataset} ${kind(one)}`
    const before = kept.get(key)
    if (!before || (one.isValidation && !before.isValidation)) kept.set(key, { ...one, dataset: one.dataset })
  }
  return [...kept.values()].sort((a, b) => (a.dataset < b.dataset ? -1 : 1))
}
