// How a page shows that it was opened with the token without sending it. The server gives a challenge, which it alone
// can make and which is good once and for half a minute; the page answers HMAC-SHA256(token, "basil 4000 CHALLENGE").
// So whoever takes the port while Basil is away hears nothing from a page that looks for it: the next challenge is
// another, and another port's answers are not ours.
import { createHmac, randomBytes } from 'node:crypto'

import { sameText } from './gate.ts'

const lifetime = 30_000 // milliseconds
const shown = 'basil-proof'

/** What a page offers as its WebSocket's subprotocol. */
export const proofOf = (challenge: string, answer: string): string => `${shown}.${challenge}.${answer}`

export const answerTo = (challenge: string, port: number, token: string): string =>
  createHmac('sha256', token).update(`basil ${port} ${challenge}`).digest('base64url')

export interface Challenges {
  give(): string
  /** Whether the offer answers a challenge of ours that was not answered before. */
  isAnswered(offer: string, port: number, token: string): boolean
}

export function createChallenges(now: () => number = Date.now): Challenges {
  const secret = randomBytes(32)
  const used = new Map<string, number>() // answered challenges, until they are too old anyway
  const sealed = (text: string): string => createHmac('sha256', secret).update(text).digest('base64url')
  return {
    give: () => {
      const text = `${now()}.${randomBytes(32).toString('base64url')}`
      return `${text}.${sealed(text)}`
    },
    isAnswered: (offer, port, token) => {
      const [head, time = '', random, seal = '', answer = '', ...others] = offer.split('.')
      const text = `${time}.${random}`
      const challenge = `${text}.${seal}`
      if (head !== shown || others.length > 0 || !sameText(seal, sealed(text))) return false
      for (const [one, until] of used) if (until < now()) used.delete(one)
      const until = Number(time) + lifetime
      if (until < now() || used.has(challenge) || !sameText(answer, answerTo(challenge, port, token))) return false
      used.set(challenge, until)
      return true
    },
  }
}
