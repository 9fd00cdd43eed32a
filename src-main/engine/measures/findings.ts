// What a set of checkpoints gives to think about before it is combined: each finding says what, why and what to do
// next. Of what is told here only a value that is not finite is an error; what a run would refuse is found when the
// files are opened (compatibility.ts).
import type { Compatibility, Finding } from '../../contract/checkpoint.ts'
import { at } from '../../numbers/vectors.ts'
import { isFloating } from '../formats/dtype.ts'
import { isStatistic } from '../layouts/index.ts'
import { expansion } from '../layouts/layout.ts'
import type { TowerCheckpoint } from '../weights/checkpoint.ts'
import type { Checkpoint } from '../weights/slices.ts'
import type { Gram } from './gram.ts'
import { valueReader } from './values.ts'

const far = 0.3 // |tau| / |theta_pre|: fine-tuning moves CLIP's weights by a few hundredths
const alike = 0.999 // cosine
const together = 0.5 // cosine that tasks' vectors do not have, each with each
const apart = 4 // times the norm

/** A fine-tuned model that fits. */
export interface Fitting {
  path: string
  checkpoint: Checkpoint
}

type Vector = Compatibility['vectors'][number]

/** What is said otherwise beside it of how it is computed than of the pre-trained model. */
export function aboutSettings(file: string, { warnings = [] }: Partial<TowerCheckpoint> = {}): Finding[] {
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

export function aboutPart(file: string, what: string): Finding {
  return { level: 'note', file, what, why: 'a merge needs every part of the tower', next: 'nothing, if that is meant' }
}

export function aboutValues(pretrained: string, fitting: readonly Fitting[], { notFinite }: Gram): Finding[] {
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

export function aboutConstants(file: string, { constants }: Gram): Finding[] {
  const [first] = constants
  if (first === undefined) return []
  const what = `${constants.length === 1 ? 'A tensor is' : `${constants.length} tensors are`} not finite and equal in all of the models: ${first}`
  const why = 'such a tensor, as a mask of -Infinity, is a constant and no weight; a merged model gets it byte for byte'
  return [{ level: 'note', file, what, why, next: 'nothing, if that is meant' }]
}

export function aboutVectors(vectors: readonly Vector[], cosines: readonly number[][]): Finding[] {
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

/**
 * A base that is not theirs: tau_t + (theta_their - theta_given), the way between the two in all of them. Of two models
 * that may be their own likeness, unless both are long.
 */
export function aboutBase(
  pretrained: string,
  vectors: readonly Vector[],
  cosines: readonly (readonly number[])[],
): Finding[] {
  const moved = [...vectors.keys()].filter((i) => at(vectors, i).norm > 0)
  const lowest = Math.min(...moved.flatMap((i) => moved.filter((j) => j < i).map((j) => at(at(cosines, i), j))))
  const areLong = moved.every((i) => at(vectors, i).relative > far)
  if (moved.length < 2 || lowest <= together || (moved.length === 2 && !areLong)) return []
  return [
    {
      level: 'warning',
      file: pretrained,
      what: 'It may not be the pre-trained model of these',
      why: `their vectors all point one way, with cosines of ${lowest.toFixed(2)} and more: measured from another model, all have the way from there to the true one in common`,
      next: 'check which pre-trained model they started from',
    },
  ]
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

export function aboutTypes(base: Checkpoint, { path, checkpoint }: Fitting, names: readonly string[]): Finding[] {
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
export async function besideTheMerge(
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
