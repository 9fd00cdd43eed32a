// The objectives a run can minimise, each the loss of one image and its derivative. To add one: a file, and a line in this
// list and in the contract's `objectives`; the gradient suite then holds it against finite differences.
import type { ResolvedConfig } from '../../contract/config.ts'
import type { Lesson, Problem, SeeingProblem } from '../problem.ts'
import { crossEntropy } from './cross-entropy.ts'
import { entropy } from './entropy.ts'
import { sar } from './sar.ts'
import { ufm } from './ufm.ts'

export interface Objective {
  name: ResolvedConfig['objective']
  /** From log-probabilities (classes) and the label, or what the image is taught instead: the loss; writes dL/dlogits into gradient (classes). */
  loss(logProbabilities: Float64Array, label: number, gradient: Float64Array, lesson?: Lesson): number
  /** It learns without labels: where a task's learning data is its test data, labels are not even there. */
  unlabelled?: true
  /** Whether a step learns from other views of its images than those they are judged by: larger crops, and flips. */
  strongViews?: true
  /** What states are judged by, where that is not what steps go down. */
  judge?: Objective
  /** rho of its sharpness-aware steps. */
  sharpness?: number
  /** The problem with what this objective adds to batches and lessons. At the problem's coefficients 0 is the pre-trained model. */
  adapted?(problem: SeeingProblem, how: Pick<ResolvedConfig, 'ufm' | 'seed'>): Problem
}

export const objectives: readonly Objective[] = [crossEntropy, entropy, sar, ufm]

export function objectiveNamed(name: ResolvedConfig['objective']): Objective {
  const found = objectives.find((o) => o.name === name)
  if (!found) throw new Error(`no objective ${name}`)
  return found
}
