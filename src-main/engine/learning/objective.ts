// What a run minimises: the loss of one image and its derivative, and what else learning by it needs.
import type { ResolvedConfig } from '../../contract/run/config.ts'
import type { PredictingProblem, Problem, Target } from './problem.ts'

export interface Objective {
  name: ResolvedConfig['objective']
  /**
   * From log-probabilities (classes) and the label, or what the image is taught instead: the loss; writes dL/dlogits
   * into gradient (classes).
   */
  loss(logProbabilities: Float64Array, label: number, gradient: Float64Array, lesson?: Target): number
  /** It learns without labels: where a task's learning data is its test data, labels are not even there. */
  unlabelled?: true
  /** Whether a step learns from other views of its images than those they are judged by: larger crops, and flips. */
  strongViews?: true
  /** What states are judged by, where that is not what steps go down. */
  judge?: Objective
  /** rho of its sharpness-aware steps. */
  sharpness?: number
  /**
   * The problem with what this objective adds to batches and lessons. At the problem's coefficients 0 is the
   * pre-trained model.
   */
  adapted?(problem: PredictingProblem, how: Pick<ResolvedConfig, 'ufm' | 'seed'>): Problem
}
