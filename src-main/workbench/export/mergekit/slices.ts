// The models of a recipe as the merge sees them: one or several slices, each of sources in one order, and by their
// roles columns: model j of the merge is the j-th source of every slice, one part of its layers after the other. A
// recipe of whole models is one slice.
import type { Arrangement } from '../../../contract/run/recipe.ts'
import { type Document, notARecipe, type Reference, type Settings, unsupported } from './document.ts'
import type { MergekitMethod } from './methods.ts'
import { layersOf, type Model, modelOf } from './models.ts'

export interface Source {
  model: Model
  range: readonly [number, number] | null // null: all
  parameters: Settings
}

export interface Slice {
  base: Source | null // by itself, where differences from it are merged
  sources: Source[] // beside it, in the merge's order
  parameters: Settings
  layers: [number, number] | null // of what is written; null: all
}

/** Throws config-invalid or not-supported; no file but configurations is read. */
export async function slicesOf(path: string, document: Document, { base: role }: MergekitMethod): Promise<Slice[]> {
  const named = new Map<string, Promise<Model>>()
  const find = (reference: Reference): Promise<Model> => {
    const key = JSON.stringify(reference)
    const found = named.get(key) ?? modelOf(path, reference)
    named.set(key, found)
    return found
  }
  const ofAll = document.base_model ? await find(document.base_model) : null
  if (document.models) {
    const sources: Source[] = []
    for (const { model, parameters } of document.models)
      sources.push({ model: await find(model), range: null, parameters })
    if (ofAll && !sources.some(({ model }) => model.file === ofAll.file))
      sources.push({ model: ofAll, range: null, parameters: null })
    return [{ ...rolesOf(`${path}: models`, sources, ofAll, role), parameters: null, layers: null }]
  }
  const slices: Slice[] = []
  for (const [k, { sources: given, base_model: own, parameters }] of (document.slices ?? []).entries()) {
    const where = `${path}: slices.${k}`
    const sources: Source[] = []
    for (const { model, layer_range: range, parameters: settings } of given)
      sources.push({ model: await find(model), range, parameters: settings })
    for (const source of sources) await requireRange(where, source)
    const roles = rolesOf(where, sources, own ? await find(own) : ofAll, role)
    slices.push({ ...roles, parameters, layers: null })
  }
  requireColumns(path, slices)
  return placed(slices)
}

/** Numbered as they are written. What stands before the layers is of the first slice, what stands behind of the last. */
function placed(slices: readonly Slice[]): Slice[] {
  if (slices.length === 1) return [...slices]
  let count = 0
  return slices.map((slice, k) => {
    const [from, to] = slice.sources[0]?.range ?? [0, 0]
    const first = count
    count += to - from
    const isLast = k === slices.length - 1
    return { ...slice, layers: [k === 0 ? -1 : first, isLast ? count + 1 : count] }
  })
}

function rolesOf(
  where: string,
  sources: Source[],
  base: Model | null,
  role: MergekitMethod['base'],
): Pick<Slice, 'base' | 'sources'> {
  const twice = sources.find(({ model }, i) => sources.findIndex((one) => one.model.file === model.file) !== i)
  if (twice) throw notARecipe(where, `it has the model ${twice.model.name} twice`)
  if (role === 'alike') return { base: null, sources }
  const own = base ? sources.find(({ model }) => model.file === base.file) : undefined
  if (!base && role !== 'either') throw notARecipe(where, 'the method needs a base_model')
  if (base && !own) throw notARecipe(where, `its base ${base.name} is not among its sources`)
  const others = sources.filter((source) => source !== own)
  if (!own) return { base: null, sources }
  return role === 'first' ? { base: null, sources: [own, ...others] } : { base: own, sources: others }
}

async function requireRange(where: string, { model, range }: Source): Promise<void> {
  const [from, to] = range ?? [0, 1]
  const layers = await layersOf(model)
  if (from < 0 || to <= from) throw notARecipe(where, `its layer_range [${from}, ${to}] holds no layer`)
  if (layers !== null && to > layers)
    throw notARecipe(where, `${model.name} has ${layers} layers, and its layer_range is [${from}, ${to}]`)
}

function requireColumns(path: string, slices: readonly Slice[]): void {
  for (const [k, { base, sources }] of slices.entries()) {
    const lengths = new Set([base, ...sources].flatMap((one) => (one?.range ? [one.range[1] - one.range[0]] : [])))
    if (lengths.size > 1) throw notARecipe(`${path}: slices.${k}`, 'its sources have not the same number of layers')
    if (sources.length !== slices[0]?.sources.length)
      throw unsupported(`${path}: slices.${k}`, 'it has another number of sources than the first slice')
  }
}

/** Each once, a base first. */
export function modelsIn(slices: readonly Slice[]): Model[] {
  const all = [...slices.flatMap(({ base }) => base ?? []), ...slices.flatMap(({ sources }) => sources)]
  return [...new Map(all.map(({ model }) => [model.file, model])).values()]
}

/** Columns as a recipe has them, by places in it; none where every model is whole and has a column of its own. */
export async function layersIn(
  slices: readonly Slice[],
  placeOf: (model: Model) => number,
): Promise<Arrangement['layers']> {
  const isWhole = async ({ model, range }: Source): Promise<boolean> =>
    range === null || (range[0] === 0 && range[1] === (await layersOf(model)))
  const [first, another] = slices
  const all = first ? [...(first.base ? [first.base] : []), ...first.sources] : []
  const areWhole = (await Promise.all(all.map(isWhole))).every(Boolean)
  if (another === undefined && areWhole) return undefined
  const columns = [-1, ...(first?.sources.keys() ?? [])] // -1: the base, or what stands for it
  return columns.map((j) =>
    slices.map(({ base, sources }) => {
      const source = j === -1 ? (base ?? sources[0]) : sources[j]
      const [from, to] = source?.range ?? [0, 0]
      return { model: source ? placeOf(source.model) : 0, from, to }
    }),
  )
}
