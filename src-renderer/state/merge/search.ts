// A search as a page has it: what is typed, kept as text until it is asked, and what is lacking in a sentence. Values
// to try are those of the present method alone; what was typed for others stays. Pure.
import { z } from 'zod'

import { type SearchAsked, searchAskedSchema, searchWays } from '../../../src-main/contract/api/searches.ts'
import { parametersOf } from '../../../src-main/contract/merges/parameters.ts'
import type { Stand } from './stand.ts'

const text = z.string().default('')

export const searchDraftSchema = z.object({
  command: text,
  seconds: text,
  way: z.enum(searchWays).default('sweep'),
  sweeps: z.record(z.string(), z.string()).default({}), // by parameter; lambda: the coefficient
  best: text,
  lower: text,
  bounds: text,
  evaluations: z.string().default('60'),
  sigma: z.string().default('0.3'),
  limits: text, // "0:2"
  groups: text,
  depths: z.string().default('1'),
  seed: z.string().default('0'),
  log: z.string().nullable().default(null), // a file that keeps the scores; null: beside what is written
})
export type SearchDraft = z.infer<typeof searchDraftSchema>

export interface Swept {
  name: string
  title: string
  example: string
}

/** What values can be tried of. */
export function sweptOf({ card, gives }: Pick<Stand, 'card' | 'gives'>): Swept[] {
  const own = parametersOf(card)
    .filter(({ type }) => type !== 'array')
    .map(({ name, title = name, type, enum: choices }) => ({
      name,
      title,
      example: choices ? choices.slice(0, 2).join(',') : type === 'boolean' ? 'true,false' : '0.1,0.2 or 0.1:0.9:0.2',
    }))
  return gives === 'model' ? own : [{ name: 'lambda', title: 'Coefficient', example: '0.1:1:0.1' }, ...own]
}

const words = (typed: string): string[] => typed.split(/[\s,]+/).filter(Boolean)
const numberIn = (typed: string): number => (typed.trim() === '' ? Number.NaN : Number(typed))

/** Or what is lacking, in a sentence. */
export function searchAskedOf(draft: SearchDraft, stand: Stand): { asked: SearchAsked } | { lacking: string } {
  const { command, way, best } = draft
  if (stand.card.needs.statistics !== undefined)
    return { lacking: `${stand.card.title} looks at images: a search is of methods that look at none.` }
  if (command.trim() === '') return { lacking: 'Name the program that scores a model.' }
  if (!command.includes('{model}'))
    return { lacking: 'Write {model} in the command where the path of the model belongs.' }
  const sweeps = sweptOf(stand).flatMap(({ name }) => {
    const values = draft.sweeps[name]?.trim() ?? ''
    return values === '' ? [] : [`${name}=${values}`]
  })
  if (way === 'sweep' && sweeps.length === 0) return { lacking: 'Give values to try, of one field at least.' }
  const { success, data, error } = searchAskedSchema.safeParse({
    ...{ command, way, sweeps: way === 'sweep' ? sweeps : [], best: best.trim() || null, log: draft.log },
    seconds: draft.seconds.trim() === '' ? null : numberIn(draft.seconds),
    lower: words(draft.lower),
    bounds: draft.bounds
      .split(/[\n,;]+/)
      .map((one) => one.trim())
      .filter(Boolean),
    evaluations: numberIn(draft.evaluations),
    sigma: numberIn(draft.sigma),
    limits: draft.limits.trim() === '' ? null : draft.limits.split(':').map(numberIn),
    groups: words(draft.groups),
    depths: numberIn(draft.depths),
    seed: numberIn(draft.seed),
  })
  if (success) return { asked: data }
  const field = String(error.issues[0]?.path[0] ?? '')
  return { lacking: `${titles[field] ?? field} is not a number that can be used.` }
}

const titles: Readonly<Record<string, string>> = {
  seconds: 'The most seconds for one model',
  evaluations: 'How many are scored',
  sigma: 'How far it looks first',
  limits: 'One of the limits, which are least:most,',
  depths: 'How many weights along the layers',
  seed: 'The seed',
}
