// What a way of learning coefficients is: how long it takes, and its looks, one state after the other.
import type { StageSettings } from '../../contract/run/stage.ts'
import type { Length, Look, Stage } from './stage.ts'

export interface Method {
  name: StageSettings['method']
  /** Whether its losses are those before each step, so that the state behind the last one is measured besides. */
  measuresLast: boolean
  length(stage: Pick<Stage, 'problem' | 'settings' | 'batch'>): Length
  /** Looks at states one after the other; the last look's state holds the best one. Goes on after stage.resume. */
  learn(stage: Stage): AsyncGenerator<Look>
}
