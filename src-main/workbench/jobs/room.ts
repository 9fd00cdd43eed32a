// Who has the engine and the processes that read files just now: jobs, and what is no job but needs one of them too.
import type { Need } from '../../contract/api/jobs.ts'
import { atWorkNow } from './refusals.ts'
import { whatBegins } from './rule.ts'

export interface Room {
  /** The way to end it. */
  take(need: Need, title: string): () => void
  taken(): Need[]
  /** By anything of this machine, where no need is named. */
  isTaken(need?: Need): boolean
  /** Throws run-state, with what is at work, where there is no room for it. */
  requireFree(need: Need): void
  /** Throws run-state, with what is at work. */
  requireQuiet(): void
}

export function createRoom(): Room {
  const present = new Set<{ need: Need; title: string }>()
  const taken = (): Need[] => [...present].map(({ need }) => need)
  const refusal = () => atWorkNow([...present].map(({ title }) => title))
  return {
    take: (need, title) => {
      const mine = { need, title }
      present.add(mine)
      return () => void present.delete(mine)
    },
    taken,
    isTaken: (need) => (need === undefined ? taken().some((one) => one !== 'elsewhere') : taken().includes(need)),
    requireFree: (needs) => {
      if (whatBegins([{ needs }], taken()).length === 0) throw refusal()
    },
    requireQuiet: () => {
      if (present.size > 0) throw refusal()
    },
  }
}
