// What the study has by now, read from the history: of every kind and seed the tasks' accuracies of the pre-trained and
// the fine-tuned models, of every start what it is alone and what each way made of it, and the negations. A number that
// is not there yet is left out; nothing is computed here but means over tasks.
import type { StudyRun } from '../../src-main/contract/api/studies.ts'
import { meansOf } from '../../src-main/contract/run/means.ts'
import type { RunDetail } from '../../src-main/contract/run/run.ts'
import type { Workbench } from '../../src-main/workbench/workbench.ts'
import {
  dvBasi,
  type Kind,
  kinds,
  longerOf,
  negationStudy,
  onwardName,
  type Place,
  restartOnly,
  type Start,
  starts,
  startsStudy,
  tunings,
} from './protocol.ts'

export type BySeed = Map<number, number> // accuracy, the mean over tasks

/** Of one kind. */
export interface KindResults {
  kind: Kind
  pretrained: BySeed
  finetuned: BySeed // each on its own task
  starts: Map<Start, Ways>
  negation: { target: string; seed: number; before: number; after: number; control: number; controlBefore: number }[]
}
export const ways = ['alone', 'DV-BASI', 'restart only', 'longer run'] as const
export type Way = (typeof ways)[number]
export type Ways = Record<Way, BySeed> & { iterations: Map<number, number[]> } // after each, from the start on

export interface Results {
  kinds: KindResults[]
  done: { runs: number; tunings: number; seconds: number; first: string | null; last: string | null }
  engines: string[]
}

type Places = (kind: Kind, seed: number) => Place

export function resultsOf(workbench: Workbench, placeOf: Places, seeds: number): Results {
  const all = Array.from({ length: seeds }, (_, seed) => seed)
  const tuned = workbench.tunings.list().filter(({ state }) => state === 'done')
  const runs = workbench.studies.list().flatMap(({ study }) => workbench.studies.show(study).runs)
  const details = runs.flatMap(({ run, state }) => (run !== null && state === 'done' ? [workbench.runs.show(run)] : []))
  const times = [...tuned, ...details.map(({ times }) => times)]
  return {
    kinds: kinds.map((kind) => kindResults(workbench, (seed) => placeOf(kind, seed), kind, all)),
    done: {
      runs: details.length,
      tunings: tuned.length,
      seconds: times.reduce((sum, { seconds }) => sum + seconds, 0),
      first: times.map(({ created }) => created).sort()[0] ?? null,
      last:
        times
          .flatMap(({ ended }) => ended ?? [])
          .sort()
          .at(-1) ?? null,
    },
    engines: [...new Set(details.flatMap(({ engine }) => engine ?? []))],
  }
}

function kindResults(workbench: Workbench, at: (seed: number) => Place, kind: Kind, seeds: number[]): KindResults {
  const found: KindResults = {
    ...{ kind, pretrained: new Map(), finetuned: new Map(), negation: [] },
    starts: new Map(starts.map((start) => [start, empty()])),
  }
  for (const seed of seeds) {
    const place = at(seed)
    const single = tunings(place).flatMap(({ name }) => {
      const one = workbench.tunings.list().find((tuning) => tuning.name === name && tuning.state === 'done')
      return one ? (workbench.tunings.show(one.tuning).finished ?? []) : []
    })
    if (single.length === place.project.tasks.length) {
      found.finetuned.set(seed, meanOf(single.map(({ accuracy }) => accuracy)))
      found.pretrained.set(seed, meanOf(single.map(({ pretrained }) => pretrained)))
    }
    const arms = new Map([...runsNamed(workbench, startsStudy(place).name), ...runsNamed(workbench, onwardName(place))])
    for (const [start, of] of found.starts) addStart(workbench, arms, start, seed, of)
    found.negation.push(...negations(workbench, place))
  }
  return found
}

const empty = (): Ways => ({
  ...{ alone: new Map(), 'DV-BASI': new Map(), 'restart only': new Map(), 'longer run': new Map() },
  iterations: new Map(),
})

/** Those of a study that are done, by arm and part. */
function runsNamed({ studies }: Workbench, name: string): [string, StudyRun][] {
  const found = studies.list().find((one) => one.name === name)
  const runs = found ? studies.show(found.study).runs : []
  return runs
    .filter(({ state }) => state === 'done')
    .map((run) => [run.part ? `${run.arm}, ${run.part}` : run.arm, run])
}

function addStart(
  { runs }: Workbench,
  arms: ReadonlyMap<string, StudyRun>,
  start: Start,
  seed: number,
  of: Ways,
): void {
  const put = (way: Way, value: number | null | undefined): void => {
    if (value !== null && value !== undefined) of[way].set(seed, value)
  }
  put('alone', arms.get(start)?.accuracy)
  put('DV-BASI', arms.get(dvBasi(start))?.accuracy)
  put('restart only', arms.get(restartOnly(start))?.accuracy)
  put('longer run', arms.get(longerOf(start))?.accuracy)
  const run = arms.get(dvBasi(start))?.run ?? null
  if (run === null) return
  const stages = accuracyByStage(runs.show(run))
  of.iterations.set(seed, stages)
  if (!of.alone.has(seed)) put('alone', stages[0])
}

/** On test data, of the start and after each iteration. */
function accuracyByStage({ evaluations, config }: RunDetail): number[] {
  return evaluations
    .filter(({ split, stage }) => split === 'test' && stage !== null)
    .sort((a, b) => (a.stage ?? 0) - (b.stage ?? 0))
    .flatMap(({ tasks }) => meansOf(tasks, config.tasks).accuracy ?? [])
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
    return [{ target: part, seed: place.seed, before, after, controlBefore, control }]
  })
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length
