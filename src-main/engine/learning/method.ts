// A method as the run's loop sees it: its card's name, and the way it learns told what the card says.

import { type MethodName, methodCard } from '../../contract/methods/lookup.ts'
import type { Look, Stage } from './stage.ts'
import type { Way } from './way.ts'
import { ways } from './ways/index.ts'

export interface Method extends Omit<Way, 'name' | 'learn'> {
  name: MethodName
  learn(stage: Stage): AsyncGenerator<Look>
}

export function methodNamed(name: MethodName): Method {
  const card = methodCard(name)
  const way = ways.find((one) => one.name === card?.learns.by)
  if (!card || !way) throw new Error(`no method ${name}, or no way that it learns by`)
  return { ...way, name, learn: (stage) => way.learn(stage, card.learns) }
}
