// What a person wants of scores: most of one property (least, where that is said), while others stay within bounds:
//   best accuracy, lower toxicity, keep control >= 0.95*base
// A model within all bounds is better than one that is not; of two that are not, the one that is less beyond; of two
// within, the one with more of the property (K. Deb, 2000).
import { BasilError, type Steps } from '../../contract/errors.ts'
import type { Scores } from './printed.ts'

export interface Keep {
  text: string
  property: string
  atLeast: boolean
  bound: number // of the base's score, or by itself
  ofBase: boolean
}

export interface Aims {
  best: string | null // null: the only property there is
  lower: readonly string[] // of which less is better
  keeps: readonly Keep[]
}

/** "control>=0.95*base", "toxicity<=0.1". Throws config-invalid. */
export function keepOf(text: string): Keep {
  const number = String.raw`[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?`
  const found = new RegExp(String.raw`^\s*(.*?\S)\s*(>=|<=)\s*(?:(${number})(?:\s*\*\s*(base))?|(base))\s*$`, 'i').exec(
    text,
  )
  const [, property, sign, bound = '1', times, base] = found ?? []
  if (property === undefined)
    throw wrong('This is no bound', text, 'it is not of the form NAME>=NUMBER', 'write it as in "control>=0.95*base"')
  const ofBase = times !== undefined || base !== undefined
  return { text: text.trim(), property, atLeast: sign === '>=', bound: Number(bound), ofBase }
}

/** Throws config-invalid where the aims name what the program does not tell, or leave open what decides. */
export function objectiveOf({ best, lower, keeps }: Aims, scores: Scores): string {
  const names = Object.keys(scores)
  const there = `the program tells ${names.join(', ')}`
  for (const name of [...(best === null ? [] : [best]), ...lower, ...keeps.map(({ property }) => property)])
    if (!names.includes(name)) throw wrong('There is no such score', name, there, 'name one of these')
  if (best !== null) return best
  const [only] = names
  if (only !== undefined && names.length === 1) return only
  throw wrong('It is not said which score decides', names.join(', '), there, {
    next: 'name it: --best NAME',
    inWindow: 'name it',
  })
}

/** How far beyond its bounds a model is, as shares of them; 0: within all. base: null where there is none. */
export function beyond({ keeps }: Aims, scores: Scores, base: Scores | null): number {
  let total = 0
  for (const keep of keeps) {
    const [limit, value] = [limitOf(keep, base), scores[keep.property] ?? Number.NaN]
    const lacking = keep.atLeast ? limit - value : value - limit
    if (!(lacking <= 0)) total += lacking / Math.max(Math.abs(limit), 1e-12)
  }
  return total
}

function limitOf({ property, bound, ofBase, text }: Keep, base: Scores | null): number {
  if (!ofBase) return bound
  const own = base?.[property]
  if (own === undefined)
    throw wrong('A bound has no base', text, 'no pre-trained model is scored', {
      next: 'name it: --pretrained',
      inWindow: 'name it',
    })
  return bound * own
}

export type Compare = (a: Scores, b: Scores) => number

/** Above 0 where a is better. */
export function comparing(aims: Aims, base: Scores | null): Compare {
  return (a, b) => {
    const [ofA, ofB] = [beyond(aims, a, base), beyond(aims, b, base)]
    return ofA === ofB ? ahead(aims, objectiveOf(aims, a), a, b) : ofB - ofA
  }
}

/** How much better a is than b in a property. */
export function ahead({ lower }: Pick<Aims, 'lower'>, property: string, a: Scores, b: Scores): number {
  const by = (a[property] ?? Number.NaN) - (b[property] ?? Number.NaN)
  return lower.includes(property) ? -by : by
}

function wrong(what: string, where: string, why: string, steps: string | Steps): BasilError {
  const said = typeof steps === 'string' ? { next: steps } : steps
  return new BasilError({ code: 'config-invalid', what, where, why, ...said })
}
