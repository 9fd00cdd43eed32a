// Whether a model treats groups of images alike. With y^ the prediction, y the label, + a class, and g a group:
//   demographic-parity gap of +   DP = gap_g P(y^ = + | g),   gap_g P = max_g P - min_g P
//   equalised-odds gap of +       EO = max over y in {is +, is not +} of gap_g P(y^ = + | y, g)
// A group that has no image of some y says nothing of it, and is left out there. Where a positive class was chosen the
// gaps are its own; where none was, they are the largest of all classes', and it is said whose. Shares of small groups
// are uncertain: each group's count stands beside its accuracy.
import { largestOf } from '../../contract/largest.ts'
import { add, at } from '../vectors.ts'

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
  const tallies = new Map(
    [...new Set(groups)].sort().map((group): [string, Tally] => [group, emptyTally(group, classes)]),
  )
  for (const [i, label] of labels.entries()) {
    const tally = tallies.get(at(groups, i))
    const guess = at(predicted, i)
    if (!tally) continue
    tally.images++
    add(tally.of, label)
    add(tally.called, guess)
    if (label !== guess) continue
    tally.correct++
    add(tally.both, label)
  }
  const all = [...tallies.values()]
  const shares = (part: (tally: Tally) => [hits: number, of: number]): number[] =>
    all.map(part).flatMap(([hits, of]) => (of > 0 ? [hits / of] : []))
  const parity = (c: number): number[] => shares(({ called, images }) => [at(called, c), images])
  const rightly = (c: number): number[] => shares(({ both, of }) => [at(both, c), at(of, c)])
  const wrongly = (c: number): number[] =>
    shares(({ called, both, images, of }) => [at(called, c) - at(both, c), images - at(of, c)])
  const candidates = positive === null ? Array.from({ length: classes }, (_, c) => c) : [positive]
  return {
    groups: all.map(({ group, images, correct }) => ({ group, images, correct })),
    parity: largest(candidates, (c) => spread(parity(c))),
    odds: largest(candidates, (c) => Math.max(spread(rightly(c)), spread(wrongly(c)))),
  }
}

interface Tally extends GroupCount {
  of: Float64Array // (classes) images of the class
  called: Float64Array // images called the class
  both: Float64Array // images of the class called it
}

function emptyTally(group: string, classes: number): Tally {
  const [of, called, both] = [new Float64Array(classes), new Float64Array(classes), new Float64Array(classes)]
  return { group, images: 0, correct: 0, of, called, both }
}

function spread(shares: readonly number[]): number {
  return shares.length ? largestOf(shares) + largestOf(shares.map((share) => -share)) : 0
}

function largest(classes: readonly number[], gapOf: (c: number) => number): Gap {
  const gaps = classes.map((c) => ({ gap: gapOf(c), class: c }))
  return gaps.reduce((best, found) => (found.gap > best.gap ? found : best), at(gaps, 0))
}
