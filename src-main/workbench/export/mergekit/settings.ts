// What a parameter is of every tensor, as data of Basil's (contract/merges/valued.ts). mergekit looks for it from the
// nearest level to the farthest (source, slice, recipe): a level decides where one of its filters fits, a filter is a
// part of a tensor's name, and what fits nowhere has the default. Gradients run over the layers of a slice; to
// mergekit-pytorch, which knows no layers, each is its first value.
import { type Conditional, notARecipe, type Setting, type Settings, unsupported } from './document.ts'

type Scalar = number | boolean | string
type Plain = Scalar | { gradient: Scalar[] }
interface Entry {
  filter?: string
  layers?: [number, number]
  value: Plain
}
/** One for all tensors, or by their names and layers. */
export type Value = Plain | Entry[]

export interface ParameterOf {
  kind: 'number' | 'integer' | 'switch'
  /** all: one of the recipe; model: one of each model; other: of each but the base. */
  of: 'all' | 'model' | 'other'
  default?: number | boolean // none: somebody has to say it
}

/** The levels of one slice, nearest first, and the layers that it is. */
export interface Levels {
  layers: [number, number] | null // null: all
  settings: readonly Settings[]
}

interface Asked {
  where: string
  isRaw: boolean // as mergekit-pytorch
  isRenumbered: boolean // a layer's number is another in the models than in what is written
}

/** Throws config-invalid where a value is of another kind, or lacking. */
export function valueOf(
  name: string,
  parameter: ParameterOf,
  slices: readonly Levels[],
  { where, isRaw, isRenumbered }: Asked,
): Value {
  const at = `${where}: ${name}`
  const ofSlices = slices.map(({ layers, settings }) => ({
    layers,
    entries: entriesOf(at, parameter, settings, isRaw),
  }))
  const numbered = ofSlices.flatMap(({ entries }) => entries).find(({ filter }) => /\d/.test(filter ?? ''))
  if (isRenumbered && numbered)
    throw unsupported(at, 'a filter names a layer, and layers have other numbers in what is written')
  const [first, ...others] = ofSlices
  const isSame = others.every(({ entries }) => JSON.stringify(entries) === JSON.stringify(first?.entries))
  const hasGradient = ofSlices.some(({ entries }) => entries.some(({ value }) => typeof value === 'object'))
  const all =
    first && (others.length === 0 || (isSame && !hasGradient))
      ? first.entries
      : ofSlices.flatMap(({ layers, entries }) => entries.map((entry) => ({ ...entry, ...(layers && { layers }) })))
  const [only] = all
  return only && all.length === 1 && only.layers === undefined ? only.value : all
}

/** The last of them is for every tensor. */
function entriesOf(at: string, parameter: ParameterOf, levels: readonly Settings[], isRaw: boolean): Entry[] {
  const name = at.slice(at.lastIndexOf(': ') + 2)
  const entries: Entry[] = []
  for (const settings of levels) {
    const setting = settings && Object.hasOwn(settings, name) ? settings[name] : undefined
    for (const { filter, value } of conditionsOf(setting)) {
      const isAll = filter === undefined || filter === null || filter === '' || filter === '*'
      entries.push({ ...(!isAll && { filter }), value: plainOf(at, parameter, value, isRaw) })
      if (isAll) return entries
    }
  }
  if (parameter.default !== undefined) return [...entries, { value: parameter.default }]
  throw notARecipe(
    at,
    entries.length
      ? 'it has no value for tensors that no filter fits: let the last one stand without a filter'
      : 'the method needs it, and nobody says it',
  )
}

function conditionsOf(setting: Setting | undefined): Conditional[] {
  if (setting === undefined) return []
  if (!Array.isArray(setting)) return [typeof setting === 'object' ? setting : { value: setting }]
  const conditions = setting.filter((one) => typeof one === 'object')
  if (conditions.length) return conditions
  const points = setting.filter((one) => typeof one !== 'object')
  return points.length ? [{ value: points }] : [] // an empty list says nothing
}

function plainOf(at: string, parameter: ParameterOf, value: Conditional['value'], isRaw: boolean): Plain {
  if (!Array.isArray(value)) return scalarOf(at, parameter, value)
  const [first, ...others] = value.map((one) => scalarOf(at, parameter, one))
  if (first === undefined) throw notARecipe(at, 'its list is empty')
  if (isRaw || others.length === 0) return first
  if (parameter.kind === 'integer') throw notARecipe(at, 'it is an integer, and has none between two')
  return { gradient: [first, ...others] }
}

const words = new Map<unknown, boolean>([
  ...[true, 1, 'true', 'yes', 'on', '1'].map((word) => [word, true] as const),
  ...[false, 0, 'false', 'no', 'off', '0'].map((word) => [word, false] as const),
])

function scalarOf(at: string, { kind }: ParameterOf, given: Scalar): Scalar {
  if (kind === 'switch') {
    const found = words.get(typeof given === 'string' ? given.toLowerCase() : given)
    if (found === undefined) throw notARecipe(at, 'it is neither true nor false')
    return found
  }
  const number = typeof given === 'string' && given.trim() !== '' ? Number(given) : given
  if (typeof number !== 'number' || !Number.isFinite(number)) throw notARecipe(at, 'it is no number')
  if (kind === 'integer' && !Number.isInteger(number)) throw notARecipe(at, 'it is no integer')
  return number
}

/** The same with another word in each place. */
export function mapped(value: Value, into: (scalar: Scalar) => Scalar): Value {
  const plain = (one: Plain): Plain => (typeof one === 'object' ? { gradient: one.gradient.map(into) } : into(one))
  return Array.isArray(value) ? value.map((entry) => ({ ...entry, value: plain(entry.value) })) : plain(value)
}
