// Options of basil merge for models that Basil cannot run: a program of the person's scores them, and the best of a
// sweep, a greedy soup or an evolution of weights is written.
import { type Command, InvalidArgumentError, Option } from 'commander'

import { BasilError } from '../../contract/errors.ts'
import { merges } from '../../contract/merges/index.ts'
import { parametersOf } from '../../contract/merges/parameters.ts'
import { mergeCard } from '../../contract/merges/step.ts'
import { cmaEs } from '../../contract/methods/cma-es.ts'
import type { AskedMerge } from '../../workbench/export/merge.ts'
import { type Aims, keepOf } from '../../workbench/scores/aims.ts'
import { distinct, greedy, type Looking, looked, requireNoImages, wayOf } from '../../workbench/scores/asked.ts'
import { wordsOf } from '../../workbench/scores/command.ts'
import type { Scorer } from '../../workbench/scores/scorer.ts'
import type { Way } from '../../workbench/scores/ways.ts'
import type { MergeFile } from '../merge-file.ts'
import { askOf, dashed, type MergeOptions } from '../merge-options.ts'
import { count } from '../numbers.ts'

const mostSeconds = 20 * 86_400 // what a timer holds

export interface SearchOptions extends MergeOptions, Looking {
  score?: string
  scoreSeconds?: number
  scoreLog?: string
  best?: string
  lower?: string[]
  bound?: string[]
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
  requireNoImages(method)
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
