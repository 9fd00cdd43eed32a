// The loss of one image and its derivative, and what learning by it adds to a problem.
import type { ResolvedConfig } from '../../contract/run/config.ts'
import type { DeviceLoss } from '../devices/ops.ts'
import type { PredictingProblem } from './predictions.ts'
import type { Problem, Target } from './problem.ts'

export interface Loss {
  name: string
  /** As heads on the device have it, where they do: the same without lessons. */
  onDevice?: DeviceLoss
  /**
   * From log-probabilities (classes) and the label, or what the image is taught instead: the loss; writes dL/dlogits
   * into gradient (classes).
   */
  loss(logProbabilities: Float64Array, label: number, gradient: Float64Array, lesson?: Target): number
  /**
   * The problem with what this loss adds to batches and lessons. At the problem's coefficients 0 is the pre-trained
   * model.
   */
  adapted?(problem: PredictingProblem, how: Pick<ResolvedConfig, 'ufm' | 'seed'>): Problem
}
