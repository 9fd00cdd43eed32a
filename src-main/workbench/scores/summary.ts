// What came of a search, by property: the pre-trained model, the best single model, the winner; how many of the
// candidates are better than the pre-trained model, and how much the winner is better than the best single one (the two
// columns by which studies of merged language models judge a method).
import { type Aims, ahead, objectiveOf } from './aims.ts'
import type { Scores } from './printed.ts'

export interface Measured {
  label: Readonly<Record<string, number | string>>
  scores: Scores
  isKept: boolean // within all bounds
}

export interface Row {
  property: string
  lower: boolean // less is better
  decides: boolean
  base: number | null
  single: number | null // the best in this property
  winner: number | null
  /** Of the candidates, as a share; null without a base. */
  aboveBase: number | null
  /** Winner over the best single model, above 0 where it is better. */
  gain: number | null
}

export interface Summary {
  rows: Row[]
  candidates: number
  kept: number // of the candidates
  /** In how many of the properties the winner is better than the pre-trained model; null without one of the two. */
  winsOverBase: number | null
}

interface Found {
  aims: Aims
  base: Scores | null
  singles: readonly Scores[]
  candidates: readonly Measured[]
  winner: Measured | null
}

export function summaryOf({ aims, base, singles, candidates, winner }: Found): Summary {
  const scores = candidates[0]?.scores ?? {}
  const decisive = objectiveOf(aims, scores)
  const isBetter = (property: string, a: Scores): boolean => base !== null && ahead(aims, property, a, base) > 0
  const rows = Object.keys(scores).map((property): Row => {
    const best = [...singles].sort((a, b) => ahead(aims, property, b, a))[0]
    return {
      property,
      lower: aims.lower.includes(property),
      decides: property === decisive,
      base: base?.[property] ?? null,
      single: best?.[property] ?? null,
      winner: winner?.scores[property] ?? null,
      aboveBase: base && candidates.filter((one) => isBetter(property, one.scores)).length / candidates.length,
      gain: winner && best ? ahead(aims, property, winner.scores, best) : null,
    }
  })
  return {
    rows,
    candidates: candidates.length,
    kept: candidates.filter(({ isKept }) => isKept).length,
    winsOverBase: base && winner ? rows.filter(({ property }) => isBetter(property, winner.scores)).length : null,
  }
}
