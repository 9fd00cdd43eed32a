// How the fields of a run are put together on its page. Which of them a method or an objective reads is said by its
// card (contract/methods, contract/objectives); one that is not read is left out, unless it is what is wrong or has a
// value. A field in no list here (a new one of the schema) stands under Advanced.
import type { MethodCard } from '../../../src-main/contract/methods/card.ts'
import { methods } from '../../../src-main/contract/methods/index.ts'
import { iterates, methodCard } from '../../../src-main/contract/methods/lookup.ts'
import { objectives } from '../../../src-main/contract/objectives/index.ts'
import { objectiveCard } from '../../../src-main/contract/objectives/lookup.ts'
import { length, optimiser } from '../../../src-main/contract/run/stage-fields.ts'

const stage = new Set([...Object.keys(length), ...Object.keys(optimiser), 'checkpoint', 'merge'])
const ofRun = {
  Run: ['name', 'seed', 'batch', 'select'],
  Method: ['method', 'objective', 'ufm', 'blocks', 'pool', 'trim', 'parts', 'linearised', 'expansion'],
  Controls: ['control'],
  Aims: ['keep'],
}

/** Fields that other settings must be so for, whatever method or objective reads them. */
const cases: Record<string, (of: Chosen) => boolean> = {
  expansion: ({ linearised }) => linearised === 'jvp',
  keep: ({ aims }) => aims.includes('forget') || aims.includes('keep'),
}

/** What the settings say so far. */
export interface Chosen {
  method: string
  start: string // its method
  objective: string
  linearised: string
  aims: readonly string[]
}

export interface Group {
  title: string
  names: string[]
}

/** What a table of coefficients has, and one coefficient for all, or none that is learned, has not. */
const ofTables = new Set(['objective', 'ufm', 'blocks', 'parts', 'augment'])
const hasTable = (method: string): boolean => {
  const card: MethodCard | undefined = methodCard(method)
  return card?.learns.tableless !== true
}

const readBy = (method: string): string[] => Object.keys(methodCard(method)?.reads ?? {})
const readFor = (objective: string): readonly string[] => objectiveCard(objective)?.reads ?? []
/** Fields of a run that only some methods or objectives read. */
const readBySome = new Set([
  ...methods.flatMap(({ name }) => readBy(name)),
  ...objectives.flatMap(({ name }) => readFor(name)),
])

/** Every field of the schema in its group, in the order of the page; groups without a field are left out. */
export function groupsOf(
  all: Iterable<string>,
  chosen: Chosen,
  has: Record<'value' | 'issue', (name: string) => boolean>,
): Group[] {
  const names = [...all]
  const { method, start, objective } = chosen
  const isIterated = iterates(method)
  const own = names.filter(
    (name) => !name.includes('.') && !['iterations', 'pretrained'].includes(name) && !stage.has(name),
  )
  const known = new Set<string>(Object.values(ofRun).flat())
  const read = new Set([...readBy(method), ...(isIterated ? readBy(start) : []), ...readFor(objective)])
  const isOfTable = hasTable(method) || (isIterated && hasTable(start))
  const isRead = (name: string) =>
    (isOfTable || !ofTables.has(name)) && (!readBySome.has(name) || read.has(name)) && (cases[name]?.(chosen) ?? true)
  const shown = (name: string) =>
    has.issue(name) || isRead(name) || (has.value(name) && (isOfTable || !ofTables.has(name)))
  const stageOf = (of: string, before: string) => {
    const fields = methodCard(of) ? readBy(of) : [...stage]
    const isOf = (name: string) => name.startsWith(before) && stage.has(name.slice(before.length))
    return names.filter((name) => isOf(name) && (fields.includes(name.slice(before.length)) || has.issue(name)))
  }
  const stages = isIterated
    ? [
        { title: 'Start', names: ['start.method', ...stageOf(start, 'start.')] },
        { title: 'Iterations', names: ['iterations', ...stageOf(method, '')] },
      ]
    : [{ title: 'Learning', names: stageOf(method, '') }]
  const part = (title: keyof typeof ofRun) => ({
    title,
    names: ofRun[title].filter((name) => own.includes(name) && shown(name)),
  })
  const rest = { title: 'Advanced', names: own.filter((name) => !known.has(name) && shown(name)) }
  return [part('Run'), part('Method'), ...stages, part('Aims'), part('Controls'), rest].filter(
    (group) => group.names.length > 0,
  )
}

/** What most people set, in the order of thinking; everything else is for experts. */
const essential = [
  ...['start.method', 'start.checkpoint', 'start.merge', 'merge', 'checkpoint', 'objective'],
  ...['start.epochs', 'start.steps', 'iterations', 'epochs', 'steps', 'learningRate', 'seed'],
]

/** Of the groups' fields those that everybody sees. Of epochs and steps there is the one that is set. */
export function essentialsOf(groups: readonly Group[], hasValue: (name: string) => boolean): string[] {
  const all = new Set(groups.flatMap(({ names }) => names))
  const isOther = (name: string) => {
    const [, before = '', unit] = /^(start\.)?(epochs|steps)$/.exec(name) ?? []
    if (unit === 'steps') return !hasValue(name)
    return unit === 'epochs' && hasValue(`${before}steps`)
  }
  return essential.filter((name) => all.has(name) && !isOther(name))
}

/** The groups without these fields; the name and the method have a place of their own. */
export function withoutFields(groups: readonly Group[], names: readonly string[]): Group[] {
  const elsewhere = new Set([...names, 'name', 'method'])
  return groups
    .map(({ title, names: own }) => ({ title, names: own.filter((name) => !elsewhere.has(name)) }))
    .filter((group) => group.names.length > 0)
}
