// What the cosines of task vectors hint at, by the theory of task arithmetic on transformers (Li et al., "When is Task
// Vector Provably Effective for Model Editing?", ICLR 2025). It knows three relations of two tasks, by the patterns
// that tell their classes: adding vectors learns both of irrelevant or aligned tasks, and taking one away forgets its
// task among irrelevant or contradictory ones. That a cosine tells the relation, and where its thresholds lie, is our
// reading.
import type { Hint } from '../../contract/merges/report.ts'
import { at } from '../../numbers/vectors.ts'

const threshold = 0.1 // vectors of unlike tasks of CLIP have cosines of a few hundredths

/** Of two vectors or more; undefined where none of them moves anything. names: what they are called. */
export function hintOf(cosines: readonly (readonly number[])[], names: readonly string[]): Hint | undefined {
  const pairs = cosines.flatMap((row, i) =>
    row.slice(0, i).flatMap((cosine, j) => (at(row, i) > 0 && at(at(cosines, j), j) > 0 ? [{ cosine, i, j }] : [])),
  )
  const sorted = pairs.sort((a, b) => a.cosine - b.cosine)
  const [lowest, highest] = [sorted[0], sorted.at(-1)]
  if (!lowest || !highest) return undefined
  const aligned = pairs.filter(({ cosine }) => cosine > threshold).length
  const contradictory = pairs.filter(({ cosine }) => cosine < -threshold).length
  const irrelevant = pairs.length - aligned - contradictory
  const called = ({ i, j, cosine }: typeof lowest): string =>
    `${at(names, j)} and ${at(names, i)}, cosine ${cosine.toFixed(3)}`
  const counts = { pairs: { aligned, irrelevant, contradictory }, threshold }
  if (contradictory > 0)
    return {
      ...counts,
      relation: 'contradictory',
      words: `some vectors point against each other (${called(lowest)}): their sum undoes a part of both; taking a vector away forgets its task`,
    }
  if (aligned > 0)
    return {
      ...counts,
      relation: 'aligned',
      words: `some vectors point one way (${called(highest)}): their sum serves both tasks, and what they share counts in each`,
    }
  return {
    ...counts,
    relation: 'irrelevant',
    words: `the vectors are nearly orthogonal (the nearest: ${called(highest)}): their sum disturbs each little, in adding as in taking away`,
  }
}
