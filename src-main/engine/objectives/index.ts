// The objectives a run can minimise, each the loss of one image and its derivative. To add one: a file, and a line in this
// list and in the contract's `objectives`; the gradient suite then holds it against finite differences.
import type { ResolvedConfig } from '../../contract/config.ts'
import { crossEntropy } from './cross-entropy.ts'
import { entropy } from './entropy.ts'

export interface Objective {
  name: ResolvedConfig['objective']
  /** From log-probabilities (classes) and the label: the loss; writes dL/dlogits into gradient (classes). */
  loss(logProbabilities: Float64Array, label: number, gradient: Float64Array): number
}

const objectives: Objective[] = [crossEntropy, entropy]

export function objectiveNamed(name: ResolvedConfig['objective']): Objective {
  const found = objectives.find((o) => o.name === name)
  if (!found) throw new Error(`no objective ${name}`)
  return found
}
