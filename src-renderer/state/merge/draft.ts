// What a person has chosen of a merge so far, as values: kept as text so that a reload finds it again, and filled from
// rows of the library. Numbers are kept as they are typed until they are numbers. Pure.
import { z } from 'zod'

import type { Entry } from '../../../src-main/contract/api/library.ts'
import type { MergekitOpened, Taken } from '../../../src-main/contract/api/merges.ts'
import { containers, type Form, writtenDtypes, writtenLayouts } from '../../../src-main/contract/checkpoint.ts'
import { merges } from '../../../src-main/contract/merges/index.ts'

const byMethod = z.record(z.string(), z.unknown())

const draftSchema = z.object({
  pretrained: z.number().nullable().default(null), // rows of the library
  models: z.array(z.number()).default([]),
  weights: z.record(z.string(), z.unknown()).default({}), // by row; 1 where nobody says
  method: z.string().default(merges[0]?.name ?? ''),
  parameters: z.record(z.string(), byMethod).default({}), // of each method, those that were given
  lambda: byMethod.default({}), // of each method, for all vectors that it gives
  each: z.boolean().default(false), // one for each of them
  lambdas: z.record(z.string(), z.array(z.unknown())).default({}),
  missing: z.boolean().default(false), // what not all have is the pre-trained model's
  container: z.enum(containers).default('safetensors'),
  layout: z.enum(writtenLayouts).nullable().default(null), // of one file
  dtype: z.enum(writtenDtypes).nullable().default(null),
  shards: z.boolean().default(false),
  shardSize: z.unknown().default(5), // GB
  tokenizer: z
    .union([z.enum(['base', 'union']), z.number()])
    .nullable()
    .default(null), // whose tokens, of a folder
  images: z // of each model's own task, by row
    .record(z.string(), z.object({ dataSet: z.number(), split: z.string(), head: z.number().nullable() }))
    .default({}),
  name: z.string().default(''),
  place: z.union([z.enum(['exports', 'dialog']), z.number(), z.object({ folder: z.string() })]).default('exports'),
})
export type Draft = z.infer<typeof draftSchema>

/** What is no draft, or one of another version, is an empty one. */
export function readDraft(text: string | null): Draft {
  try {
    return draftSchema.parse(JSON.parse(text ?? '{}'))
  } catch {
    return draftSchema.parse({})
  }
}

const bytesOfGigabytes = 1e9

/** In which form it is written. */
export const formOf = ({ container, layout, dtype, shards, shardSize }: Draft): Form =>
  shards
    ? { container: 'safetensors', layout: null, dtype, shardBytes: Math.round(Number(shardSize) * bytesOfGigabytes) }
    : { container, layout, dtype }

const noModels: readonly Entry['role'][] = ['head', 'data', 'coefficients']

const isModel = ({ role }: Pick<Entry, 'role'>): boolean => !noModels.includes(role)

/**
 * Chosen rows by their roles. Where none of them is a pre-trained model, the library's only one of their architecture
 * is.
 */
export function withRows(draft: Draft, chosen: readonly Entry[], library: readonly Entry[]): Draft {
  const models = chosen.filter(isModel)
  const architectures = new Set(models.map(({ architecture }) => architecture?.name))
  const bases = library.filter(
    (row) => row.role === 'pre-trained' && row.state === 'present' && architectures.has(row.architecture?.name),
  )
  const base = models.find(({ role }) => role === 'pre-trained') ?? (bases.length === 1 ? bases[0] : undefined)
  return {
    ...draft,
    pretrained: base?.id ?? null,
    models: models.filter((row) => row !== base).map(({ id }) => id),
    weights: {},
    lambdas: {},
    place: typeof draft.place === 'number' ? 'exports' : draft.place,
  }
}

/** Models in this order; a coefficient goes with its model, and is gone where it is of no one model. */
function withOrder({ models, lambdas }: Draft, ids: number[]): Pick<Draft, 'models' | 'lambdas'> {
  const ordered = Object.entries(lambdas).flatMap(([method, own]) =>
    own.length > models.length ? [] : [[method, ids.map((id) => own[models.indexOf(id)])] as const],
  )
  return { models: ids, lambdas: Object.fromEntries(ordered) }
}

/** A fine-tuned model becomes the pre-trained one, and that one of the others in its place. */
export function withBase(draft: Draft, id: number): Draft {
  const { pretrained, models } = draft
  const others = models.flatMap((one) => (one !== id ? [one] : pretrained === null ? [] : [pretrained]))
  return { ...draft, pretrained: id, ...withOrder(draft, others) }
}

export function withModels(draft: Draft, ids: readonly number[]): Draft {
  return {
    ...draft,
    ...withOrder(
      draft,
      ids.filter((id) => id !== draft.pretrained),
    ),
  }
}

/** One place up; the first stays. */
export function movedUp(draft: Draft, id: number): Draft {
  const at = draft.models.indexOf(id)
  if (at < 1) return draft
  const models = draft.models.filter((one) => one !== id)
  return { ...draft, ...withOrder(draft, models.toSpliced(at - 1, 0, id)) }
}

/** A recipe in the form's own terms. What of the form it does not say stays, but for images and the name. */
export function withTaken(draft: Draft, { method, coefficients, weights, ...taken }: Taken): Draft {
  const [first] = coefficients ?? []
  const areAlike = coefficients?.every((one) => one === first) ?? true
  return {
    ...draft,
    ...{
      method,
      pretrained: taken.pretrained,
      models: taken.vectors,
      missing: taken.missing,
      tokenizer: taken.tokenizer,
    },
    weights: Object.fromEntries(taken.vectors.map((id, t) => [String(id), weights?.[t] ?? 1])),
    parameters: { ...draft.parameters, [method]: taken.parameters },
    lambda: { ...draft.lambda, [method]: areAlike ? first : undefined },
    lambdas: areAlike ? {} : { [method]: coefficients ?? [] },
    ...{ each: !areAlike, images: {}, name: '' },
    place: typeof draft.place === 'number' ? 'exports' : draft.place,
  }
}

/** The same of a recipe of mergekit's, with the form in which mergekit would write it. */
export const withMergekit = (draft: Draft, { taken, dtype, isFolder }: MergekitOpened): Draft => ({
  ...withTaken(draft, taken),
  ...{ dtype, shards: isFolder },
})
