// Merges that look at images: which of each model's task, by rows of the data sets, with the heads of the library; and
// what their statistics may take on the disk. Squared gradients are a number a weight, second moments a matrix (in, in)
// a linear layer; both float32, of each model.
import type { LookedAt, MergePlanned } from '../../contract/api/merges.ts'
import { rebuildingSchema } from '../../contract/engine-api.ts'
import { BasilError } from '../../contract/errors.ts'
import type { MergePlan } from '../../contract/merges/plan.ts'
import { mergeCard } from '../../contract/merges/step.ts'
import { queuedJobs } from '../../history/jobs.ts'
import { contentOf } from '../../history/library/entries.ts'
import type { History } from '../../history/statement.ts'
import { product } from '../../numbers/vectors.ts'
import { storedData } from '../data/questions.ts'
import { storedRow } from '../library/rows.ts'

export interface Looks {
  data: string[]
  heads: string[]
}

/** One for each model; null where the method looks at none. Throws config-invalid. */
export function looksOf(history: History, method: string, given: readonly LookedAt[], models: number): Looks | null {
  const { title, needs } = mergeCard(method)
  if (needs.statistics === undefined) return null
  if (given.length !== models) throw lacking(title, 'images', models, given.length)
  const heads = needs.heads ? given.map((one) => headAt(history, one)) : []
  if (heads.some((head) => head === null))
    throw lacking(title, 'the head', models, heads.filter((head) => head !== null).length)
  return {
    data: given.map(({ dataSet, split }) => `${storedData(history, dataSet).path}#${split}`),
    heads: heads.filter((head) => head !== null),
  }
}

/** Of a file of several heads the one of this data set. */
function headAt(history: History, { head: id, dataSet, split }: LookedAt): string | null {
  if (id === null) return null
  const { path } = storedRow(history, id)
  const { tensors } = contentOf(history, id)
  const folder = storedData(history, dataSet).path.split(/[/\\]/).filter(Boolean).at(-1) ?? ''
  const wanted = [folder, split].map((name) => `head${plain(name)}`)
  const own = tensors.find(({ name }) => wanted.includes(plain(name)))
  return own && tensors.length > 1 ? `${path}#${own.name}` : path
}

const plain = (name: string): string => name.toLowerCase().replace(/val$/, '').replace(/[\W_]/g, '')

/**
 * images: at most, of all models together; bytes: at most, on the disk, where none of it was collected before; seconds:
 * by what the last such job took an image, its merging included; null: there was none.
 */
export function lookingTakes(
  history: History,
  method: string,
  parameters: Record<string, unknown>,
  { tensors }: MergePlan,
  models: number,
): MergePlanned['looking'] {
  const card = mergeCard(method)
  if (card.needs.statistics === undefined) return null
  const merged = tensors.filter(({ fate }) => fate === 'merged')
  const each = card.needs.heads
    ? merged.map(({ shape }) => product(shape))
    : merged.flatMap(({ shape }) => (shape.length === 2 ? (shape[1] ?? 0) ** 2 : []))
  const images = imagesOf(method, parameters) * models
  const rate = lastRate(history)
  return {
    images,
    seconds: rate === null ? null : rate * images,
    bytes: 4 * models * each.reduce((sum, count) => sum + count, 0),
  }
}

function imagesOf(method: string, parameters: Record<string, unknown>): number {
  const { images } = mergeCard(method).parameters.parse(parameters)
  return typeof images === 'number' ? images : 0
}

/** Seconds an image. */
function lastRate(history: History): number | null {
  const done = queuedJobs(history, ['done']).filter(
    ({ kind, started, ended }) => kind === 'image-merge' && started && ended,
  )
  const last = done.at(-1)
  const asked = rebuildingSchema.safeParse(last?.request).data
  const [step] = asked?.recipe.steps ?? []
  if (!last || !asked || !step) return null
  const images = imagesOf(step.method, step.parameters) * asked.recipe.vectors.length
  return images > 0 ? (Date.parse(last.ended ?? '') - Date.parse(last.started ?? '')) / 1000 / images : null
}

function lacking(title: string, what: string, models: number, given: number): BasilError {
  return new BasilError({
    code: 'config-invalid',
    what: `${title} needs ${what} of each model's own task`,
    where: 'images',
    why: `there are ${models} models, and ${given} ${given === 1 ? 'has' : 'have'} ${what}`,
    next: 'choose a data set, and a head where it is asked for, for each model',
  })
}
