// A set of checkpoints before they are combined: what stands against it, and what should be known. Headers and integer
// buffers first, as a run will hold them against each other; then one pass over all weights:
//   |tau_t|, |tau_t| / |theta_pre|, cos(tau_i, tau_j).
// Each finding says what, why and what to do next; an error is what a run would refuse.

import type { Compatibility, Finding } from '../../contract/checkpoint.ts'
import type { Told } from '../../contract/engine-api.ts'
import { BasilError } from '../../contract/errors.ts'
import { at } from '../../numbers/vectors.ts'
import { isFloating } from '../formats/dtype.ts'
import type { OpenSource } from '../formats/source.ts'
import { isStatistic } from '../layouts/index.ts'
import { expansion } from '../layouts/layout.ts'
import type { TowerCheckpoint } from '../weights/checkpoint.ts'
import { openSet, type WeightSet } from '../weights/parents.ts'
import type { Checkpoint } from '../weights/slices.ts'
import { type Gram, gramOf } from './gram.ts'
import { valueReader } from './values.ts'

const far = 0.3 // |tau| / |theta_pre|: fine-tuning moves CLIP's weights by a few hundredths
const alike = 0.999 // cosine
const apart = 4 // times the norm

/** A fine-tuned model that fits. */
interface Fitting {
  path: string
  checkpoint: Checkpoint
}

export async function* compatibilityOf(
  pretrained: string,
  others: readonly string[],
  open: OpenSource,
): AsyncGenerator<Told<Compatibility>> {
  const findings: Finding[] = []
  const opened = [await openSet(pretrained, [], open)]
  const [{ base, parameters, prefix }] = opened as [WeightSet]
  try {
    const fitting: Fitting[] = []
    for (const path of others) {
      const set = await openBeside(pretrained, path, open)
      if ('level' in set) findings.push(set)
      else {
        opened.push(set)
        fitting.push({ path, checkpoint: set.vectors[0] as Checkpoint })
        for (const note of set.notes) findings.push(aboutPart(path, note))
        findings.push(...aboutSettings(path, set.vectors[0]))
      }
    }
    const names = [...parameters.keys()].map((name) => prefix + name)
    const total = bytesOf(base, names) + fitting.reduce((sum, { checkpoint }) => sum + bytesOf(checkpoint, names), 0)
    const gram = yield* gramOf(
      base,
      fitting.map(({ checkpoint }) => checkpoint),
      names,
      total,
    )
    const sound = [...fitting.keys()].filter((i) => gram.notFinite[0] === null && gram.notFinite[i + 1] === null)
    const vectors = sound.map((i) => measured((fitting[i] as Fitting).path, gram, i))
    const cosines = sound.map((i) => sound.map((j) => cosineOf(gram, i, j)))
    for (const about of [
      aboutValues(pretrained, fitting, gram),
      aboutConstants(pretrained, gram),
      aboutVectors(vectors, cosines),
    ])
      for (const one of about) findings.push(one)
    for (const one of fitting)
      for (const about of [aboutTypes(base, one, names), await besideTheMerge(base, one, new Set(names))])
        for (const found of about) findings.push(found) // as many as there are tensors
    const levels = ['error', 'warning', 'note']
    findings.sort((a, b) => levels.indexOf(a.level) - levels.indexOf(b.level))
    yield { type: 'result', result: { findings, vectors, cosines } }
  } finally {
    await Promise.all(opened.map((set) => set.close()))
  }
}

type Vector = Compatibility['vectors'][number]

function measured(file: string, { base, products }: Gram, i: number): Vector {
  const norm = Math.sqrt(at(at(products, i), i))
  return { file, norm, relative: base > 0 ? norm / Math.sqrt(base) : 0 }
}

function cosineOf({ products }: Gram, i: number, j: number): number {
  const entry = (row: number, column: number): number => at(at(products, row), column)
  const [ii, jj, ij] = [entry(i, i), entry(j, j), entry(i, j)]
  return ii > 0 && jj > 0 ? Math.max(-1, Math.min(1, ij / Math.sqrt(ii * jj))) : 0
}

const bytesOf = ({ file }: Checkpoint, names: readonly string[]): number =>
  names.reduce((sum, name) => sum + (file.tensors.get(name)?.bytes ?? 0), 0)

/** What a run would throw, as a finding. A fault of ours stays one. */
async function openBeside(pretrained: string, file: string, open: OpenSource): Promise<WeightSet | Finding> {
  try {
    return await openSet(pretrained, [file], open)
  } catch (error) {
    if (!(error instanceof BasilError)) throw error
    const { what, where, why, next } = error.record
    return { level: 'error', file, what, why: where ? `${why} (${where})` : why, next }
  }
}

/** What is said otherwise beside it of how it is computed than of the pre-trained model. */
function aboutSettings(file: string, { warnings = [] }: Partial<TowerCheckpoint> = {}): Finding[] {
  const why =
    'heads, activation and epsilon leave no trace in the weights, and models fine-tuned from one have them in common'
  return warnings.map((what) => ({
    level: 'warning',
    file,
    what,
    why,
    next: 'check the configuration it was trained with',
  }))
}

function aboutPart(file: string, what: string): Finding {
  return { level: 'note', file, what, why: 'a merge needs every part of the tower', next: 'nothing, if that is meant' }
}

function aboutValues(pretrained: string, fitting: readonly Fitting[], { notFinite }: Gram): Finding[] {
  return [pretrained, ...fitting.map(({ path }) => path)].flatMap((file, i): Finding[] => {
    const found = notFinite[i]
    if (!found) return []
    const called = fitting[i - 1]?.checkpoint.file.called(found.tensor) ?? found.tensor
    const what = `It holds a weight that is not a finite number: ${called}`
    return [
      {
        level: 'error',
        file,
        what,
        why: `its first one is ${found.value}, and is not equal in all of the models: what is merged with it, and computed from that, is not finite either`,
        next: 'use a checkpoint saved before its training diverged',
      },
    ]
  })
}

function aboutConstants(file: string, { constants }: Gram): Finding[] {
  const [first] = constants
  if (first === undefined) return []
  const what = `${constants.length === 1 ? 'A tensor is' : `${constants.length} tensors are`} not finite and equal in all of the models: ${first}`
  const why = 'such a tensor, as a mask of -Infinity, is a constant and no weight; a merged model gets it byte for byte'
  return [{ level: 'note', file, what, why, next: 'nothing, if that is meant' }]
}

function aboutVectors(vectors: readonly Vector[], cosines: readonly number[][]): Finding[] {
  const findings: Finding[] = []
  for (const { file, norm, relative } of vectors) {
    if (norm === 0)
      findings.push({
        level: 'warning',
        file,
        what: 'It is equal to the pre-trained model: its vector is 0',
        why: 'every weight that would be combined is the same',
        next: 'choose the fine-tuned model, or leave this one out',
      })
    else if (relative > far)
      findings.push({
        level: 'warning',
        file,
        what: 'It may be fine-tuned from another model',
        why: `its task vector is ${relative.toFixed(2)} times as long as the pre-trained model itself; fine-tuning moves weights by a few hundredths`,
        next: 'check which pre-trained model it started from',
      })
  }
  for (const [i, one] of vectors.entries())
    for (const [j, other] of vectors.slice(0, i).entries()) {
      const cosine = at(at(cosines, i), j)
      if (cosine > alike)
        findings.push({
          level: 'warning',
          file: one.file,
          what: `Its vector is nearly that of ${other.file}`,
          why: `their cosine is ${cosine.toFixed(4)}: the same model twice, or two states of one training`,
          next: 'leave one of them out: together they count twice',
        })
    }
  return [...findings, ...aboutScale(vectors.filter(({ norm }) => norm > 0))]
}

/** Merging favours long vectors, whatever their tasks need. */
function aboutScale(vectors: readonly Vector[]): Finding[] {
  const [shortest] = [...vectors].sort((a, b) => a.norm - b.norm)
  const longest = [...vectors].sort((a, b) => b.norm - a.norm)[0]
  if (!shortest || !longest || longest.norm < apart * shortest.norm) return []
  return [
    {
      level: 'warning',
      file: longest.file,
      what: `Its vector is ${(longest.norm / shortest.norm).toFixed(1)} times as long as that of ${shortest.file}`,
      why: 'with one coefficient for both, the longer vector drowns the shorter one; merging is known to fail where norms differ much (DisTaC)',
      next: 'learn a coefficient for each model, or fine-tune with like learning rates and numbers of steps',
    },
  ]
}

function aboutTypes(base: Checkpoint, { path, checkpoint }: Fitting, names: readonly string[]): Finding[] {
  const differs = names.find((name) => base.file.tensors.get(name)?.dtype !== checkpoint.file.tensors.get(name)?.dtype)
  if (differs === undefined) return []
  const [mine, theirs] = [base, checkpoint].map(({ file }) => file.tensors.get(differs)?.dtype)
  return [
    {
      level: 'note',
      file: path,
      what: `It is stored as ${theirs}, the pre-trained model as ${mine}`,
      why: `first in ${checkpoint.file.called(differs)}; the coarser of the two rounds, and what rounding did becomes part of the task vector`,
      next: 'nothing, if there is no file of the same type',
    },
  ]
}

/** What is not combined, and is taken from the pre-trained model, where the fine-tuned one has another. */
async function besideTheMerge(
  base: Checkpoint,
  { path, checkpoint }: Fitting,
  combined: ReadonlySet<string>,
): Promise<Finding[]> {
  const different = { statistics: [] as string[], rest: [] as string[] }
  for (const { name, dtype, shape } of base.file.tensors.values()) {
    if (combined.has(name) || !isFloating(dtype) || name.startsWith(expansion)) continue
    const theirs = checkpoint.file.tensors.get(name)
    const isEqual = !theirs || (theirs.shape.join() === shape.join() && (await areEqual(base, checkpoint, name)))
    if (!isEqual) different[isStatistic(name) ? 'statistics' : 'rest'].push(checkpoint.file.called(name))
  }
  const { statistics, rest } = different
  const note = (what: string, why: string, next: string): Finding => ({ level: 'note', file: path, what, why, next })
  return [
    ...(statistics.length
      ? [
          note(
            `Its BatchNorm statistics differ in ${statistics.length} tensors`,
            `first in ${statistics[0]}; they are each model's own, and a merged model gets the pre-trained one's`,
            'know that a merged model may need them measured anew on data',
          ),
        ]
      : []),
    ...(rest.length
      ? [
          note(
            `It also differs outside of what is combined, in ${rest.length} tensors`,
            `first in ${rest[0]}; a merged model gets the pre-trained one's, and the head of this task may want its own`,
            'make heads with the text tower that belongs to them',
          ),
        ]
      : []),
  ]
}

async function areEqual(a: Checkpoint, b: Checkpoint, name: string): Promise<boolean> {
  const [infoA, infoB] = [a.file.tensors.get(name), b.file.tensors.get(name)]
  if (!infoA || !infoB) return false
  const [piecesA, piecesB] = [valueReader(a.file)(infoA), valueReader(b.file)(infoB)]
  for (;;) {
    const [{ value: x }, { value: y }] = await Promise.all([piecesA.next(), piecesB.next()])
    if (!x || !y) return true
    if (x.some((v, i) => v !== y[i])) return false
  }
}
