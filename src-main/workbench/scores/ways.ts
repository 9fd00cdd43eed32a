// The ways to look for the best candidate. Each asks for the scores of variations, one after the other, and what it
// asks next depends on nothing but the seed and the scores: a search that was killed asks the same again.
//   sweep        every combination of some values: lambda = 0.1, 0.2, ...
//   greedy soup  from the best model on, the next best is kept where it does no harm (numbers/greedy-soup.ts)
//   evolution    a weight for every model, or for each and every part of them, by CMA-ES (numbers/cma-es.ts)
import { BasilError } from '../../contract/errors.ts'
import type { Weight } from '../../contract/merges/valued.ts'
import { adapt, distribution, drawn, sampleAt, strategyOf } from '../../numbers/cma-es.ts'
import { greedySoup } from '../../numbers/greedy-soup.ts'
import { normal } from '../../numbers/random.ts'
import { streamOf } from '../../numbers/streams.ts'
import { at } from '../../numbers/vectors.ts'
import type { Compare } from './aims.ts'
import type { Scores } from './printed.ts'
import type { Variation } from './variation.ts'

export interface Way {
  most: number // candidates
  /** Of these, what it asks for whatever the scores are. */
  sure: readonly Variation[]
  /** A single model, where it is one of the candidates. */
  single?(model: number): Variation
  search(score: (variation: Variation) => Promise<Scores>, compare: Compare): Promise<void>
}

export const sweep = (variations: readonly Variation[]): Way => ({
  most: variations.length,
  sure: variations,
  search: async (score) => {
    for (const variation of variations) await score(variation)
  },
})

/** names: of the models. */
export function soup(names: readonly string[]): Way {
  const of = (members: readonly number[]): Variation => ({
    members,
    label: { models: members.map((t) => names[t]).join(' + ') },
  })
  return {
    most: 2 * names.length - 1,
    sure: names.map((_, t) => of([t])),
    single: (model) => of([model]),
    search: async (score, compare) => {
      await greedySoup(names.length, (members) => score(of(members)), compare)
    },
  }
}

export interface Evolution {
  names: readonly string[] // of the models
  weights: readonly number[] // of each, to begin with
  parts: readonly string[] // of tensors' names, each with weights of its own, as the rest has
  depths: number // weights along the layers, 1: the same for all
  sigma: number
  bounds: readonly [number, number] | null
  seed: number
  evaluations: number
}

/** The weights as given first, then generations; the last may be cut short. */
export function evolution(asked: Evolution): Way {
  const { names, weights, depths, bounds, seed, evaluations } = asked
  const groups = [...asked.parts, ...(asked.parts.length > 0 ? ['rest'] : [''])]
  const own = groups.length * depths // numbers of each model
  const labels = names.flatMap((name) =>
    groups.flatMap((group) =>
      Array.from({ length: depths }, (_, d) =>
        [name, group, depths > 1 ? `${d + 1}/${depths}` : ''].filter(Boolean).join(' '),
      ),
    ),
  )
  const variation = (x: Float64Array): Variation => ({
    label: Object.fromEntries(labels.map((label, i) => [label, rounded(at(x, i))])),
    weights: names.map((_, t) => weightOf([...x.subarray(t * own, (t + 1) * own)].map(rounded), asked)),
  })
  const n = names.length * own
  const begin: Float64Array = Float64Array.from({ length: n }, (_, i) => at(weights, Math.floor(i / own)))
  return {
    most: evaluations,
    sure: [variation(begin)],
    search: async (score, compare) => {
      const [strategy, shape] = [strategyOf(n), distribution(n, asked.sigma)]
      let mean = begin
      await score(variation(mean))
      for (let [left, generation] = [evaluations - 1, 0]; left > 0; generation++) {
        const draws = drawn(strategy, n, generation, (sample, i) => normal(seed, streamOf('weights'), sample, i))
        const samples: { z: Float64Array; scores: Scores }[] = []
        for (const z of draws.slice(0, left))
          samples.push({ z, scores: await score(variation(sampleAt(mean, shape, z, bounds))) })
        left -= samples.length
        samples.sort((a, b) => compare(b.scores, a.scores))
        if (samples.length < draws.length) return
        mean = adapt(
          strategy,
          shape,
          mean,
          samples.map(({ z }) => z),
          generation + 1,
        )
        if (bounds) mean = mean.map((m) => Math.min(Math.max(m, bounds[0]), bounds[1]))
      }
    },
  }
}

/** As a recipe has it: a number, along the layers, and by parts of tensors' names. */
function weightOf(values: readonly number[], { parts, depths }: Pick<Evolution, 'parts' | 'depths'>): Weight {
  const along = (g: number): number | { gradient: number[] } => {
    const own = values.slice(g * depths, (g + 1) * depths)
    return depths > 1 ? { gradient: own } : at(own, 0)
  }
  if (parts.length === 0) return along(0)
  return [...parts.map((filter, g) => ({ filter, value: along(g) })), { value: along(parts.length) }]
}

/** To six digits: a log and a recipe that a person reads, and the same bits in both. */
const rounded = (value: number): number => Number(value.toPrecision(6))

const most = 10_000 // candidates of a sweep

/** "lambda=0.1:1:0.1", "density=0.2,0.5". Throws config-invalid. */
export function valuesOf(text: string): { name: string; values: string[] } {
  const refused = (why: string): BasilError =>
    new BasilError({
      code: 'config-invalid',
      what: 'This is no sweep',
      where: text,
      why,
      next: 'write it as in lambda=0.1:1:0.1 (from, to, step) or density=0.2,0.5',
    })
  const [, name, list] = /^([A-Za-z]\w*)=(.+)$/.exec(text.trim()) ?? []
  if (name === undefined || list === undefined) throw refused('it is not of the form name=values')
  if (!list.includes(':')) return { name, values: list.split(',').map((word) => word.trim()) }
  const [from = Number.NaN, to = Number.NaN, step = Number.NaN, more] = list
    .split(':')
    .map((word) => (word.trim() === '' ? Number.NaN : Number(word)))
  if (![from, to, step].every(Number.isFinite) || more !== undefined)
    throw refused('a range is from:to:step, three numbers')
  const count = Math.floor((to - from) / step + 1e-9) + 1
  if (step === 0 || count < 1) throw refused('the step does not lead from the one to the other')
  if (count > most) throw refused(`it has ${count} values, and ${most} is the most`)
  return { name, values: Array.from({ length: count }, (_, k) => String(Number((from + k * step).toPrecision(12)))) }
}

/** Every combination of some values. Throws config-invalid where there are too many. */
export function combinations<T>(lists: readonly (readonly T[])[]): T[][] {
  const count = lists.reduce((product, list) => product * list.length, 1)
  if (count > most)
    throw new BasilError({
      code: 'config-invalid',
      what: 'The sweep is too large',
      where: `${count} candidates`,
      why: `${most} is the most`,
      next: 'give fewer values',
    })
  return lists.reduce<T[][]>((whole, list) => whole.flatMap((before) => list.map((value) => [...before, value])), [[]])
}
