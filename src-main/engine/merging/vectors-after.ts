// What a recipe's steps make of the task vectors: other vectors, as checkpoints of which each slice is computed when it
// is read (weights/derived.ts), so that learning, evaluation and export do not know of it. The same is done whenever a
// recipe is followed, so that the model is the same.
import { namesAfter, type Step } from '../../contract/merges/step.ts'
import { derivedCheckpoint } from '../weights/derived.ts'
import type { Checkpoint } from '../weights/slices.ts'
import { merges } from './index.ts'
import { asTheyAre, type Combine, difference, type Given, type Merge, partOf, type Sources, valuesOf } from './merge.ts'

/**
 * The parents with other vectors; without steps themselves. What a step has to know of whole models is read here, from
 * the results of the steps before it. Closing stays with the parents given.
 */
export async function vectorsAfter<P extends Sources>(parents: P, steps: readonly Step[]): Promise<P> {
  let sources = parents
  for (const step of steps) {
    const merge = mergeNamed(step.method)
    const combine = await merge.prepare(sources, step.parameters)
    if (combine === asTheyAre) continue
    const vectors = given(sources, step, merge, combine)
    sources = { ...parents, vectors: vectors.map((vector) => ({ ...parents.base, ...vector })) }
  }
  return sources
}

/** What one step gives. */
function given(sources: Sources, step: Step, merge: Merge, combine: Combine): Checkpoint[] {
  const own = sources.vectors.map(({ file }) => file.source.name)
  const all = [...own.keys()]
  // Vectors are read in turn, and a part gives several at once: the last answer is kept for the next to ask.
  let last: { key: string; values: Promise<Given[]> } | undefined
  const answer = (which: readonly number[], place: Place): Promise<Given[]> => {
    const key = `${which} ${place.first} ${place.count} ${place.name}`
    if (last?.key !== key) last = { key, values: combined(sources, merge, combine, which, place) }
    return last.values
  }
  const vectorsOf = (which: readonly number[]): Checkpoint[] =>
    namesAfter(
      which.map((t) => own[t] as string),
      [step],
    ).map((name, k) =>
      derivedCheckpoint(sources, name, async (parameter, first, count) => {
        if (merge.by === 'slice') return valuesOf((await answer(which, { name: parameter, first, count }))[k] as Given)
        const size = sizeOf(sources, parameter)
        const whole = (await answer(which, { name: parameter, first: 0, count: size }))[k] as Given
        return valuesOf(whole).subarray(first, first + count)
      }),
    )
  return merge.of === 'alone' ? all.flatMap((t) => vectorsOf([t])) : vectorsOf(all)
}

interface Place {
  name: string
  first: number
  count: number
}

async function combined(
  sources: Sources,
  { card }: Merge,
  combine: Combine,
  which: readonly number[],
  place: Place,
): Promise<Given[]> {
  const part = await partOf(sources, which, place, !card.needs.base)
  const { base } = part
  const values = await combine(part)
  return card.needs.base
    ? values
    : values.map((theta) => valuesOf(theta).map((v, i) => difference(v, base[i] as number)))
}

const sizeOf = ({ parameters }: Sources, name: string): number =>
  (parameters.get(name) ?? []).reduce((a, b) => a * b, 1)

function mergeNamed(name: string): Merge {
  const found = merges.find(({ card }) => card.name === name)
  if (!found) throw new Error(`no merge ${name}`)
  return found
}
