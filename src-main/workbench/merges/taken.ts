// A recipe as the form for merges without training has it, its models by their rows: the best of a search, or a recipe
// of mergekit's. What the form has no field for is told; the recipe itself can still be merged as it is.
import type { MergekitOpened, Taken } from '../../contract/api/merges.ts'
import { givenBy, needsBase } from '../../contract/merges/step.ts'
import type { Recipe } from '../../contract/run/recipe.ts'
import { fieldsOf, type Lacking } from '../export/mergekit/fields.ts'
import { type MergekitRecipe, readMergekit } from '../export/mergekit/recipe.ts'

/** rows: of [pretrained, ...vectors]. */
export function takenOf(recipe: Recipe, rows: readonly number[]): { taken: Taken; lacking: Lacking[] } {
  const { steps, start, tokenizer, missing, method } = recipe
  const [first, ...others] = steps
  const [base = 0, ...vectors] = rows
  const hasBase = needsBase(steps)
  const whose =
    tokenizer && (typeof tokenizer.source === 'number' ? (rows[tokenizer.source] ?? null) : tokenizer.source)
  const lacking: Lacking[] = [
    ...(first?.each ? (['each'] as const) : []),
    ...(recipe.layers ? (['layers'] as const) : []),
    ...(others.length > 0 ? (['lambda'] as const) : []),
    ...(tokenizer && tokenizer.base !== (hasBase ? 0 : null) ? (['tokenizer'] as const) : []),
  ]
  const isWhole = first !== undefined && givenBy(first) === 'model'
  const taken = {
    ...{ method, parameters: first?.parameters ?? {}, pretrained: hasBase ? base : null },
    vectors: recipe.layers && !hasBase ? [...new Set(rows.slice(1))] : vectors,
    coefficients: isWhole ? null : start.map(([c = 0]) => c),
    weights: first?.weights ?? null,
    ...{ missing: missing === 'base', tokenizer: whose ?? null },
  }
  return { taken, lacking }
}

interface Parts {
  /** The row of a file, which is made where there is none. */
  rowOf(file: string): Promise<number>
}

export async function rowsOf({ pretrained, vectors }: Recipe, rowOf: Parts['rowOf']): Promise<number[]> {
  const rows: number[] = []
  for (const { file } of [pretrained, ...vectors]) rows.push(await rowOf(file)) // one after the other: each once
  return rows
}

type Source = { path: string } | { name: string; text: string }

export const readSource = (source: Source): Promise<MergekitRecipe> =>
  'path' in source ? readMergekit(source.path) : readMergekit(source.name.replace(/^.*[/\\]/, ''), source.text)

/** Throws what reading the recipe throws, and where a model can be no row. */
export async function openMergekit(source: Source, { rowOf }: Parts): Promise<MergekitOpened> {
  const read = await readSource(source)
  const { recipe, dtype } = read
  const { taken, lacking } = takenOf(recipe, await rowsOf(recipe, rowOf))
  return {
    taken,
    dtype,
    isFolder: recipe.vectors.some(({ file }) => /(^|[/\\])(model|pytorch_model)\b[^/\\]*$/.test(file)),
    isWhole: lacking.length === 0,
    fields: fieldsOf(read, lacking),
  }
}
