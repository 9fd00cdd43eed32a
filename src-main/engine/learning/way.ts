// A way of learning coefficients: how long it takes, and its looks, one state after the other. A method's card names
// its way and what that is told (contract/methods); many methods share one.
import type { Learning } from '../../contract/methods/card.ts'
import type { Length, Look, Stage } from './stage.ts'

export interface Way {
  name: string
  /** Whether its losses are those before each step, so that the state behind the last one is measured besides. */
  measuresLast: boolean
  length(stage: Pick<Stage, 'problem' | 'settings' | 'batch'>): Length
  /** Looks at states one after the other; the last look's state holds the best one. Goes on after stage.resume. */
  learn(stage: Stage, told: Learning): AsyncGenerator<Look>
}
