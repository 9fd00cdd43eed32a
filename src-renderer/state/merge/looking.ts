// Images that a merge looks at, of each model's own task: what names suggest, and what is still lacking. Pure.
import type { DataSet } from '../../../src-main/contract/api/data.ts'
import type { Entry } from '../../../src-main/contract/api/library.ts'
import type { LookedAt } from '../../../src-main/contract/api/merges.ts'
import type { MergeCard } from '../../../src-main/contract/merges/card.ts'
import { plain } from '../checkpoints/models.ts'

type Data = Pick<DataSet, 'id' | 'name' | 'splits' | 'field'>
type Row = Pick<Entry, 'id' | 'name' | 'dataset'>

/** Of a data set those that runs use come first: the field's, where it draws any. */
export function splitsOf({ splits, field }: Pick<DataSet, 'splits' | 'field'>): string[] {
  return [...new Set([...(field.length > 1 ? field : []), ...splits].map(({ name }) => name))]
}

/** By the model's data set, or the only name that stands in the model's; undefined where none tells. */
export function suggestedLook(model: Row, dataSets: readonly Data[], heads: readonly Row[]): LookedAt | undefined {
  const own = named(model, dataSets)
  const split = own && (splitsOf(own).find((name) => /^train/i.test(name)) ?? splitsOf(own)[0])
  if (!own || split === undefined) return undefined
  const task = plain(own.name)
  const head =
    heads.find(({ dataset, name }) => plain(dataset ?? '') === task || plain(name).includes(task)) ??
    (heads.length === 1 ? heads[0] : undefined)
  return { dataSet: own.id, split, head: head?.id ?? null }
}

function named(model: Row, dataSets: readonly Data[]): Data | undefined {
  const of = model.dataset
  if (of !== null) return dataSets.find(({ name }) => plain(name) === plain(of))
  const [only, ...others] = dataSets.filter(({ name }) => plain(model.name).includes(plain(name)))
  return others.length === 0 ? only : undefined
}

/** In the models' order; null where some are lacking. */
export function looksOf(
  card: MergeCard,
  models: readonly number[],
  images: Readonly<Record<string, LookedAt>>,
): LookedAt[] | null {
  const found = models.flatMap((id) => images[id] ?? [])
  const isWhole = found.length === models.length && (!card.needs.heads || found.every(({ head }) => head !== null))
  return isWhole ? found : null
}
