// What of a merge a search varies, as a terminal or a page says it: values to try, fewer models, or weights; and the
// names of its models.
import { BasilError, type Steps } from '../../contract/errors.ts'
import { parseJson } from '../../contract/json.ts'
import { parametersOf, typed } from '../../contract/merges/parameters.ts'
import { isOfDifferences, mergeCard } from '../../contract/merges/step.ts'
import { cmaEs } from '../../contract/methods/cma-es.ts'
import type { AskedMerge } from '../export/merge.ts'
import type { Variation } from './variation.ts'
import { combinations, evolution, soup, sweep, valuesOf, type Way } from './ways.ts'

export const greedy = 'greedy-soup'
export const looked = ['evaluations', 'sigma', 'limits', 'groups', 'depths'] as const // of weights alone

export interface Looking {
  sweep?: string[]
  search?: string // by name; not given: a sweep
  evaluations?: number
  sigma?: number
  limits?: [number, number]
  groups?: string[]
  depths?: number
}

/** Throws config-invalid. */
export function requireNoImages(method: string | undefined): void {
  const looks = method !== undefined && mergeCard(method).needs.statistics
  if (looks)
    throw wrong('A search looks at no images', String(method), `it needs ${looks}`, {
      next: 'merge with it without --score, or choose another method',
      inWindow: 'merge with it without a search, or choose another method',
    })
}

/** As the method takes it; JSON where it begins like that. */
export function valueGiven(method: string, name: string, text: string): unknown {
  if (/^[[{]/.test(text)) return parseJson(text)
  const of = parametersOf(mergeCard(method)).find((parameter) => parameter.name === name)
  return of ? typed(of, text) : text
}

/** seed: as it is given; 0 where it is not. Throws config-invalid. */
export function wayOf(given: Looking, merge: AskedMerge, names: readonly string[], seed: unknown): Way {
  const [idle] = given.search === cmaEs.name ? [] : looked.filter((name) => given[name] !== undefined)
  if (idle !== undefined)
    throw wrong('An option has nothing to do', idle, `only a search by ${cmaEs.name} looks for weights`, {
      next: `ask for it: --search ${cmaEs.name}`,
      inWindow: `choose ${cmaEs.name}`,
    })
  if (given.search === greedy) return soup(names)
  if (given.search === undefined) return sweep(variationsOf(given.sweep ?? [], merge))
  const card = mergeCard(merge.method)
  const isWeighted = card.weights !== undefined || isOfDifferences(card, card.parameters.parse(merge.parameters))
  if (!isWeighted)
    throw wrong(`${card.title} takes no weights`, card.name, 'it merges all models alike', 'choose another merge')
  const weights = merge.weights?.filter((weight) => typeof weight === 'number') ?? names.map(() => 1)
  if (weights.length !== names.length)
    throw wrong(
      'Weights that differ by tensor are no beginning',
      'weights',
      'the search gives each its own',
      'give numbers, or none',
    )
  const { evaluations = 60, sigma = 0.3, limits: bounds = null, groups: parts = [], depths = 1 } = given
  const outside = bounds && weights.find((weight) => weight < bounds[0] || weight > bounds[1])
  if (bounds && typeof outside === 'number')
    throw wrong(
      'The search begins outside of its limits',
      `limits ${bounds.join(':')}`,
      `it begins at the weights, and one is ${outside}`,
      'give weights within them',
    )
  return evolution({ names, weights, parts, depths, sigma, bounds, seed: seedOf(seed), evaluations })
}

function variationsOf(sweeps: readonly string[], merge: AskedMerge): Variation[] {
  if (sweeps.length === 0) return [{ label: { merge: merge.method } }]
  const lists = sweeps.map(valuesOf)
  const combined = combinations(lists.map(({ name, values }) => values.map((text) => ({ name, text }))))
  return combined.map((chosen) => {
    const label = Object.fromEntries(
      chosen.map(({ name, text }) => [name, Number.isNaN(Number(text)) ? text : Number(text)]),
    )
    const { lambda, ...parameters } = Object.fromEntries(
      chosen.map(({ name, text }) => [name, name === 'lambda' ? Number(text) : valueGiven(merge.method, name, text)]),
    )
    if (lambda === undefined) return { label, parameters }
    if (typeof lambda !== 'number' || Number.isNaN(lambda))
      throw wrong('This is no coefficient', `lambda=${label.lambda}`, 'it is not a number', 'give numbers')
    return { label, parameters, coefficient: lambda }
  })
}

function seedOf(text: unknown): number {
  const seed = Number(text ?? 0)
  if (Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32) return seed
  throw wrong('This is no seed', `seed ${text}`, 'it is not a whole number below 2^32', 'give one, as in 0')
}

export function distinct(names: readonly string[]): string[] {
  return names.map((name, i) => {
    const before = names.slice(0, i).filter((one) => one === name).length
    return before === 0 ? name : `${name} (${before + 1})`
  })
}

function wrong(what: string, where: string, why: string, steps: string | Steps): BasilError {
  const said = typeof steps === 'string' ? { next: steps } : steps
  return new BasilError({ code: 'config-invalid', what, where, why, ...said })
}
