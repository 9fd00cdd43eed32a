// A set of checkpoints before they are combined: what stands against it, and what should be known. Headers and integer
// buffers first, as a run will hold them against each other; then one pass over all weights:
//   |tau_t|, |tau_t| / |theta_pre|, cos(tau_i, tau_j).
// Each finding says what, why and what to do next; an error is what a run would refuse.

import type { Compatibility, Finding } from '../../contract/checkpoint.ts'
import type { Told } from '../../contract/engine-api.ts'
import { BasilError } from '../../contract/errors.ts'
import { at } from '../../numbers/vectors.ts'
import type { OpenSource } from '../formats/source.ts'
import { openSet, type WeightSet } from '../weights/parents.ts'
import type { Checkpoint } from '../weights/slices.ts'
import {
  aboutBase,
  aboutConstants,
  aboutPart,
  aboutSettings,
  aboutTypes,
  aboutValues,
  aboutVectors,
  besideTheMerge,
  type Fitting,
} from './findings.ts'
import { type Gram, gramOf, type Sums } from './gram.ts'

export async function* compatibilityOf(
  pretrained: string,
  others: readonly string[],
  open: OpenSource,
): AsyncGenerator<Told<Compatibility>> {
  const beside = await openBeside(pretrained, others, open)
  try {
    const gram = yield* gramOf(beside.base, checkpointsOf(beside), beside)
    const { findings, vectors, cosines } = await measuredIn(beside, gram)
    yield { type: 'result', result: { findings, vectors, cosines } }
  } finally {
    await beside.close()
  }
}

/** A pre-trained model, and those beside it that fit. */
export interface Beside {
  pretrained: string
  base: Checkpoint
  fitting: Fitting[]
  names: string[] // of what all of them combine, as the canonical files have them
  shapes: ReadonlyMap<string, readonly number[]> // by such a name
  total: number // bytes of it
  findings: Finding[] // of headers and integer buffers
  close(): Promise<void>
}

/** missing: what is not in all of them in one shape is not combined. Throws what opening the pre-trained model throws. */
export async function openBeside(
  pretrained: string,
  others: readonly string[],
  open: OpenSource,
  missing?: 'base',
): Promise<Beside> {
  const findings: Finding[] = []
  const opened = [await openSet(pretrained, [], open, missing)]
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((set) => set.close()))
  }
  try {
    const [{ base, parameters, prefix }] = opened as [WeightSet]
    const fitting: Fitting[] = []
    const shapes = new Map([...parameters].map(([name, shape]) => [prefix + name, shape]))
    for (const path of others) {
      const set = await openedWith(pretrained, path, open, missing)
      if ('level' in set) findings.push(set)
      else {
        opened.push(set)
        fitting.push({ path, checkpoint: set.vectors[0] as Checkpoint })
        for (const note of set.notes) findings.push(aboutPart(path, note))
        findings.push(...aboutSettings(path, set.vectors[0]))
        for (const name of parameters.keys()) if (!set.parameters.has(name)) shapes.delete(prefix + name)
      }
    }
    const names = [...shapes.keys()]
    const total = bytesOf(base, names) + fitting.reduce((sum, { checkpoint }) => sum + bytesOf(checkpoint, names), 0)
    return { pretrained, base, fitting, names, shapes, total, findings, close }
  } catch (error) {
    await close()
    throw error
  }
}

export const checkpointsOf = ({ fitting }: Pick<Beside, 'fitting'>): Checkpoint[] =>
  fitting.map(({ checkpoint }) => checkpoint)

interface Measured extends Compatibility {
  sound: number[] // places in `fitting` of those that are measured
}

/** Findings are sorted, the worst first. */
export async function measuredIn(
  { pretrained, base, fitting, names, findings }: Beside,
  gram: Gram,
): Promise<Measured> {
  const sound = soundIn(gram)
  const vectors = sound.map((i) => measured(at(fitting, i).path, gram, i))
  const cosines = cosinesIn(gram, sound)
  const found = [
    ...findings,
    ...aboutValues(pretrained, fitting, gram),
    ...aboutConstants(pretrained, gram),
    ...aboutVectors(vectors, cosines),
    ...aboutBase(pretrained, vectors, cosines),
  ]
  for (const one of fitting)
    for (const about of [aboutTypes(base, one, names), await besideTheMerge(base, one, new Set(names))])
      for (const finding of about) found.push(finding) // as many as there are tensors
  return { findings: worstFirst(found), vectors, cosines, sound }
}

export function worstFirst(findings: readonly Finding[]): Finding[] {
  const levels = ['error', 'warning', 'note']
  return [...findings].sort((a, b) => levels.indexOf(a.level) - levels.indexOf(b.level))
}

/** Places of the vectors that are finite, as the base is. */
export function soundIn({ products, notFinite }: Gram): number[] {
  return [...products.keys()].filter((i) => notFinite[0] === null && notFinite[i + 1] === null)
}

function measured(file: string, { base, products }: Gram, i: number): Compatibility['vectors'][number] {
  const norm = Math.sqrt(at(at(products, i), i))
  return { file, norm, relative: base > 0 ? norm / Math.sqrt(base) : 0 }
}

/** Of the vectors at these places, each with each; 0 for a vector that is 0. */
export function cosinesIn({ products }: Pick<Sums, 'products'>, places: readonly number[]): number[][] {
  const entry = (row: number, column: number): number => at(at(products, row), column)
  return places.map((i) =>
    places.map((j) => {
      const [ii, jj, ij] = [entry(i, i), entry(j, j), entry(i, j)]
      return ii > 0 && jj > 0 ? Math.max(-1, Math.min(1, ij / Math.sqrt(ii * jj))) : 0
    }),
  )
}

const bytesOf = ({ file }: Checkpoint, names: readonly string[]): number =>
  names.reduce((sum, name) => sum + (file.tensors.get(name)?.bytes ?? 0), 0)

/** What a run would throw, as a finding. A fault of ours stays one. */
async function openedWith(
  pretrained: string,
  file: string,
  open: OpenSource,
  missing: 'base' | undefined,
): Promise<WeightSet | Finding> {
  try {
    return await openSet(pretrained, [file], open, missing)
  } catch (error) {
    if (!(error instanceof BasilError)) throw error
    const { what, where, why, next } = error.record
    return { level: 'error', file, what, why: where ? `${why} (${where})` : why, next }
  }
}
