// The engine's side of a process that reads files for real and computes nothing, for doubles to put their own in.
import type { EngineSide } from '../../src-main/worker/engine-door.ts'
import { reading } from '../../src-main/worker/reading.ts'

const refuse = (): never => {
  throw new Error('this double does not compute')
}

export const readingOnly: EngineSide = {
  ...reading,
  describe: refuse,
  trial: refuse,
  check: refuse,
  run: refuse,
  tuningPlan: refuse,
  tune: refuse,
  rebuild: refuse,
  merge: refuse,
  makeHead: refuse,
  probeHead: refuse,
  evaluate: refuse,
  disentangle: refuse,
  collect: refuse,
  mix: { open: refuse, score: refuse, close: refuse },
}
