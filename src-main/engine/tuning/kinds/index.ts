// The mathematics of each kind, by the name of its card. To add one: a page beside this one, and a line here, which the
// types then ask for.

import type { Progress } from '../../../contract/run/run.ts'
import type { ResolvedTuning, TuningOf } from '../../../contract/tuning/config.ts'
import type { TuningKind } from '../../../contract/tuning/kinds/index.ts'
import type { Kept, Learner, MakeLearner, Place } from '../kind.ts'
import { diffPruning } from './diff-pruning.ts'
import { linear } from './linear.ts'
import { lora } from './lora.ts'
import { standard } from './standard.ts'
import { talos } from './talos.ts'
import { taps } from './taps.ts'
import { tauJp } from './tau-jp.ts'

const kinds: { [K in TuningKind]: MakeLearner<K> } = {
  standard,
  linear,
  'tau-jp': tauJp,
  talos,
  lora,
  taps,
  'diff-pruning': diffPruning,
}

export async function* learnerOf<K extends TuningKind>(
  place: Place,
  config: ResolvedTuning & { kind: K },
  kept: Kept | null,
): AsyncGenerator<Progress, Learner> {
  const made = kinds[config.kind](place, config as TuningOf<K>, kept)
  return Symbol.asyncIterator in made ? yield* made : made
}
