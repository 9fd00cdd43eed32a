// The steps of the worked study, each done by the workbench as a command of the terminal would have it done, and each
// known as done by what it left: a fine-tuning or a study in the history, a model or a head in its folder. So whatever
// ended it before, it goes on where it was; a fine-tuning from its last state, a study with its present run.
import { existsSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'

import { askedMerge } from '../../src-main/cli/merge-options.ts'
import { formSchema } from '../../src-main/contract/checkpoint.ts'
import { BasilError, type ErrorRecord } from '../../src-main/contract/errors.ts'
import { splitPath } from '../../src-main/contract/named-tensor.ts'
import { resolveConfig } from '../../src-main/contract/run/resolve.ts'
import type { CoefficientTable, RunDetail } from '../../src-main/contract/run/run.ts'
import type { StudyDefinition } from '../../src-main/contract/run/study.ts'
import { nothingSaid } from '../../src-main/contract/tower.ts'
import type { ResolvedTuning } from '../../src-main/contract/tuning/config.ts'
import { throwEnd } from '../../src-main/workbench/jobs/at-work.ts'
import { heard } from '../../src-main/workbench/link/heard.ts'
import type { Workbench } from '../../src-main/workbench/workbench.ts'
import {
  type Found,
  type Kind,
  learnedStarts,
  mergeNames,
  merges,
  mergesStudy,
  modelOf,
  negated,
  negationStudy,
  onwardStudy,
  type Place,
  type Project,
  type Sizes,
  type Start,
  startFile,
  startsStudy,
  tunings,
} from './protocol.ts'

export interface Step {
  name: string // "linear, seed 0: fine-tuned on mnist"
  like: string // steps of one word take about as long
  isDone(workbench: Workbench): boolean
  do(workbench: Workbench): Promise<void>
}

export interface Study {
  project: Project
  sizes: Sizes
  seeds: number
  kinds: readonly Kind[]
  folderOf(kind: Kind): string
}

/** Seed by seed, and in a seed kind by kind, so that what is there at any time is whole rows. */
export function stepsOf(study: Study): Step[] {
  const seeds = Array.from({ length: study.seeds }, (_, seed) => seed)
  return [
    ...study.project.tasks.map((task) => probe(study.project, task)),
    ...seeds.flatMap((seed) => study.kinds.flatMap((kind) => stepsAt(placeIn(study, kind, seed)))),
  ]
}

export function placeIn({ project, sizes, folderOf }: Study, kind: Kind, seed: number): Place {
  return { project, sizes, kind, seed, folder: folderOf(kind) }
}

function stepsAt(place: Place): Step[] {
  const { kind } = place
  const at = `${kind}, seed ${place.seed}: `
  return [
    ...(place.seed === 0 ? stepsOnce(place) : []),
    study(`${at}starts`, `starts ${kind}`, () => startsStudy(place)),
    ...learnedStarts.map((start) => exported(`${at}${start} as a model`, place, startsStudy(place).name, start)),
    study(`${at}onward`, `onward ${kind}`, (workbench) => onwardStudy(place, foundOf(workbench, place))),
  ]
}

/** What draws nothing but the batches of fine-tuning. */
function stepsOnce(place: Place): Step[] {
  const { kind, project } = place
  const files = project.tasks.map(({ name }) => modelOf(place, name))
  return [
    ...tunings(place).map((config, i) => tune(`${kind}: ${config.task.name}`, config, files[i] as string)),
    ...mergeNames.map((title) => merge(`${kind}: ${title}`, place, title)),
    study(`${kind}: merges`, `merges ${kind}`, () => mergesStudy(place)),
    exported(`${kind}: task arithmetic as a model`, place, mergesStudy(place).name, 'task arithmetic'),
    ...(negated.includes(kind) ? [study(`${kind}: negation`, `negation ${kind}`, () => negationStudy(place))] : []),
  ]
}

/** The head of a task: a linear probe of the pre-trained model, which stays as it is. */
function probe(
  project: Project,
  { name, classes, probe: data, control: validation, head }: Project['tasks'][number],
): Step {
  const [out] = splitPath(head)
  const request = { ...nothingSaid, model: project.pretrained, data, validation, name, classes, seed: 0, out }
  return {
    name: `head of ${name}`,
    like: 'head',
    isDone: () => existsSync(out),
    do: async ({ engine }) => {
      for await (const _ of heard(engine, (client) => client.probeHead({ ...request, overwrite: false })));
    },
  }
}

function tune(name: string, config: ResolvedTuning, out: string): Step {
  const known = ({ tunings }: Workbench) =>
    tunings.list().find((one) => one.name === config.name && (one.state === 'done' || canGoOn.has(one.state)))
  return {
    name: `${name}: fine-tuned`,
    like: `fine-tune ${config.kind}`,
    isDone: (workbench) => {
      const found = known(workbench)
      if (found) requireSame(name, workbench.tunings.show(found.tuning).config, config)
      return found?.state === 'done' && existsSync(out)
    },
    do: async (workbench) => {
      const { tunings } = workbench
      const left = known(workbench)
      const output = { out, form: formSchema.parse({}), convention: false }
      const tuning = left && left.state !== 'done' ? left.tuning : null
      const number = tuning === null ? await tunings.start(config, output) : await tunings.resume(tuning)
      for await (const event of tunings.watch(number)) if (event.type === 'ended') throw endedEarly(name, event)
    },
  }
}

const canGoOn: ReadonlySet<string> = new Set(['interrupted', 'waiting', 'paused'])

/** Its own coefficient, its own parameters. */
function merge(name: string, place: Place, title: keyof typeof merges): Step {
  const method = merges[title]
  const out = startFile(place, title)
  return {
    name,
    like: `merge ${method}`,
    isDone: () => existsSync(out),
    do: async ({ merges: files, jobs }) => {
      const vectors = place.project.tasks.map((task) => modelOf(place, task.name))
      const recipe = await askedMerge({ method, pretrained: place.project.pretrained, vectors }, {})
      const job = await files.startRecipe(recipe, { stem: title, form: formSchema.parse({}), out })
      for await (const { state, error } of jobs.follow(job)) throwEnd({ state, error })
    },
  }
}

/** The model that a start ended with, for others to begin at. */
function exported(name: string, place: Place, title: string, start: Start): Step {
  const out = startFile(place, start)
  return {
    name,
    like: 'export',
    isDone: () => existsSync(out),
    do: async (workbench) => {
      const { run } = runOf(workbench, title, start)
      await workbench.exports.export(run, { iteration: null }, { out, overwrite: false })
    },
  }
}

function study(name: string, like: string, definitionOf: (workbench: Workbench) => StudyDefinition): Step {
  const known = (workbench: Workbench, title: string) => workbench.studies.list().find((one) => one.name === title)
  return {
    name,
    like,
    isDone: (workbench) => {
      if (!canDefine(workbench, definitionOf)) return false
      const definition = definitionOf(workbench)
      const found = known(workbench, definition.name)
      if (found) requireSame(name, workbench.studies.show(found.study).definition, definition)
      return found?.state === 'done' && found.done === found.planned
    },
    do: async (workbench) => {
      const { studies } = workbench
      const definition = definitionOf(workbench)
      const left = known(workbench, definition.name)
      const absolute = (config: unknown) => resolveConfig(config, (path) => path)
      const number = left ? await studies.resume(left.study) : await studies.start(definition, absolute)
      for await (const _ of studies.follow(number));
      const { done, planned, error, runs } = studies.show(number)
      if (done === planned) return
      throw endedEarly(name, { error: error ?? runs.find((run) => run.error)?.error ?? null, state: 'interrupted' })
    },
  }
}

/** What a later study is made of may not be there yet. */
function canDefine(workbench: Workbench, definitionOf: (workbench: Workbench) => StudyDefinition): boolean {
  try {
    return definitionOf(workbench) !== null
  } catch (error) {
    if (error instanceof BasilError && error.record.code === 'run-missing') return false
    throw error
  }
}

/** The run of an arm that is done. Throws run-missing. */
export function runOf({ studies, runs }: Workbench, title: string, arm: string): RunDetail {
  const found = studies.list().find((one) => one.name === title)
  const run = found && studies.show(found.study).runs.find((one) => one.arm === arm && one.state === 'done')?.run
  if (run) return runs.show(run)
  throw new BasilError({
    code: 'run-missing',
    what: 'A run of the study is not there',
    where: `${title}: ${arm}`,
    why: 'it is not done yet',
    next: 'go on with the study',
  })
}

function foundOf(workbench: Workbench, place: Place): Found {
  const tableOf = (title: string, start: Start) => runOf(workbench, title, start).start?.coefficients ?? []
  const added = tableOf(mergesStudy(place).name, 'task arithmetic')
  const tables: [Start, CoefficientTable][] = [
    ['task arithmetic', added],
    ...learnedStarts.map((start): [Start, CoefficientTable] => [start, tableOf(startsStudy(place).name, start)]),
  ]
  return {
    coefficient: added[0]?.[0] ?? 0,
    unmoved: tables.flatMap(([start, table]) => (table.every((row) => row.every((c) => c === 0)) ? [start] : [])),
  }
}

/** What is there was asked for as it would be now: by the same sizes, of the same files. */
function requireSame(name: string, there: object, wanted: object): void {
  if (isDeepStrictEqual(JSON.parse(JSON.stringify(there)), JSON.parse(JSON.stringify(wanted)))) return
  throw new BasilError({
    code: 'target-exists',
    what: 'The folder holds another study',
    where: name,
    why: 'it was begun with other sizes or files than this one',
    next: 'choose another --out, or go on as it was begun',
  })
}

function endedEarly(where: string, { error, state }: { error: ErrorRecord | null; state: string }): BasilError {
  return new BasilError(
    error ?? {
      code: 'run-state',
      what: 'A step of the study ended early',
      where,
      why: `it was ${state}`,
      next: 'begin the study again: it goes on there',
    },
  )
}
