// What a run minimises: the loss its card names, and what else the card says of learning by it.
import type { ObjectiveCard } from '../../contract/objectives/card.ts'
import { type ObjectiveName, objectiveCard } from '../../contract/objectives/lookup.ts'
import type { Loss } from './loss.ts'
import { losses } from './losses/index.ts'

export interface Objective extends Loss, Pick<ObjectiveCard, 'unlabelled' | 'strongViews' | 'sharpness'> {
  /** What states are judged by, where that is not what steps go down. */
  judge?: Loss
}

export function objectiveNamed(name: ObjectiveName): Objective {
  const card = objectiveCard(name)
  if (!card) throw new Error(`no objective ${name}`)
  const { unlabelled, strongViews, sharpness, judge } = card
  return {
    ...lossNamed(card.loss),
    name,
    ...(unlabelled && { unlabelled }),
    ...(strongViews && { strongViews }),
    ...(sharpness && { sharpness }),
    ...(judge && { judge: lossNamed(judge) }),
  }
}

function lossNamed(name: string): Loss {
  const found = losses.find((loss) => loss.name === name)
  if (!found) throw new Error(`no loss ${name}`)
  return found
}
