// A recipe of mergekit's as a recipe of Basil's: its method is the merge of that formula, its parameters are values by
// tensor and depth, its slices are models put together of layers. Nothing of weights is read here.
import { sha256 } from '../../../contract/branded.ts'
import type { WrittenDtype } from '../../../contract/checkpoint.ts'
import { writtenDtypes } from '../../../contract/checkpoint.ts'
import { BasilError } from '../../../contract/errors.ts'
import { issuesOfOwn, mergeCard, type Step } from '../../../contract/merges/step.ts'
import { weightSchema } from '../../../contract/merges/valued.ts'
import type { Recipe } from '../../../contract/run/recipe.ts'
import { mergeRecipe } from '../merge.ts'
import { type Document, notARecipe, readDocument, type Settings, unsupported } from './document.ts'
import { type AskedOfBasil, type Given, type MergekitMethod, methods, scaling } from './methods.ts'
import { type Model, modelOf } from './models.ts'
import { type Levels, type Value, valueOf } from './settings.ts'
import { layersIn, modelsIn, type Slice, slicesOf } from './slices.ts'

export interface MergekitRecipe {
  recipe: Recipe
  dtype: WrittenDtype | null // null: as the models have it
  document: Document // as it is written
}

/**
 * path: of the YAML, absolute; with its text its name, where nobody knows its folder: then only whole paths are models.
 * Throws config-invalid, not-supported or file-missing.
 */
export async function readMergekit(path: string, text?: string): Promise<MergekitRecipe> {
  const document = await readDocument(path, text)
  const dtype = dtypeIn(path, document)
  const method = Object.hasOwn(methods, document.merge_method) ? methods[document.merge_method] : undefined
  if (!method)
    throw unsupported(
      `${path}: merge_method`,
      `it knows no method "${document.merge_method.slice(0, 40)}": it has ${Object.keys(methods).join(', ')}`,
    )
  requireKnown(path, document, method)
  const slices = await slicesOf(path, document, method)
  const isRaw = isOfFiles(path, document, slices)
  return { recipe: await recipeOf(path, document, method, slices, isRaw), dtype, document }
}

async function recipeOf(
  path: string,
  document: Document,
  method: MergekitMethod,
  slices: readonly Slice[],
  isRaw: boolean,
): Promise<Recipe> {
  const [first] = slices as readonly [Slice, ...Slice[]]
  const base = first.base?.model ?? null
  const parents = modelsIn(slices).map(parentOf)
  const placeOf = (model: Model): number => parents.findIndex(({ file }) => file === model.file) + (base ? 0 : 1)
  const layers = await layersIn(slices, placeOf)
  const given = givenBy(path, document, method, slices, { isRaw, isRenumbered: layers !== undefined })
  const { lambda = 1, each, weights, ...asked } = method.asks(given)
  const recipe = mergeRecipe({
    ...asked,
    pretrained: base && parentOf(base),
    vectors: first.sources.map(({ model }) => parentOf(model)),
    coefficients: typeof lambda === 'number' && lambda !== 1 ? lambda : oneFor(asked),
    ...(weights && { weights: weights.map((weight) => weightOf(path, weight)) }),
  })
  if (each) requireOwn(path, asked, each)
  const steps = recipe.steps.map((step): Step => ({ ...step, ...(each && { each: each.map(ownOf(path)) }) }))
  return {
    ...recipe,
    steps: typeof lambda === 'number' ? steps : [...steps, scaling(weightOf(path, lambda), recipe.start.length)],
    ...(layers && { pretrained: parents[0] ?? recipe.pretrained, vectors: base ? parents.slice(1) : parents, layers }),
    ...(await tokenizerOf(path, document, placeOf, parents)),
  }
}

const parentOf = ({ file, name }: Model): Recipe['pretrained'] => ({ file, name, sha256: sha256('') })

/** A whole model has no coefficient, and vectors have that of the program. */
function oneFor({ method, parameters }: AskedOfBasil): number | undefined {
  return mergeCard(method).gives({ ...parameters }) === 'model' ? undefined : 1
}

function weightOf(path: string, value: Value): NonNullable<Step['weights']>[number] {
  const { data } = weightSchema.safeParse(value)
  if (data === undefined) throw notARecipe(path, 'a weight is no number')
  return data
}

const ownOf =
  (path: string) =>
  (own: Record<string, Value>): NonNullable<Step['each']>[number] =>
    Object.fromEntries(Object.entries(own).map(([name, value]) => [name, weightOf(path, value)]))

function requireOwn(path: string, { method, parameters }: AskedOfBasil, each: readonly Record<string, Value>[]): void {
  const [why] = each.flatMap((own) => issuesOfOwn(mergeCard(method), parameters, own))
  if (why !== undefined) throw notARecipe(path, why)
}

function givenBy(
  path: string,
  { parameters: ofAll }: Document,
  { parameters }: MergekitMethod,
  slices: readonly Slice[],
  form: { isRaw: boolean; isRenumbered: boolean },
): Given {
  const value = (name: string, levels: readonly Levels[], where: string): Value => {
    const parameter = parameters[name]
    if (!parameter) throw new Error(`the method has no parameter ${name}`)
    return valueOf(name, parameter, levels, { where, ...form })
  }
  return {
    where: path,
    hasBase: slices[0]?.base !== null,
    of: (name) =>
      value(
        name,
        slices.map(({ layers, parameters: own }) => ({ layers, settings: [own, ofAll] })),
        path,
      ),
    each: (name) =>
      (slices[0]?.sources ?? []).map((source, j) =>
        value(
          name,
          slices.map(({ layers, sources, parameters: own }) => ({
            layers,
            settings: [sources[j]?.parameters, own, ofAll],
          })),
          `${path}: ${source.model.name}`,
        ),
      ),
  }
}

/** mergekit passes over names that it does not know, wherever they stand; a misspelt one would have no effect. */
function requireKnown(path: string, document: Document, { parameters }: MergekitMethod): void {
  const check = (where: string, settings: Settings, isOfModel: boolean): void => {
    for (const name of Object.keys(settings ?? {})) {
      const found = Object.hasOwn(parameters, name) ? parameters[name] : undefined
      const taken = Object.keys(parameters).join(', ') || 'none'
      if (!found)
        throw unsupported(`${where}.${name}`, `${document.merge_method} has no such parameter: it has ${taken}`)
      if (isOfModel && found.of === 'all')
        throw notARecipe(`${where}.${name}`, 'it is one for all models: it stands under the parameters of the recipe')
    }
  }
  check(`${path}: parameters`, document.parameters, false)
  for (const [i, { parameters: own }] of (document.models ?? []).entries()) check(`${path}: models.${i}`, own, true)
  for (const [k, { parameters: own, sources }] of (document.slices ?? []).entries()) {
    check(`${path}: slices.${k}`, own, false)
    for (const [i, source] of sources.entries()) check(`${path}: slices.${k}.sources.${i}`, source.parameters, true)
  }
}

/** mergekit-pytorch's form has files, mergekit-yaml's has folders. */
function isOfFiles(path: string, document: Document, slices: readonly Slice[]): boolean {
  const models = modelsIn(slices)
  const files = models.filter(({ isFolder }) => !isFolder)
  if (files.length === 0) return false
  if (files.length < models.length)
    throw notARecipe(path, 'some of its models are files and some are folders: mergekit takes all of one kind')
  if (document.slices) throw notARecipe(`${path}: slices`, 'models in files have no layers to mergekit-pytorch')
  if (document.tokenizer || document.tokenizer_source)
    throw notARecipe(`${path}: tokenizer`, 'models in files have no tokenizer to mergekit-pytorch')
  return true
}

async function tokenizerOf(
  path: string,
  { tokenizer_source: plain, tokenizer, base_model: named }: Document,
  placeOf: (model: Model) => number,
  parents: readonly Recipe['pretrained'][],
): Promise<Pick<Recipe, 'tokenizer'>> {
  const source = plain ?? tokenizer?.source
  if (source === undefined) return {}
  const found = async (reference: typeof source): Promise<number> => {
    const model = await modelOf(path, reference)
    if (parents.some(({ file }) => file === model.file)) return placeOf(model)
    throw unsupported(`${path}: tokenizer`, `${model.name} is none of the models that are merged`)
  }
  const base = named ? await found(named) : null
  return { tokenizer: { source: source === 'union' || source === 'base' ? source : await found(source), base } }
}

function dtypeIn(path: string, { dtype, out_dtype: out }: Document): WrittenDtype | null {
  const [inside, written] = [dtype, out].map((text) => (text ? text.replace(/^torch\./, '') : null))
  for (const text of [inside, written])
    if (text && !writtenDtypes.some((name) => name === text))
      throw new BasilError({
        code: 'not-supported',
        what: 'Weights cannot be written in this type',
        where: `${path}: ${text.slice(0, 40)}`,
        why: `it is none of ${writtenDtypes.join(', ')}`,
        next: 'choose one of these',
      })
  return writtenDtypes.find((name) => name === (written ?? inside)) ?? null
}
