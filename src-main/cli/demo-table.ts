// The demo's table, every figure computed from stored per-task rows: mean over tasks on test data, then mean and
// standard deviation over seeds.

import { leakMark, leakReason } from '../contract/data/leaks.ts'
import type { Evaluation, RunDetail } from '../contract/run/run.ts'
import { deviation, mean } from '../numbers/statistics/paired.ts'

export interface DemoRow {
  stage: string
  absolute: number | null // mean over seeds of the mean accuracy over tasks; null where nothing was measured
  absoluteDeviation: number | null // over seeds; null where there is one value
  relative: number | null
  relativeDeviation: number | null
}

interface Measured {
  arm: string
  seed: number
  detail: RunDetail
}

export function rowsOf(details: readonly Measured[]): DemoRow[] {
  const of = (arm: string): RunDetail[] => details.filter((d) => d.arm === arm).map((d) => d.detail)
  const main = of('dv-basi')
  const first = main[0]
  if (!first) return []
  const epochsOf = (runs: readonly RunDetail[]): number => runs[0]?.start?.epochsPlanned ?? 0
  const stepsOf = (epochs: number): number => epochs * (first.start?.stepsPerEpoch ?? 1)
  return [
    row('pre-trained', main.slice(0, 1), (e) => e.model === 'pretrained'),
    row('fine-tuned, each its own', main.slice(0, 1), (e) => e.model === 'finetuned'),
    row('task arithmetic', of('task-arithmetic'), (e) => e.model === 'start'),
    row(`aTLAS, ${stepsOf(epochsOf(main))} steps`, main, (e) => e.model === 'start'),
    ...first.iterations.map((it) =>
      row(
        `+ DV-BASI, iteration ${it.stage} (${stepsOf(it.epochsPlanned)} steps)`,
        main,
        (e) => e.model === 'iteration' && e.stage === it.stage,
      ),
    ),
    row(`aTLAS, ${stepsOf(epochsOf(of('atlas')))} steps (the longer run)`, of('atlas'), (e) => e.model === 'start'),
  ]
}

export function tableLines(rows: readonly DemoRow[], seeds: number): string[] {
  const cell = (mean: number | null, deviation: number | null): string =>
    mean === null ? '-' : `${(100 * mean).toFixed(1)}${deviation === null ? '' : ` ± ${(100 * deviation).toFixed(1)}`}`
  const widest = Math.max(...rows.map((r) => r.stage.length))
  const line = (a: string, b: string, c: string): string =>
    `| ${a.padEnd(widest)} | ${b.padEnd(13)} | ${c.padEnd(13)} |`
  return [
    `Test accuracy in %, mean over tasks${seeds > 1 ? `, mean ± standard deviation over ${seeds} seeds` : ''}:`,
    line('model', 'mean absolute', 'mean relative'),
    line('-'.repeat(widest), '-'.repeat(13), '-'.repeat(13)),
    ...rows.map((r) => line(r.stage, cell(r.absolute, r.absoluteDeviation), cell(r.relative, r.relativeDeviation))),
  ]
}

/** Of runs whose test images had been seen before. */
export function markLines(details: readonly Measured[]): string[] {
  return [
    ...new Set(
      details.flatMap(({ arm, detail: { leaks } }) =>
        leaks.length ? [`! ${arm}: ${leakMark}: ${leakReason(leaks)}`] : [],
      ),
    ),
  ]
}

function row(stage: string, runs: readonly RunDetail[], wanted: (e: Evaluation) => boolean): DemoRow {
  const evaluations = runs.flatMap((r) => r.evaluations.filter((e) => e.split === 'test' && wanted(e)))
  const absolute = evaluations.map((e) => mean(e.tasks.map((t) => t.accuracy)))
  const relative = evaluations.flatMap(({ tasks }) => {
    const known = tasks.map((t) => t.relativeAccuracy).filter((value) => value !== null)
    return known.length === tasks.length ? [mean(known)] : []
  })
  return {
    stage,
    absolute: absolute.length ? mean(absolute) : null,
    absoluteDeviation: deviation(absolute),
    relative: relative.length ? mean(relative) : null,
    relativeDeviation: deviation(relative),
  }
}
