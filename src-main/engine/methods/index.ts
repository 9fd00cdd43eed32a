// The methods a stage of a run can use. To add one: a file, a line in this list, and its name in the contract; the shared
// suites (looks, the best state, resume to the same bits) run over the list.
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
  /** Whether its losses are those before each step, so that the state behind the last one is measured besides. */
  measuresLast: boolean
  length(stage: Pick<Stage, 'problem' | 'settings' | 'batch'>): Length
  /** Looks at states one after the other; the last look's state holds the best one. Goes on after stage.resume. */
  learn(stage: Stage): AsyncGenerator<Look>
}

export const methods: readonly Method[] = [taskArithmetic, ties, adaMerging, atlas, cmaEs, checkpoint, dvBasi]

export function methodNamed(name: StageSettings['method']): Method {
  const found = methods.find((m) => m.name === name)
  if (!found) throw new Error(`no method ${name}`)
  return found
}
