// mergekit's methods by name: what parameters each takes with its defaults, and the merge of Basil's that has its
// formula, with the preset "as mergekit". To add one: a line in the list below.
import type { Preset } from '../../../contract/merges/card.ts'
import { mergeCard, type Step } from '../../../contract/merges/step.ts'
import type { Weight } from '../../../contract/merges/valued.ts'
import { notARecipe, unsupported } from './document.ts'
import { mapped, type ParameterOf, type Value } from './settings.ts'

/** What a recipe says of the parameters. */
export interface Given {
  where: string
  hasBase: boolean
  of(name: string): Value
  each(name: string): Value[] // of the models in the merge's order
}

/** What Basil is asked. */
export interface AskedOfBasil {
  method: string
  parameters: Record<string, unknown>
  weights?: Value[]
  each?: Record<string, Value>[]
  lambda?: Value
}

export interface MergekitMethod {
  /**
   * differences: from the base, which has to be there; either: from the base, or of models where there is none; first:
   * the base is one of two models, the first; alike: all are models, the base too where it is named.
   */
  base: 'differences' | 'either' | 'first' | 'alike'
  parameters: Readonly<Record<string, ParameterOf>>
  asks(given: Given): AskedOfBasil
}

const number = (otherwise?: number, of: ParameterOf['of'] = 'all'): ParameterOf => ({
  kind: 'number',
  of,
  ...(otherwise !== undefined && { default: otherwise }),
})
const integer = (otherwise: number): ParameterOf => ({ kind: 'integer', of: 'all', default: otherwise })
const on = (otherwise: boolean): ParameterOf => ({ kind: 'switch', of: 'all', default: otherwise })

function presetOf(method: string, name: string): Preset['parameters'] {
  const preset = mergeCard(method).presets?.[name]
  if (!preset) throw new Error(`${method} has no preset "${name}"`)
  return preset.parameters
}

/** Of task vectors that lose elements, and of which signs may be elected. */
function sparse(
  method: 'ties' | 'dare' | 'della' | 'breadcrumbs',
  preset: string,
  defaults: { normalize: boolean; rescale: boolean },
  own: Readonly<Record<string, number>> = {},
): MergekitMethod {
  const ofEach = { density: 1, ...own }
  return {
    base: 'differences',
    parameters: {
      ...ofSums(defaults),
      ...Object.fromEntries(Object.entries(ofEach).map(([name, value]) => [name, number(value, 'other')])),
    },
    asks: ({ of, each }) => ({
      method,
      parameters: {
        ...presetOf(method, preset),
        normalize: of('normalize'),
        rescale: mapped(of('rescale'), (isOn) => (isOn ? 'l1' : 'none')),
        ...Object.fromEntries(
          Object.entries(ofEach).map(([name, value]) => [name, areAlike(each(name)) ? each(name)[0] : value]),
        ),
      },
      weights: each('weight'),
      ...eachOwn(Object.keys(ofEach), each),
      lambda: of('lambda'),
    }),
  }
}

const areAlike = ([first, ...others]: readonly Value[]): boolean =>
  others.every((value) => JSON.stringify(value) === JSON.stringify(first))

/** What models have of their own, where it is not the same in all. */
function eachOwn(names: readonly string[], each: Given['each']): { each?: Record<string, Value>[] } {
  const differing = names.filter((name) => !areAlike(each(name))).map((name): [string, Value[]] => [name, each(name)])
  const [one] = differing
  if (!one) return {}
  return { each: one[1].map((_, t) => Object.fromEntries(differing.map(([name, values]) => [name, values[t] ?? 1]))) }
}

const ofSums = ({ normalize, rescale }: { normalize: boolean; rescale: boolean }) => ({
  normalize: on(normalize),
  rescale: on(rescale),
  lambda: number(1),
  weight: number(undefined, 'other'),
  int8_mask: on(false), // how the program keeps its masks
})

const taskArithmetic: MergekitMethod = {
  base: 'differences',
  parameters: { ...ofSums({ normalize: false, rescale: false }), density: number(1, 'other') }, // without effect here
  asks: ({ of, each }) => ({
    ...(of('normalize') === false
      ? { method: 'task-arithmetic', parameters: {} }
      : { method: 'weighted-average', parameters: { of: 'differences', normalize: of('normalize') } }),
    weights: each('weight'),
    lambda: of('lambda'),
  }),
}

/** Models themselves, or their differences from a base that is named. */
const ofEither = (hasBase: boolean): { of: string } => ({ of: hasBase ? 'differences' : 'models' })

function alongOf({ of, where }: Given): string {
  const [flat, rows] = [of('nuslerp_flatten'), of('nuslerp_row_wise')]
  if (typeof flat !== 'boolean' || typeof rows !== 'boolean')
    throw unsupported(`${where}: nuslerp_flatten`, 'what is one vector is the same for all tensors here')
  return flat ? 'tensor' : rows ? 'columns' : 'rows'
}

function plainTolerance({ of, where }: Given): void {
  if (of('eps') !== 1e-8) throw unsupported(`${where}: eps`, 'it is 1e-8 here')
}

/** Every vector times a number that differs from tensor to tensor. */
export const scaling = (weight: Weight, vectors: number): Step => ({
  method: 'task-arithmetic',
  parameters: {},
  weights: Array.from({ length: vectors }, () => weight),
})

export const methods: Readonly<Record<string, MergekitMethod>> = {
  linear: {
    base: 'alike',
    parameters: { weight: number(undefined, 'model'), normalize: on(true) },
    asks: ({ of, each }) => ({
      method: 'weighted-average',
      parameters: { of: 'models', normalize: of('normalize') },
      weights: each('weight'),
    }),
  },
  passthrough: {
    base: 'alike',
    parameters: { scale: number(1, 'model') },
    asks: ({ each, where }) => {
      const weights = each('scale')
      if (weights.length !== 1) throw notARecipe(where, 'passthrough takes one model, and its base counts')
      return { method: 'weighted-average', parameters: { of: 'models', normalize: false }, weights }
    },
  },
  task_arithmetic: taskArithmetic,
  ties: sparse('ties', 'as mergekit', { normalize: true, rescale: false }),
  dare_linear: sparse('dare', 'as mergekit', { normalize: false, rescale: true }),
  dare_ties: sparse('dare', 'as mergekit, dare_ties', { normalize: false, rescale: true }),
  della: sparse('della', 'as mergekit', { normalize: true, rescale: true }, { epsilon: 0.15 }),
  della_linear: sparse('della', 'as mergekit, della_linear', { normalize: false, rescale: true }, { epsilon: 0.15 }),
  breadcrumbs: sparse('breadcrumbs', 'as mergekit', { normalize: false, rescale: false }, { gamma: 0.01 }),
  breadcrumbs_ties: sparse(
    'breadcrumbs',
    'as mergekit, breadcrumbs_ties',
    { normalize: false, rescale: false },
    { gamma: 0.01 },
  ),
  slerp: {
    base: 'first',
    parameters: { t: number() },
    asks: ({ of }) => ({ method: 'slerp', parameters: { t: of('t') } }),
  },
  nuslerp: {
    base: 'either',
    parameters: { weight: number(undefined, 'other'), nuslerp_flatten: on(true), nuslerp_row_wise: on(false) },
    asks: (given) => ({
      method: 'nuslerp',
      parameters: { ...ofEither(given.hasBase), along: alongOf(given) },
      weights: given.each('weight'),
    }),
  },
  multislerp: {
    base: 'either',
    parameters: { weight: number(undefined, 'other'), normalize_weights: on(true), eps: number(1e-8) },
    asks: (given) => {
      plainTolerance(given)
      return {
        method: 'multi-slerp',
        parameters: { ...ofEither(given.hasBase), normalize: given.of('normalize_weights') },
        weights: given.each('weight'),
      }
    },
  },
  karcher: {
    base: 'alike',
    parameters: { max_iter: integer(10), tol: number(1e-5) },
    asks: ({ of }) => ({ method: 'karcher', parameters: { iterations: of('max_iter'), tolerance: of('tol') } }),
  },
  model_stock: {
    base: 'differences',
    parameters: { filter_wise: on(false) },
    asks: ({ of }) => ({
      method: 'model-stock',
      parameters: {
        ...presetOf('model-stock', 'as mergekit'),
        scope: mapped(of('filter_wise'), (isRow) => (isRow ? 'row' : 'tensor')),
      },
    }),
  },
  sce: {
    base: 'differences',
    parameters: { select_topk: number(1), int8_mask: on(false) },
    asks: ({ of }) => ({
      method: 'sce',
      parameters: { ...presetOf('sce', 'as mergekit'), density: of('select_topk') },
    }),
  },
  ram: {
    base: 'differences',
    parameters: { epsilon: number(1e-5) },
    asks: ({ of }) => ({
      method: 'ram',
      parameters: { ...presetOf('ram', 'as mergekit'), epsilon: of('epsilon') },
    }),
  },
  ramplus_tl: {
    base: 'differences',
    parameters: { r: number(0.1), alpha: number(0.2), epsilon: number(1e-5) },
    asks: ({ of }) => ({
      method: 'ram',
      parameters: { epsilon: of('epsilon'), r: of('r'), alpha: of('alpha') },
    }),
  },
  nearswap: {
    base: 'first',
    parameters: { t: number() },
    asks: ({ of }) => ({ method: 'nearswap', parameters: { t: of('t') } }),
  },
  arcee_fusion: {
    base: 'first',
    parameters: {},
    asks: () => ({ method: 'arcee-fusion', parameters: {} }),
  },
}
