// What the study has by now, read from the history: of every kind and seed the tasks' accuracies of the pre-trained and
// the fine-tuned models, of every start what it is alone and what each way made of it, and the negations. A number that
// is not there yet is left out; nothing is computed here but means over tasks.
import type { StudyRun } from '../../src-main/contract/api/studies.ts'
import { mean } from '../../src-main/numbers/statistics/paired.ts'
import type { Workbench } from '../../src-main/workbench/workbench.ts'
import {
  dvBasi,
  type Kind,
  longerOf,
  mergesStudy,
  negationStudy,
  onwardName,
  type Place,
  restartOnly,
  type Start,
  starts,
  startsStudy,
  tunings,
} from './protocol.ts'
import { placeIn, type Study, stepsOf } from './work.ts'

/** Of one kind: so far as it was measured by one machine, in one history. */
export interface KindResults {
  kind: Kind
  seeds: number
  steps: { done: number; all: number }
  work: { runs: number; tunings: number; seconds: number; first: string | null; last: string | null }
  engines: string[]
  pretrained: number | null
  finetuned: number | null // each on its own task
  starts: Map<Start, Ways>
  negation: { target: string; before: number; after: number; control: number; controlBefore: number }[]
}
export const ways = ['alone', 'DV-BASI', 'restart only', 'longer run'] as const
export type Way = (typeof ways)[number]
export type Ways = Record<Way, Map<number, number>> // seed to accuracy, the mean over tasks

export function resultsOf(workbench: Workbench, study: Study): KindResults[] {
  return study.kinds.map((kind) => kindResults(workbench, study, kind))
}

function kindResults(workbench: Workbench, study: Study, kind: Kind): KindResults {
  const places = Array.from({ length: study.seeds }, (_, seed) => placeIn(study, kind, seed))
  const steps = stepsOf({ ...study, kinds: [kind] })
  const [first] = places
  const single = first ? singleTasks(workbench, first) : null
  const once = first ? runsNamed(workbench, mergesStudy(first).name) : []
  const found = new Map(starts.map((start) => [start, empty()]))
  for (const place of places) {
    const studies = [startsStudy(place).name, onwardName(place)].flatMap((name) => runsNamed(workbench, name))
    if (studies.length === 0 && place !== first) continue
    for (const [start, of] of found) addStart(new Map([...once, ...studies]), start, place.seed, of)
  }
  return {
    kind,
    seeds: study.seeds,
    steps: { done: steps.filter((step) => step.isDone(workbench)).length, all: steps.length },
    ...workOf(workbench, places),
    ...(single ?? none),
    starts: found,
    negation: first ? negations(workbench, first) : [],
  }
}

/** What was done for it, by the engine's clock. */
function workOf(workbench: Workbench, places: readonly Place[]): Pick<KindResults, 'work' | 'engines'> {
  const own = new Set(places.flatMap((place) => tunings(place).map(({ name }) => name)))
  const tuned = workbench.tunings.list().filter(({ name, state }) => state === 'done' && own.has(name))
  const studies = new Set(
    places.flatMap((place) => [
      ...[mergesStudy(place).name, startsStudy(place).name, onwardName(place), negationStudy(place).name],
    ]),
  )
  const details = [...studies].flatMap((name) =>
    runsNamed(workbench, name).flatMap(([, { run }]) => (run === null ? [] : [workbench.runs.show(run)])),
  )
  const times = [...tuned, ...details.map(({ times }) => times)]
  const ended = times.flatMap(({ ended }) => ended ?? []).sort()
  return {
    work: {
      runs: details.length,
      tunings: tuned.length,
      seconds: times.reduce((sum, { seconds }) => sum + seconds, 0),
      first: times.map(({ created }) => created).sort()[0] ?? null,
      last: ended.at(-1) ?? null,
    },
    engines: [...new Set(details.flatMap(({ engine }) => engine ?? []))],
  }
}

const none = { pretrained: null, finetuned: null }

/** Means over tasks, once all of them are there. */
function singleTasks(
  { tunings: { list, show } }: Workbench,
  place: Place,
): Pick<KindResults, 'pretrained' | 'finetuned'> {
  const all = tunings(place).flatMap(({ name }) => {
    const one = list().find((tuning) => tuning.name === name && tuning.state === 'done')
    return one ? (show(one.tuning).finished ?? []) : []
  })
  if (all.length < place.project.tasks.length) return none
  return {
    pretrained: mean(all.map(({ pretrained }) => pretrained)),
    finetuned: mean(all.map(({ accuracy }) => accuracy)),
  }
}

const empty = (): Ways => ({
  alone: new Map(),
  'DV-BASI': new Map(),
  'restart only': new Map(),
  'longer run': new Map(),
})

/** Those of a study that are done, by arm and part. */
function runsNamed({ studies }: Workbench, name: string): [string, StudyRun][] {
  const found = studies.list().find((one) => one.name === name)
  const runs = found ? studies.show(found.study).runs : []
  return runs
    .filter(({ state }) => state === 'done')
    .map((run) => [run.part ? `${run.arm}, ${run.part}` : run.arm, run])
}

function addStart(arms: ReadonlyMap<string, StudyRun>, start: Start, seed: number, of: Ways): void {
  const put = (way: Way, arm: string): void => {
    const accuracy = arms.get(arm)?.accuracy ?? null
    if (accuracy !== null) of[way].set(seed, accuracy)
  }
  put('alone', start)
  put('DV-BASI', dvBasi(start))
  put('restart only', restartOnly(start))
  put('longer run', longerOf(start))
}

function negations(workbench: Workbench, place: Place): KindResults['negation'] {
  return runsNamed(workbench, negationStudy(place).name).flatMap(([, { part, run }]) => {
    if (run === null) return []
    const { evaluations, config } = workbench.runs.show(run)
    const kept = config.tasks.find(({ aim }) => aim === 'keep')?.name
    const of = (model: string, task: string | undefined): number | undefined =>
      evaluations.find((one) => one.split === 'test' && one.model === model)?.tasks.find((one) => one.task === task)
        ?.accuracy
    const all = [of('pretrained', part), of('start', part), of('pretrained', kept), of('start', kept)]
    const [before, after, controlBefore, control] = all
    if (before === undefined || after === undefined || controlBefore === undefined || control === undefined) return []
    return [{ target: part, before, after, controlBefore, control }]
  })
}
