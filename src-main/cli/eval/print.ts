// A report in words for a terminal: a table with a row a task, means below it, then what the first two models differ
// in, and groups.
import {
  type EvaluationReport,
  type EvaluationRequest,
  type Opening,
  openerOf,
  type TaskReport,
} from '../../contract/api/evaluations.ts'
import { isGrouped, lambdaSweep, type TaskSweep } from '../../contract/lambda-sweep.ts'

export function reportLines(report: EvaluationReport): string[] {
  const { tasks } = report
  const sweeps = lambdaSweep(report)
  if (sweeps.length > 0) return [...sweeps.flatMap(sweepLines), "Accuracy in %, with Wilson's 95 % interval."]
  return [
    ...aligned(tableOf(report)),
    "Accuracy in %, with Wilson's 95 % interval.",
    ...tasks.flatMap((task) => comparison(report, task)),
    ...tasks.flatMap((task) => groupLines(report, task)),
  ]
}

/** Before test data is opened. */
export function openingLine({ name }: EvaluationRequest['tasks'][number], before: readonly Opening[]): string {
  const by = before.map(openerOf)
  return `Test data of ${name} is opened, which is kept on record; ${by.length ? `opened before by ${by.join(', ')}` : 'it was not opened before'}.`
}

function tableOf({ models, tasks }: EvaluationReport): string[][] {
  const isRelative = tasks.some(({ reference }) => reference)
  const head = models.flatMap(({ name }) => [name, ...(isRelative ? ['relative'] : [])])
  const rows = tasks.map(({ name, reference, results }) => [
    name,
    String(results[0]?.images ?? 0),
    ...(isRelative ? [percent(reference?.accuracy ?? null)] : []),
    ...results.flatMap(({ accuracy, interval: [low, high], relativeAccuracy }) => [
      `${percent(accuracy)} (${percent(low)}-${percent(high)})`,
      ...(isRelative ? [percent(relativeAccuracy)] : []),
    ]),
  ])
  const means = models.flatMap(({ accuracy, relativeAccuracy }) => [
    percent(accuracy),
    ...(isRelative ? [percent(relativeAccuracy)] : []),
  ])
  const blank = isRelative ? ['', ''] : ['']
  return [['task', 'images', ...(isRelative ? ['fine-tuned'] : []), ...head], ...rows, ['mean', ...blank, ...means]]
}

/** A row a lambda, with the gaps between groups where the images have groups. */
function sweepLines(sweep: TaskSweep): string[] {
  const grouped = isGrouped(sweep)
  const head = ['lambda', 'accuracy', ...(grouped ? ['DPD', 'EOD'] : [])]
  const rows = sweep.points.map(({ lambda, accuracy, interval: [low, high], parity, odds }) => [
    String(lambda),
    `${percent(accuracy)} (${percent(low)}-${percent(high)})`,
    ...(grouped ? [percent(parity), percent(odds)] : []),
  ])
  return [sweep.task, ...aligned([head, ...rows]), ...(grouped ? [gaps] : [])]
}

const gaps = 'DPD, EOD: demographic-parity and equalised-odds gap between groups, in points.'

function comparison({ models: [a, b] }: EvaluationReport, { name, mcnemar }: TaskReport): string[] {
  if (!mcnemar || !a || !b) return []
  const { onlyFirst, onlySecond, statistic, p } = mcnemar
  const how = statistic === null ? 'exact' : `chi-square ${statistic.toFixed(2)}`
  return [
    `${name}: only ${a.name} is right on ${onlyFirst}, only ${b.name} on ${onlySecond} images; McNemar ${p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`} (${how})`,
  ]
}

function groupLines({ models }: EvaluationReport, { name, classes, results }: TaskReport): string[] {
  return results.flatMap(({ fairness }, m) => {
    if (!fairness) return []
    const groups = fairness.groups.map(
      ({ group, images, correct }) => `${group} ${percent(correct / images)} of ${images}`,
    )
    const called = (c: number): string => classes?.[c] ?? `class ${c}`
    const { parity, odds } = fairness
    return [
      `${name}, ${models[m]?.name}: ${groups.join(', ')}; demographic-parity gap ${percent(parity.gap)} (${called(parity.class)}), equalised-odds gap ${percent(odds.gap)} (${called(odds.class)})`,
    ]
  })
}

/** The first column to the left, numbers to the right. */
function aligned(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, c) => Math.max(...rows.map((row) => row[c]?.length ?? 0)))
  return rows.map((row) =>
    row.map((cell, c) => (c ? cell.padStart(widths[c] ?? 0) : cell.padEnd(widths[c] ?? 0))).join('  '),
  )
}

const percent = (share: number | null): string => (share === null ? '-' : (100 * share).toFixed(1))
