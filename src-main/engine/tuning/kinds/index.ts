// The mathematics of each kind, by the name of its card. To add one: a page beside this one, and a line here, which the
// types then ask for.
import type { ResolvedTuning, TuningOf } from '../../../contract/tuning/config.ts'
import type { TuningKind } from '../../../contract/tuning/kinds/index.ts'
import type { Learner, MakeLearner, Place } from '../kind.ts'
import { linear } from './linear.ts'
import { standard } from './standard.ts'
import { tauJp } from './tau-jp.ts'

const kinds: { [K in TuningKind]: MakeLearner<K> } = {
  standard,
  linear,
  'tau-jp': tauJp,
}

export function learnerOf<K extends TuningKind>(
  place: Place,
  config: ResolvedTuning & { kind: K },
  tell: Parameters<MakeLearner<K>>[2],
): Promise<Learner> {
  return kinds[config.kind](place, config as TuningOf<K>, tell)
}
