// The methods a stage of a run can use. To add one: a file, a line in this list, and its name in the contract; the
// shared suites (looks, the best state, resume to the same bits) run over the list.
import type { StageSettings } from '../../../contract/run/stage.ts'
import type { Method } from '../method.ts'
import { adaMerging } from './adamerging.ts'
import { atlas } from './atlas.ts'
import { checkpoint } from './checkpoint.ts'
import { cmaEs } from './cma-es.ts'
import { dvBasi } from './dv-basi.ts'
import { taskArithmetic } from './task-arithmetic.ts'
import { ties } from './ties.ts'

export const methods: readonly Method[] = [taskArithmetic, ties, adaMerging, atlas, cmaEs, checkpoint, dvBasi]

export function methodNamed(name: StageSettings['method']): Method {
  const found = methods.find((m) => m.name === name)
  if (!found) throw new Error(`no method ${name}`)
  return found
}
