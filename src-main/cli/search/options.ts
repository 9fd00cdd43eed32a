// Options of basil merge for models that Basil cannot run: a program of the person's scores them, and the best of a
// sweep, a greedy soup or an evolution of weights is written.
import { type Command, InvalidArgumentError, Option } from 'commander'

import { BasilError } from '../../contract/errors.ts'
import { merges } from '../../contract/merges/index.ts'
import { parametersOf } from '../../contract/merges/parameters.ts'
import { isOfDifferences, mergeCard } from '../../contract/merges/step.ts'
import { cmaEs } from '../../contract/methods/cma-es.ts'
import type { AskedMerge } from '../../workbench/export/merge.ts'
import { type Aims, keepOf } from '../../workbench/scores/aims.ts'
import { wordsOf } from '../../workbench/scores/command.ts'
import type { Scorer } from '../../workbench/scores/scorer.ts'
import type { Variation } from '../../workbench/scores/variation.ts'
import { combinations, evolution, soup, sweep, valuesOf, type Way } from '../../workbench/scores/ways.ts'
import type { MergeFile } from '../merge-file.ts'
import { askOf, dashed, type MergeOptions, valueGiven } from '../merge-options.ts'
import { count } from '../numbers.ts'

const greedy = 'greedy-soup'
const mostSeconds = 20 * 86_400 // what a timer holds

export interface SearchOptions extends MergeOptions {
  score?: string
  scoreSeconds?: number
  scoreLog?: string
  sweep?: string[]
  search?: string
  best?: string
  lower?: string[]
  bound?: string[]
  evaluations?: number
  sigma?: number
  limits?: [number, number]
  groups?: string[]
  depths?: number
}

export function withSearchOptions(command: Command): Command {
  return command
    .option(
      '--score <command>',
      'a program that scores a model: it prints a number, or JSON of named numbers; {model}: its path',
    )
    .option('--score-seconds <n>', 'the most it may take for one model', seconds)
    .option('--score-log <file>', 'where every score is kept, and known again; beside what is written if not given')
    .option(
      '--sweep <name=values...>',
      'score each, as in lambda=0.1:1:0.1 or density=0.2,0.5; several: every combination',
    )
    .addOption(
      new Option('--search <way>', `${greedy}: of held-out scores; ${cmaEs.name}: a weight for every model`)
        .choices([greedy, cmaEs.name])
        .conflicts('sweep'),
    )
    .option('--best <score>', 'the score that decides, where there are several')
    .option('--lower <scores...>', 'scores of which less is better, as in toxicity')
    .option('--bound <bounds...>', 'what is to be kept, as in "control>=0.95*base" or "toxicity<=0.1"')
    .option('--evaluations <n>', `candidates of ${cmaEs.name} (default: 60)`, count)
    .option('--sigma <s>', `how far from the weights ${cmaEs.name} first looks (default: 0.3)`, above0)
    .option('--limits <least:most>', `of the weights of ${cmaEs.name}, as in 0:2`, limits)
    .option(
      '--groups <parts...>',
      `${cmaEs.name}: parts of tensors' names that have weights of their own, as in attn mlp`,
    )
    .option('--depths <n>', `${cmaEs.name}: weights at so many places along the layers`, count)
}

/** A greedy soup is a mean of models where nobody says how else. */
export function withUsualMethod<G extends SearchOptions>(given: G, file: string | undefined): G {
  const mean = merges.find(({ soup }) => soup)
  return given.search === greedy && file === undefined && mean ? { method: mean.name, ...given } : given
}

const looked = ['evaluations', 'sigma', 'limits', 'groups', 'depths'] as const
const ofSearch = ['sweep', 'search', 'best', 'lower', 'bound', 'scoreSeconds', 'scoreLog', ...looked] as const

/** Throws config-invalid where something of a search is asked and no score. */
export function asksSearch(given: SearchOptions): boolean {
  if (given.score !== undefined) return true
  const [lacking] = ofSearch.filter((name) => given[name] !== undefined)
  if (lacking === undefined) return false
  throw wrong(
    'A search has no score',
    `--${dashed(lacking)}`,
    'nothing says how good a model is',
    'give a program: --score "... {model}"',
  )
}

export interface AskedSearch {
  merge: AskedMerge
  names: string[]
  way: Way
  scorer: Scorer
  aims: Aims
}

/** Throws config-invalid; no file of weights is looked at. */
export async function askedSearch(given: SearchOptions, written: Partial<MergeFile>): Promise<AskedSearch> {
  const { score = '', scoreSeconds, best, lower = [], bound = [] } = given
  wordsOf(score) // throws
  const { seed, ...rest } = given
  const method = given.method ?? written.method
  const looks = method !== undefined && mergeCard(method).needs.statistics
  if (looks)
    throw wrong(
      'A search looks at no images',
      `--method ${method}`,
      `it needs ${looks}`,
      'merge with it without --score, or choose another method',
    )
  const isOwn = method !== undefined && parametersOf(mergeCard(method)).some(({ name }) => name === 'seed')
  const merge = await askOf(isOwn ? given : rest, written)
  const names = distinct(merge.vectors.map(({ name }) => name))
  const aims = { best: best ?? null, lower, keeps: bound.map(keepOf) }
  return {
    merge,
    names,
    aims,
    scorer: { command: score, seconds: scoreSeconds ?? null },
    way: wayOf(given, merge, names, seed),
  }
}

function wayOf(given: SearchOptions, merge: AskedMerge, names: readonly string[], seed: unknown): Way {
  const [idle] = given.search === cmaEs.name ? [] : looked.filter((name) => given[name] !== undefined)
  if (idle !== undefined)
    throw wrong(
      'An option has nothing to do',
      `--${idle}`,
      `only a search by ${cmaEs.name} looks for weights`,
      `ask for it: --search ${cmaEs.name}`,
    )
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
      '--weights',
      'the search gives each its own',
      'give numbers, or none',
    )
  const { evaluations = 60, sigma = 0.3, limits: bounds = null, groups: parts = [], depths = 1 } = given
  const outside = bounds && weights.find((weight) => weight < bounds[0] || weight > bounds[1])
  if (bounds && typeof outside === 'number')
    throw wrong(
      'The search begins outside of its limits',
      `--limits ${bounds.join(':')}`,
      `it begins at the weights, and one is ${outside}`,
      'give --weights within them',
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
  throw wrong('This is no seed', `--seed ${text}`, 'it is not a whole number below 2^32', 'give one, as in 0')
}

function distinct(names: readonly string[]): string[] {
  return names.map((name, i) => {
    const before = names.slice(0, i).filter((one) => one === name).length
    return before === 0 ? name : `${name} (${before + 1})`
  })
}

function above0(text: string): number {
  const value = Number(text)
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('It is not a number above 0.')
  return value
}

function seconds(text: string): number {
  const value = above0(text)
  if (value > mostSeconds) throw new InvalidArgumentError('It is more than 20 days.')
  return value
}

function limits(text: string): [number, number] {
  const [least = Number.NaN, most = Number.NaN, more] = text
    .split(':')
    .map((word) => (word.trim() === '' ? Number.NaN : Number(word)))
  if (!(least < most) || more !== undefined) throw new InvalidArgumentError('It is not least:most, as in 0:2.')
  return [least, most]
}

function wrong(what: string, where: string, why: string, next: string): BasilError {
  return new BasilError({ code: 'config-invalid', what, where, why, next })
}
