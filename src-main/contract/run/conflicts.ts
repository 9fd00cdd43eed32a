// What single fields of a configuration cannot say: which of them contradict each other, or lack one another. What is
// so for one method or objective alone follows from its card.

import { issuesOf, mergeCard } from '../merges/step.ts'
import type { MethodCard } from '../methods/card.ts'
import { iterates, methodCard, methodNames, reads } from '../methods/lookup.ts'
import { objectiveCard, objectivesThat } from '../objectives/lookup.ts'
import { listed } from './in-words.ts'
import { ownModel, poolIssues } from './pool.ts'

interface Stage {
  steps?: number | undefined
  epochs?: number | undefined
  clamp?: readonly [number, number] | null | undefined
}

interface Merging {
  merge?: string | undefined
  set?: Readonly<Record<string, unknown>> | undefined
  weights?: readonly unknown[] | undefined
}

interface Task {
  name: string
  aim: 'learn' | 'forget' | 'keep'
  validation?: string | undefined
  test?: string | undefined
  finetuned?: string | undefined
}

/** A configuration as its schema gives it. */
export interface Parsed extends Stage, Merging {
  method: string
  start?: (Stage & Merging & { method: string; checkpoint?: string | undefined }) | undefined
  iterations?: number | undefined
  control: string
  expansion: string
  linearised: string
  objective: string
  augment: boolean
  batch: number | 'all'
  select?: string | undefined
  pool: 'all' | 'others'
  parts: number
  vectors: readonly string[]
  tasks: readonly Task[]
}

export type Conflict = [path: (string | number)[], message: string]

/** Every contradiction with its field; none in a sound configuration. */
export function conflicts(c: Parsed): Conflict[] {
  return [
    ...ofIterations(c),
    ...ofVectors(c),
    ...ofMerge(c),
    ...ofStages(c),
    ...ofTasks(c),
    ...poolIssues(c),
    ...ofObjective(c),
    ...ofAims(c),
    ...ofSelection(c),
  ]
}

function ofIterations(c: Parsed): Conflict[] {
  const found: Conflict[] = []
  const iterated = iterates(c.method)
  const only = listed(methodNames('iteration'), 'or')
  const [first, ...others] = methodNames('start')
  if (iterated && !c.start)
    found.push([
      ['start'],
      `${c.method} needs a start: { "method": "${first}" }, or ${listed(others.map(quoted), 'or')}`,
    ])
  if (!iterated && c.start) found.push([['start'], `${c.method} has no start; only ${only} has`])
  if (!iterated && c.control !== 'none')
    found.push([['control'], `${c.method} has no iterations to control; only ${only} has`])
  if (c.control === 'random' && c.linearised === 'cached')
    found.push([['control'], 'a random direction has no cached features; use linearised "jvp"'])
  if (
    c.expansion === 'moved' &&
    (c.linearised !== 'jvp' || !reads(c.method, 'expansion') || c.control === 'random' || c.control === 'restart')
  )
    found.push([
      ['expansion'],
      `only iterations of ${only} with linearised "jvp" can move it; cached features belong to one expansion point`,
    ])
  if (!iterated && c.iterations !== undefined)
    found.push([['iterations'], `${c.method} has no iterations; only ${only} has`])
  return found
}

const quoted = (name: string): string => `"${name}"`

function ofVectors(c: Parsed): Conflict[] {
  const found: Conflict[] = []
  const takesModel = reads(c.start?.method ?? '', 'checkpoint')
  const own = c.start?.checkpoint
  const takers = methodNames('start').filter((name) => reads(name, 'checkpoint'))
  if (takesModel && !own) found.push([['start', 'checkpoint'], 'name the checkpoint to start from'])
  if (!takesModel && own)
    found.push([['start', 'checkpoint'], `only start ${listed(takers.map(quoted), 'or')} has one`])
  const card = methodCard(c.start?.method ?? c.method)
  const { least = 0, most = Number.POSITIVE_INFINITY } = card?.needs.vectors ?? {}
  const given = c.vectors.length
  if (given < least)
    found.push([['vectors'], `name at least ${least === 1 ? 'one fine-tuned model' : `${least} fine-tuned models`}`])
  if (given > most && !takesModel)
    found.push([['vectors'], `${card?.name} takes ${most === 1 ? 'one fine-tuned model' : `at most ${most} of them`}`])
  return found
}

/** Of a merge without training, which stands with the method that takes it. */
function ofMerge(c: Parsed): Conflict[] {
  return [...ofMergeAt(c, c.method, c, []), ...(c.start ? ofMergeAt(c, c.start.method, c.start, ['start']) : [])]
}

function ofMergeAt(c: Parsed, method: string, { merge, set, weights }: Merging, where: string[]): Conflict[] {
  const given = c.vectors.length
  if (!reads(method, 'merge')) {
    const stray = Object.entries({ merge, set, weights }).find(([, value]) => value !== undefined)
    const takers = methodNames(where.length ? 'start' : 'run').filter((name) => reads(name, 'merge'))
    const who = where.length ? 'start' : 'method'
    return stray ? [[[...where, stray[0]], `only ${who} ${listed(takers.map(quoted), 'or')} has it`]] : []
  }
  if (merge === undefined) return [[[...where, 'merge'], 'name the merge']]
  const card = mergeCard(merge)
  const { least, most = Number.POSITIVE_INFINITY, statistics } = card.needs
  const found = issuesOf(card, set ?? {}).map(
    ({ path, message }): Conflict => [[...where, 'set', ...inSet(path)], message],
  )
  if (given < least || given > most)
    found.push([
      ['vectors'],
      `${merge} takes ${most < Number.POSITIVE_INFINITY ? `${least} to ${most}` : `at least ${least}`} fine-tuned models`,
    ])
  if (statistics) found.push(...ofStatistics(c, merge, statistics))
  if (weights && weights.length !== given)
    found.push([[...where, 'weights'], `there are ${weights.length} for ${given} fine-tuned models`])
  return found
}

/** Each fine-tuned model is looked at on its own task's images. */
function ofStatistics(c: Parsed, merge: string, statistics: string): Conflict[] {
  const own = c.tasks.map((_, place) => ownModel(c, place))
  const lacking = c.vectors.filter((vector) => !own.includes(vector))
  return [
    ...(lacking.length
      ? [[['tasks'], `${merge} wants ${statistics}, and no task is that of ${lacking.join(', ')}`] satisfies Conflict]
      : []),
    ...(c.pool === 'others'
      ? [[['pool'], `${merge} looks at each model on its own task's images; use pool "all"`] satisfies Conflict]
      : []),
    ...(c.parts > 1 ? [[['parts'], `${merge} merges whole models; use 1`] satisfies Conflict] : []),
  ]
}

const inSet = (path: readonly PropertyKey[]): (string | number)[] =>
  path.map((key) => (typeof key === 'symbol' ? String(key) : key))

/** Of the run's own stage, and of its start. */
function ofStages(c: Parsed): Conflict[] {
  const stages: [(string | number)[], string, Stage][] = [[[], c.method, c]]
  if (c.start) stages.push([['start'], c.start.method, c.start])
  return stages.flatMap(([where, method, given]) => {
    const found: Conflict[] = []
    if (given.steps !== undefined && given.epochs !== undefined)
      found.push([[...where, 'steps'], 'give steps or epochs, not both'])
    if (given.clamp && given.clamp[0] >= given.clamp[1])
      found.push([[...where, 'clamp'], 'give the smaller bound first'])
    return [...found, ...ownBounds(methodCard(method), where, new Map(Object.entries(given)))]
  })
}

/** Numbers outside of what a method of its own allows. */
function ownBounds(card: MethodCard | undefined, where: (string | number)[], given: Map<string, unknown>): Conflict[] {
  return Object.entries(card?.reads ?? {}).flatMap(([field, { least, most }]): Conflict[] => {
    const value = given.get(field)
    if (typeof value !== 'number') return []
    if (least !== undefined && value < least)
      return [[[...where, field], `in ${card?.name} it has to be at least ${least}`]]
    return most !== undefined && value > most
      ? [[[...where, field], `in ${card?.name} it has to be at most ${most}`]]
      : []
  })
}

function ofTasks({ tasks }: Parsed): Conflict[] {
  const names = tasks.map(({ name }) => name)
  const isTested = tasks.some(({ test }) => test)
  return tasks.flatMap(({ name, test }, i): Conflict[] => [
    ...(names.indexOf(name) === i
      ? []
      : [[['tasks', i, 'name'], `a task named "${name}" is already there`] as Conflict]),
    ...(!isTested || test ? [] : [[['tasks', i, 'test'], 'give test data for every task, or for none'] as Conflict]),
  ])
}

function ofObjective(c: Parsed): Conflict[] {
  const found: Conflict[] = []
  const name = c.objective
  const { strongViews, trustsPretrained, adapts, unlabelled } = objectiveCard(name) ?? {}
  if (strongViews && c.augment) found.push([['augment'], `${name} makes strong views of its own`])
  if (strongViews && c.linearised === 'cached')
    found.push([['linearised'], 'features that are computed once cannot be of views that change; use "jvp"'])
  if (trustsPretrained && c.expansion === 'moved')
    found.push([['expansion'], `${name} trusts images of the pre-trained model, kept at "pretrained"`])
  if (adapts && c.batch === 'all') found.push([['batch'], `${name} chooses among the images of a step: give a number`])
  if (adapts && c.tasks.some(({ aim }) => aim !== 'learn'))
    found.push([
      ['objective'],
      `${name} adapts to a task; to forget one use ${listed(
        objectivesThat((card) => !card.adapts),
        'or',
      )}`,
    ])
  const labelled = [c.method, c.start?.method ?? c.method].find((method) => methodCard(method)?.needs.labels)
  if (labelled && unlabelled)
    found.push([['objective'], `${labelled} needs labels, and ${name} learns without: use ${needLabels()}`])
  if (c.augment && c.linearised === 'cached')
    found.push([['augment'], 'features that are computed once cannot be of images that change'])
  return found
}

const needLabels = (): string =>
  listed(
    objectivesThat((card) => !card.unlabelled),
    'or',
  )

function ofAims({ tasks }: Parsed): Conflict[] {
  const [forgets, keeps] = [tasks.some(({ aim }) => aim === 'forget'), tasks.some(({ aim }) => aim === 'keep')]
  if (forgets && !keeps) return [[['tasks'], 'a task to forget needs a control: give another task the aim "keep"']]
  if (keeps && !forgets) return [[['tasks'], 'a task to keep controls a task to forget: give one the aim "forget"']]
  return []
}

function ofSelection({ select, tasks }: Parsed): Conflict[] {
  if (!select?.startsWith('validation')) return []
  return tasks.flatMap(({ validation }, i): Conflict[] =>
    validation ? [] : [[['tasks', i, 'validation'], `select "${select}" needs validation data for every task`]],
  )
}
