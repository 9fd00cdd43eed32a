// An evaluation over lambda as charts: of each task its accuracy and, where its images have groups, the gaps between
// them.
import type { EvaluationReport } from '../../src-main/contract/api/evaluations.ts'
import { isGrouped, lambdaSweep, type SweepPoint, type TaskSweep } from '../../src-main/contract/lambda-sweep.ts'
import type { StageLine } from './curves.ts'
import { percent } from './format.ts'

export interface SweepChart {
  title: string
  sentence: string
  columns: string[]
  rows: () => (string | number)[][]
  lines: StageLine[]
}

export function sweepCharts(report: Pick<EvaluationReport, 'models' | 'tasks'>): SweepChart[] {
  return lambdaSweep(report).map(chartOf)
}

function chartOf(sweep: TaskSweep): SweepChart {
  const { task, points } = sweep
  const grouped = isGrouped(sweep)
  const line = (stage: number, name: string, of: (point: SweepPoint) => number | null): StageLine => ({
    ...{ stage, name },
    points: points.flatMap((point) => {
      const y = of(point)
      return y === null ? [] : [{ x: point.lambda, y }]
    }),
  })
  return {
    title: `${task} over λ`,
    sentence: sentenceOf(points, grouped),
    columns: ['λ', 'Accuracy', 'Low, 95 %', 'High, 95 %', ...(grouped ? ['DPD', 'EOD'] : [])],
    rows: () =>
      points.map(({ lambda, accuracy, interval: [low, high], parity, odds }) => [
        lambda,
        ...[accuracy, low, high, ...(grouped ? [parity, odds] : [])].map((share) => percent(share, 2)),
      ]),
    lines: [
      line(0, 'accuracy', ({ accuracy }) => accuracy),
      ...(grouped ? [line(1, 'DPD', ({ parity }) => parity), line(2, 'EOD', ({ odds }) => odds)] : []),
    ],
  }
}

function sentenceOf(points: readonly SweepPoint[], grouped: boolean): string {
  const best = points.reduce((a, b) => (b.accuracy > a.accuracy ? b : a))
  const most = `λ = ${best.lambda} is the most accurate, ${percent(best.accuracy)}`
  if (!grouped) return `${most}.`
  const widest = ({ parity, odds }: SweepPoint): number => Math.max(parity ?? 0, odds ?? 0)
  const fair = points.reduce((a, b) => (widest(b) < widest(a) ? b : a))
  return `${most}, with a demographic-parity gap (DPD) of ${percent(best.parity)} and an equalised-odds gap (EOD) of ${percent(best.odds)} between groups; the gaps are least at λ = ${fair.lambda}, ${percent(fair.parity)} and ${percent(fair.odds)}, with accuracy ${percent(fair.accuracy)}.`
}

/** "0:1:0.1" or "0, 0.5, 1" as numbers; null where it is neither, or not 2 to 64 of them. */
export function lambdasIn(text: string): number[] | null {
  const words = text
    .split(text.includes(':') ? ':' : ',')
    .map((word) => (word.trim() === '' ? Number.NaN : Number(word)))
  if (!words.every(Number.isFinite)) return null
  const [from = 0, to = 0, step = 0] = words
  const isRange = text.includes(':')
  if (isRange && (words.length !== 3 || !((to - from) / step > 0) || (to - from) / step > most)) return null
  const found = isRange
    ? Array.from({ length: Math.floor((to - from) / step + 1e-9) + 1 }, (_, k) =>
        Number((from + k * step).toPrecision(12)),
      )
    : words
  return found.length >= 2 && found.length <= most ? found : null
}

const most = 64
