// Every field of a recipe of mergekit's, and what became of it: what it is called here, that it has no effect, or that
// it holds only where the recipe is merged as it is written, as the form for merges has no place for it.
import type { MergekitField } from '../../../contract/api/merges.ts'
import { parametersOf } from '../../../contract/merges/parameters.ts'
import { mergeCard, needsBase } from '../../../contract/merges/step.ts'
import type { Reference, Settings } from './document.ts'
import { methods } from './methods.ts'
import type { MergekitRecipe } from './recipe.ts'

/** What the form cannot hold of a recipe. */
export type Lacking = 'each' | 'layers' | 'lambda' | 'tokenizer'

/** mergekit's parameters by Basil's. weight, coefficient: of the form itself, no parameter of a method. */
export const counterparts: Readonly<Record<string, string>> = {
  weight: 'weight',
  scale: 'weight',
  lambda: 'coefficient',
  density: 'density',
  select_topk: 'density',
  normalize: 'normalize',
  normalize_weights: 'normalize',
  rescale: 'rescale',
  epsilon: 'epsilon',
  gamma: 'gamma',
  t: 't',
  nuslerp_flatten: 'along',
  nuslerp_row_wise: 'along',
  max_iter: 'iterations',
  tol: 'tolerance',
  filter_wise: 'scope',
  r: 'r',
  alpha: 'alpha',
}

/** Those without effect on the model, and why. */
export const idle: Readonly<Record<string, string>> = {
  int8_mask: 'it says how mergekit keeps masks in memory; the model is the same',
  eps: 'it is 1e-8 in both programs',
}

/** In the document's order. */
export function fieldsOf({ recipe, document }: MergekitRecipe, lacking: readonly Lacking[]): MergekitField[] {
  const card = mergeCard(recipe.method)
  const titles = new Map(parametersOf(card).map(({ name, title = name }) => [name, title]))
  const method = methods[document.merge_method]
  const isOwn = (name: string): boolean => recipe.steps.some(({ each = [] }) => each.some((own) => name in own))
  const base = nameOf(document.base_model)
  const hasBase = needsBase(recipe.steps)
  const fields: MergekitField[] = []
  const put = (field: string, value: unknown, as: string, state: MergekitField['state'] = 'taken'): void => {
    if (value === undefined || value === null) return
    fields.push({ field, value: typeof value === 'string' ? value : JSON.stringify(value), as, state })
  }
  const model = (field: string, reference: Reference | null | undefined): void =>
    put(field, nameOf(reference), hasBase && nameOf(reference) === base ? 'the pre-trained model' : 'one of the models')
  const settings = (where: string, given: Settings, of?: Reference): void => {
    for (const [name, value] of Object.entries(given ?? {})) {
      const field = `${where}.${name}`
      const counterpart = counterparts[name] ?? name
      if (idle[name] !== undefined) put(field, value, idle[name], 'without effect')
      else if (of && hasBase && nameOf(of) === base && method?.parameters[name]?.of === 'other')
        put(field, value, 'the pre-trained model has none', 'without effect')
      else if (document.merge_method === 'task_arithmetic' && name === 'density')
        put(field, value, 'mergekit itself leaves it out here', 'without effect')
      else if (isOwn(counterpart) || (counterpart === 'coefficient' && lacking.includes('lambda')))
        put(field, value, own(counterpart), 'only as written')
      else put(field, value, titles.get(counterpart) ?? words[counterpart] ?? counterpart)
    }
  }
  const layers = lacking.includes('layers') ? 'only as written' : 'taken'
  put('merge_method', document.merge_method, card.title)
  model('base_model', document.base_model)
  for (const [i, one] of (document.models ?? []).entries()) {
    model(`models.${i}.model`, one.model)
    settings(`models.${i}.parameters`, one.parameters, one.model)
  }
  for (const [k, slice] of (document.slices ?? []).entries()) {
    model(`slices.${k}.base_model`, slice.base_model)
    for (const [i, source] of slice.sources.entries()) {
      model(`slices.${k}.sources.${i}.model`, source.model)
      put(`slices.${k}.sources.${i}.layer_range`, source.layer_range, 'the layers of a model', layers)
      settings(`slices.${k}.sources.${i}.parameters`, source.parameters, source.model)
    }
    settings(`slices.${k}.parameters`, slice.parameters)
  }
  settings('parameters', document.parameters)
  if (document.out_dtype) put('dtype', document.dtype, 'Basil adds in float64, and rounds once', 'without effect')
  else put('dtype', document.dtype, 'Numbers')
  put('out_dtype', document.out_dtype, 'Numbers')
  const tokens = lacking.includes('tokenizer') ? 'only as written' : 'taken'
  put('tokenizer_source', document.tokenizer_source && nameOf(document.tokenizer_source), 'Tokens', tokens)
  put('tokenizer.source', document.tokenizer && nameOf(document.tokenizer.source), 'Tokens', tokens)
  return fields
}

const words: Readonly<Record<string, string>> = { weight: 'the weight of a model', coefficient: 'Coefficient' }

const own = (counterpart: string): string =>
  counterpart === 'coefficient' ? 'a coefficient that differs by tensor' : `a ${counterpart} of each model’s own`

function nameOf(reference: Reference | null | undefined): string | undefined {
  if (reference === null || reference === undefined || typeof reference === 'string') return reference ?? undefined
  return typeof reference.model === 'string' ? reference.model : reference.model.path
}
