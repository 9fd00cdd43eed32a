// The methods a stage of a run can use. To add one: a file, a line in this list, and its name in the contract; the shared
// suite (base model at 0, fine-tuned at 1, gradient, resume to the same bits) then runs over it.
import type { StageSettings } from '../../contract/config/stage.ts'
import type { Length, Look, Stage } from '../coefficients/learn.ts'
import { adaMerging } from './adamerging.ts'
import { atlas } from './atlas.ts'
import { checkpoint } from './checkpoint.ts'
import { cmaEs } from './cma-es.ts'
import { dvBasi } from './dv-basi.ts'
import { taskArithmetic } from './task-arithmetic.ts'
import { ties } from './ties.ts'

export interface Method {
  name: StageSettings['method']
  length(stage: Pick<Stage, 'problem' | 'settings' | 'batch'>): Length
  /** Looks at states one after the other; the last look's state holds the best one. Goes on after stage.resume. */
  learn(stage: Stage): AsyncGenerator<Look>
}

const methods: Method[] = [taskArithmetic, ties, adaMerging, atlas, cmaEs, checkpoint, dvBasi]

export function methodNamed(name: StageSettings['method']): Method {
  const found = methods.find((m) => m.name === name)
  if (!found) throw new Error(`no method ${name}`)
  return found
}
