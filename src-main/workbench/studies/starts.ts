// Which arms of a study go on from the same start: an arm that is the start alone, those that begin with it and go on
// in iterations (DV-BASI, its controls), and what stands beside them all without that start, their rivals. Said by the
// configurations that the runs were kept with, not by the arms' names: a start is the same where the method, the fields
// it reads, its merge, and everything that does not belong to the iterations are.
import type { StudyRun } from '../../contract/api/studies.ts'
import { methodCard } from '../../contract/methods/lookup.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import type { RunDetail } from '../../contract/run/run.ts'

export interface DoneArm {
  arm: string
  config: ResolvedConfig
  /** Optimiser steps of the start, and of all iterations, as its runs have them on record: one number a run. */
  steps: { start: number[]; iterations: number[] }
}

interface Start {
  arm: string // that is the start alone
  onward: ReadonlyMap<string, string> // "DV-BASI" to the arm that goes on so
}

export interface Starts {
  starts: Start[]
  ways: string[] // of going on, in the order of the arms
  rivals: string[]
  /** Steps of each way, and of each rival: all that are on record, once each. */
  steps: ReadonlyMap<string, number[]>
}

type Shown = Pick<RunDetail, 'config' | 'start' | 'iterations'>

/** Of one part each; show: a run as it was kept. Arms without a run that is done are left out. */
export function doneArms(runs: readonly StudyRun[], show: (run: NonNullable<StudyRun['run']>) => Shown): DoneArm[] {
  return [...Map.groupBy(runs, ({ arm }) => arm)].flatMap(([arm, own]) => {
    const kept = own.flatMap(({ run, state }) => (run !== null && state === 'done' ? [show(run)] : []))
    const [first] = kept
    if (!first || own.some(({ part }) => part !== '')) return []
    const of = (stages: readonly (RunDetail['start'] | undefined)[]): number =>
      stages.reduce((sum, stage) => sum + (stage?.epochs.at(-1)?.step ?? 0), 0)
    const steps = { start: kept.map(({ start }) => of([start])), iterations: kept.map((run) => of(run.iterations)) }
    return [{ arm, config: first.config, steps }]
  })
}

/** null where no arm is the start of another. */
export function startsOf(arms: readonly DoneArm[]): Starts | null {
  const alone = arms.filter(({ config }) => config.iteration === null)
  const onward = Map.groupBy(
    arms.filter(({ config }) => config.iteration !== null),
    ({ config }) => startOf(config),
  )
  const rivals = alone.filter(({ config }) => !onward.has(startOf(config)))
  const steps = new Map<string, number[]>(rivals.map(({ arm, steps }) => [arm, distinct(steps.start)]))
  const starts = alone.flatMap(({ arm, config }) => {
    const from = onward.get(startOf(config))
    if (!from) return []
    for (const one of from) {
      const way = wayOf(one.arm, arm)
      steps.set(way, distinct([...(steps.get(way) ?? []), ...one.steps.iterations]))
    }
    return [{ arm, onward: new Map(from.map((one) => [wayOf(one.arm, arm), one.arm])) }]
  })
  const ways = [...new Set(starts.flatMap(({ onward }) => [...onward.keys()]))]
  return starts.length ? { starts, ways, rivals: rivals.map(({ arm }) => arm), steps } : null
}

const distinct = (values: readonly number[]): number[] => [...new Set(values)].sort((a, b) => a - b)

/** "TSV-M + DV-BASI" that goes on from "TSV-M" is "DV-BASI"; another name stays. */
function wayOf(arm: string, start: string): string {
  return (arm.startsWith(start) ? arm.slice(start.length).replace(/^[\s+,:]+/, '') : '') || arm
}

/** What two configurations that start alike have in common, as text. */
function startOf(config: ResolvedConfig): string {
  const { start, name: _name, method: _method, control: _control, iterations: _, iteration: _own, ...rest } = config
  const reads = methodCard(start.method)?.reads ?? {}
  const read = Object.entries(start).filter(([field]) => field in reads)
  return JSON.stringify([start.method, read, { ...rest, seed: 0, tower: null, testEach: false }])
}
