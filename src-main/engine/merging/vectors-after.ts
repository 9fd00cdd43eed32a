// What a recipe's steps make of the task vectors: other vectors, as checkpoints of which each slice is computed when it
// is read (weights/derived.ts), so that learning, evaluation and export do not know of it. The same is done whenever a
// recipe is followed, so that the model is the same.
import { isOfDifferences, namesAfter, type Step } from '../../contract/merges/step.ts'
import { differs, parametersAt, placesOf, valueAt } from '../../contract/merges/valued.ts'
import { derivedCheckpoint } from '../weights/derived.ts'
import type { Checkpoint } from '../weights/slices.ts'
import { giveBack } from './facts/buffers.ts'
import { merges } from './index.ts'
import {
  asTheyAre,
  type Combine,
  difference,
  type Given,
  isMoved,
  type Merge,
  type Place,
  partOf,
  type Sources,
  valuesOf,
} from './merge.ts'

/**
 * The parents with other vectors; without steps themselves. What a step has to know of whole models is read here, from
 * the results of the steps before it. Closing stays with the parents given.
 */
export async function vectorsAfter<P extends Sources>(parents: P, steps: readonly Step[]): Promise<P> {
  let sources = parents
  for (const step of steps) {
    const merge = mergeNamed(step.method)
    const asked = await askedOf(sources, step, merge)
    if (asked === null) continue
    const vectors = given(sources, step, merge, asked)
    sources = { ...parents, vectors: vectors.map((vector) => ({ ...parents.base, ...vector })) }
  }
  return sources
}

/** What a step asks of a parameter. */
interface AskedOfParameter {
  combine: Combine
  weights: readonly number[]
  each: readonly Readonly<Record<string, unknown>>[]
  ofModels: boolean
}
type Asking = (name: string) => Promise<AskedOfParameter>

/**
 * By the parameter's name; null where the vectors stay as they are. Parameters of a step that are one for all tensors
 * are prepared at once, others when the first tensor asks for them.
 */
async function askedOf(sources: Sources, step: Step, { card, prepare }: Merge): Promise<Asking | null> {
  const place = placesOf(sources.parameters.keys())
  const prepared = new Map<string, Promise<Omit<AskedOfParameter, 'weights' | 'each'>>>()
  const preparedFor = (parameters: Record<string, unknown>): Promise<Omit<AskedOfParameter, 'weights' | 'each'>> => {
    const key = JSON.stringify(parameters)
    const known = prepared.get(key)
    if (known) return known
    const ofModels = !isOfDifferences(card, card.parameters.parse(parameters))
    const found = prepare(sources, parameters).then((combine) => ({ combine, ofModels }))
    prepared.set(key, found)
    return found
  }
  const isOne = !differs(Object.values(step.parameters))
  const forAll = isOne ? await preparedFor(step.parameters) : undefined
  if (forAll?.combine === asTheyAre && !step.weights) return null
  const weightsOf = (name: string): number[] =>
    sources.vectors.map((_, t) => Number(valueAt(step.weights?.[t] ?? 1, name, place(name)) ?? 1))
  const eachOf = (name: string): Record<string, unknown>[] =>
    (step.each ?? []).map((own) => parametersAt(own, name, place(name)))
  return async (name) => ({
    ...(forAll ?? (await preparedFor(parametersAt(step.parameters, name, place(name))))),
    weights: weightsOf(name),
    each: eachOf(name),
  })
}

/** What one step gives. */
function given(sources: Sources, step: Step, merge: Merge, asked: Asking): Checkpoint[] {
  const own = sources.vectors.map(({ file }) => file.source.name)
  const all = [...own.keys()]
  // Vectors are read in turn, and a part gives several at once: the last answer is kept for the next to ask, and once
  // all of them were asked for it is gone.
  let last: Answer | undefined
  const answer = (which: readonly number[], place: Place, k: number): Answer => {
    const key = `${which} ${place.first} ${place.count} ${place.name}`
    if (last?.key !== key)
      last = { key, values: combined(sources, merge, asked, which, place), open: 0, had: new Set() }
    last.open++
    last.had.add(k)
    return last
  }
  const taken = (from: Answer, values: readonly Given[]): void => {
    from.open--
    if (from.open > 0 || from.had.size < values.length) return
    if (last === from) last = undefined
    giveBack(values.filter(isMoved).map(({ theta }) => theta))
  }
  const vectorsOf = (which: readonly number[]): Checkpoint[] =>
    namesAfter(
      which.map((t) => own[t] as string),
      [step],
    ).map((name, k) =>
      derivedCheckpoint(sources, name, async (parameter, first, count) => {
        if (merge.by === 'slice') {
          const found = answer(which, { name: parameter, first, count }, k)
          const values = await found.values
          const own = values[k] as Given
          return isMoved(own) ? { theta: own.theta, taken: () => taken(found, values) } : valuesOf(own)
        }
        const size = sizeOf(sources, parameter)
        const whole = (await answer(which, { name: parameter, first: 0, count: size }, k).values)[k] as Given
        return valuesOf(whole).subarray(first, first + count)
      }),
    )
  return merge.of === 'alone' ? all.flatMap((t) => vectorsOf([t])) : vectorsOf(all)
}

interface Answer {
  key: string
  values: Promise<Given[]>
  open: number // who asked and has not taken yet
  had: Set<number> // vectors that were asked for
}

async function combined(
  sources: Sources,
  { card, inTurn = false, onDevice = false }: Merge,
  asked: Asking,
  which: readonly number[],
  place: Place,
): Promise<Given[]> {
  const { combine, weights, each, ofModels } = await asked(place.name)
  const isScaled = !ofModels && card.weights !== 'own'
  const part = await partOf(sources, which, place, { ofModels, weights, each, isScaled, inTurn, onDevice })
  const values = await combine(part)
  part.release()
  if (!ofModels) return values
  const { base } = part
  return values.map((theta) => valuesOf(theta).map((v, i) => difference(v, base[i] as number)))
}

const sizeOf = ({ parameters }: Sources, name: string): number =>
  (parameters.get(name) ?? []).reduce((a, b) => a * b, 1)

function mergeNamed(name: string): Merge {
  const found = merges.find(({ card }) => card.name === name)
  if (!found) throw new Error(`no merge ${name}`)
  return found
}
