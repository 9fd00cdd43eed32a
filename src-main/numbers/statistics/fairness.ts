// Whether a model treats groups of images alike. With y^ the prediction, y the label, + a class, and g a group:
//   demographic-parity gap of +   DP = gap_g P(y^ = + | g),   gap_g P = max_g P - min_g P
//   equalised-odds gap of +       EO = max over y in {is +, is not +} of gap_g P(y^ = + | y, g)
// A group that has no image of some y says nothing of it, and is left out there. Where a positive class was chosen the
// gaps are its own; where none was, they are the largest of all classes', and it is said whose. Shares of small groups
// are uncertain: each group's count stands beside its accuracy.
import { largestOf } from '../../contract/largest.ts'

export interface GroupCount {
  group: string
  images: number
  correct: number
}

export interface Gap {
  gap: number // between 0 and 1
  class: number // whose it is
}

export interface Fairness {
  groups: GroupCount[] // in the order of their names
  parity: Gap
  odds: Gap
}

/** labels, predicted, groups (n). positive: the chosen class; null: the one with the largest gap. */
export function fairness(
  labels: Int32Array,
  predicted: Int32Array,
  groups: readonly string[],
  classes: number,
  positive: number | null,
): Fairness {
  const names = [...new Set(groups)].sort()
  const place = new Map(names.map((name, g) => [name, g]))
  const counts = names.map((group) => ({ group, images: 0, correct: 0 }))
  // Of each group: images of class c, images called c, and images of class c called c.
  const [of, called, both] = [0, 0, 0].map(() => names.map(() => new Float64Array(classes))) as [
    Float64Array[],
    Float64Array[],
    Float64Array[],
  ]
  labels.forEach((label, i) => {
    const g = place.get(groups[i] as string) as number
    const guess = predicted[i] as number
    add(of[g], label)
    add(called[g], guess)
    if (label === guess) add(both[g], label)
    const count = counts[g] as GroupCount
    count.images++
    if (label === guess) count.correct++
  })
  const share = (hits: Float64Array[], all: (g: number) => number, c: number): number[] =>
    names.flatMap((_, g) => (all(g) > 0 ? [(hits[g]?.[c] as number) / all(g)] : []))
  const images = (g: number): number => counts[g]?.images as number
  const own = (c: number) => (g: number) => of[g]?.[c] as number
  const wrongly = (c: number): number[] =>
    names.flatMap((_, g) => {
      const others = images(g) - own(c)(g)
      return others > 0 ? [((called[g]?.[c] as number) - (both[g]?.[c] as number)) / others] : []
    })
  const candidates = positive === null ? Array.from({ length: classes }, (_, c) => c) : [positive]
  return {
    groups: counts,
    parity: largest(candidates, (c) => spread(share(called, images, c))),
    odds: largest(candidates, (c) => Math.max(spread(share(both, own(c), c)), spread(wrongly(c)))),
  }
}

function add(counts: Float64Array | undefined, at: number): void {
  if (counts) counts[at] = (counts[at] as number) + 1
}

function spread(shares: readonly number[]): number {
  return shares.length ? largestOf(shares) + largestOf(shares.map((share) => -share)) : 0
}

function largest(classes: readonly number[], gapOf: (c: number) => number): Gap {
  const gaps = classes.map((c) => ({ gap: gapOf(c), class: c }))
  return gaps.reduce((best, found) => (found.gap > best.gap ? found : best), gaps[0] as Gap)
}
