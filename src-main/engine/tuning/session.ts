// A fine-tuning at work, as the loop and what concludes it see it.
import type { ResolvedTuning } from '../../contract/tuning/config.ts'
import type { TuningHost } from './host.ts'
import type { Learner } from './kind.ts'
import type { Opened } from './open.ts'
import type { OpenPlace } from './place.ts'
import type { Length } from './schedule.ts'
import type { TuningProgress } from './state.ts'

/** At work: what is open, what learns, and how far it is. */
export interface Session {
  config: ResolvedTuning
  host: TuningHost
  opened: Opened
  place: OpenPlace
  learner: Learner
  length: Length
  progress: TuningProgress
  waited: { seconds: number }
  pretrained: number | null // validation accuracy of theta_pre, where it was measured
  present: number | null // and of what is learned as it is now
}
