// The pages of the help: the guide's, then one for each method, objective and merge, made of its declaration. A topic
// is found by its address ("merge-slerp"), by its title and by what it says.
import { z } from 'zod'

import { type MergeCard, mergeKinds } from '../../../src-main/contract/merges/card.ts'
import { merges } from '../../../src-main/contract/merges/index.ts'
import { allowed, parametersOf } from '../../../src-main/contract/merges/parameters.ts'
import { methods } from '../../../src-main/contract/methods/index.ts'
import { type CardPage, methodPage, objectivePage } from '../../../src-main/contract/methods/page.ts'
import { objectives } from '../../../src-main/contract/objectives/index.ts'
import { citation } from '../../../src-main/contract/paper.ts'
import { allFieldHelp, type FieldHelp } from '../../../src-main/contract/run/field-help.ts'
import type { TuningCard } from '../../../src-main/contract/tuning/card.ts'
import { tuningKinds } from '../../../src-main/contract/tuning/kinds/index.ts'
import { guides } from './guide.ts'

export interface Topic {
  readonly id: string // in its address
  readonly title: string
  readonly group: string
  readonly about: string // one line of a list
  readonly words: string // all that it is found by
  readonly guide?: string // Markdown
  readonly card?: TopicCard
  readonly fields?: readonly FieldHelp[] // of a run's configuration
}

export interface TopicCard {
  readonly sentences: readonly string[]
  readonly equation: string
  readonly paper: string | null
  readonly fields: readonly { name: string; symbol: string | null; bounds: string; description: string }[]
}

let known: readonly Topic[] | undefined

/** Made when they are first asked for: the pages of methods read the whole schema of a configuration. */
export function topics(): readonly Topic[] {
  known ??= [
    ...guides.map(({ id, title, about, text }) => ({ id, title, group: 'Guide', about, words: text, guide: text })),
    runSettings(),
    ...methods.flatMap(({ name }) => ofPage('method', 'Methods of a run', methodPage(name))),
    ...objectives.flatMap(({ name }) => ofPage('objective', 'Objectives', objectivePage(name))),
    ...tuningKinds.map(ofTuning),
    ...merges.map(ofMerge),
  ]
  return known
}

export const topicOf = (id: string): Topic | undefined => topics().find((topic) => topic.id === id)

/** By all the words that are typed; all of them where none is. */
export function topicsWith(search: string): readonly Topic[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return topics().filter(({ title, about, words: all }) => {
    const text = `${title} ${about} ${all}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

function runSettings(): Topic {
  const fields = allFieldHelp()
  const said = fields.map(({ name, title, sentences }) => [name, title, ...sentences].join(' '))
  const [title, about] = [
    'Settings of a run',
    'Every field of Compose and of a configuration’s file: what it is, what it takes',
  ]
  return { id: 'run-settings', title, group: 'Guide', about, words: said.join(' '), fields }
}

function ofPage(kind: 'method' | 'objective', group: string, page: CardPage | null): Topic[] {
  if (!page) return []
  const { name, title, sentence, when, costs, needs, equation, paper, fields } = page
  const sentences = [sentence, `When: ${small(when)}`, `Costs: ${small(costs)}`, `As ${needs}`]
  const card = { sentences, equation, paper, fields }
  return [{ id: `${kind}-${name}`, title, group, about: sentence, words: wordsOf(name, card), card }]
}

function ofTuning(kind: TuningCard): Topic {
  const { name, title, sentence, when, costs, equation, paper, others, linear } = kind
  const sentences = [
    sentence,
    when,
    `Costs: ${small(costs)}`,
    ...(others ? ['It looks at images of other tasks, without their labels'] : []),
    linear
      ? `Its vectors are of the tangent space${linear === true ? '' : ' where it is linearised'}, and are best used linearised`
      : 'Its vectors are used as they are, by any merge and any run',
  ]
  const fields = Object.entries(fieldsSaid(kind.fields)).map(([field, one]) => ({
    name: one.title ?? field,
    symbol: one.symbol ?? null,
    bounds: `${said(one.default)} where nothing is said`,
    description: one.description ?? '',
  }))
  const card = { sentences, equation, paper: paper && citation(paper), fields }
  const group = 'Kinds of fine-tuning'
  return { id: `tuning-${name}`, title, group, about: sentence, words: wordsOf(name, card), card }
}

const saidOfField = z.looseObject({
  title: z.string().optional(),
  symbol: z.string().optional(),
  description: z.string().optional(),
  default: z.unknown(),
})

function fieldsSaid(fields: z.ZodRawShape): Record<string, z.infer<typeof saidOfField>> {
  const { properties } = z.toJSONSchema(z.object(fields), { io: 'input' })
  return z.record(z.string(), saidOfField).parse(properties ?? {})
}

function ofMerge(merge: MergeCard): Topic {
  const { name, title, kind, sentence, when, costs, equation, paper, needs, coefficient } = merge
  const { least, most } = needs
  const count = most === undefined ? `${least} or more` : least === most ? `${least}` : `${least} to ${most}`
  const looks = needs.statistics ? ` It looks at some images of each task for ${needs.statistics}.` : ''
  const base = needs.base === true ? ' and the pre-trained one they come from' : ''
  const sentences = [
    sentence,
    `When: ${small(when)}`,
    `Costs: ${small(costs)}`,
    `It merges ${count} ${count === '1' ? 'model' : 'models'}${base}.${looks}`,
    `What it gives is multiplied by ${coefficient} where nobody says`,
  ]
  const fields = parametersOf(merge).map((one) => ({
    name: one.title ?? one.name,
    symbol: one.symbol ?? null,
    bounds: `${allowed(one)}; ${said(one.default)} where nothing is said`,
    description: one.description,
  }))
  const card = { sentences, equation, paper: paper && citation(paper), fields }
  const group = `Merges: ${mergeKinds[kind].toLowerCase()}`
  return { id: `merge-${name}`, title, group, about: sentence, words: wordsOf(name, card), card }
}

const small = (text: string): string =>
  /^[A-Z][a-z]* /.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text
const said = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value))
const wordsOf = (name: string, { sentences, paper, fields }: TopicCard): string =>
  [name, ...sentences, paper ?? '', ...fields.map((field) => field.name)].join(' ')
