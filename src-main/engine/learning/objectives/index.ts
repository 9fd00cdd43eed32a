// The objectives a run can minimise, each the loss of one image and its derivative. To add one: a file, and a line in
// this list and in the contract's `objectives`; the gradient suite then holds it against finite differences.
import type { ResolvedConfig } from '../../../contract/run/config.ts'
import type { Objective } from '../objective.ts'
import { crossEntropy } from './cross-entropy.ts'
import { entropy } from './entropy.ts'
import { sar } from './sar.ts'
import { ufm } from './ufm.ts'

export const objectives: readonly Objective[] = [crossEntropy, entropy, sar, ufm]

export function objectiveNamed(name: ResolvedConfig['objective']): Objective {
  const found = objectives.find((o) => o.name === name)
  if (!found) throw new Error(`no objective ${name}`)
  return found
}
