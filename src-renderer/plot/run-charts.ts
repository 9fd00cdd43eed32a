// A run's charts as the window and its report draw them: which lines, over what, under which name, said how. A run that
// searches one coefficient on a grid is drawn over that coefficient; what is one number everywhere is no map.
import { methodCard } from '../../src-main/contract/methods/lookup.ts'
import type { RunDetail } from '../../src-main/contract/run/run.ts'
import { accuracyLines, epochLosses, type Growth, growth, lossLines, type StageLine } from './curves.ts'
import { coefficient, figure, percent, points } from './format.ts'
import { type HeatRow, iterationRows, iterationsTitle, modelRows, startRows } from './heat.ts'
import type { AxisText } from './picture/axis.ts'
import { countedStages, forgets, measureNames, measureOf, selectionSplit, type TaskBar, taskBars } from './scores.ts'
import {
  accuracySentence,
  gridSentence,
  growthSentence,
  heatSentence,
  lossSentence,
  taskSentence,
} from './sentences.ts'

interface Chart {
  title: string
  note: string // on which images
  sentence: string
  columns: string[]
  rows: () => (string | number)[][]
}

export interface LinesChart extends Chart {
  lines: StageLine[]
  x: string
  xText: AxisText
  y: string
  yText: AxisText
  smoothing: number
}

/** Which coefficient a step of the run stands for, where it tries one after the other; else null. */
export function triedBy(
  run: Pick<RunDetail, 'config' | 'iterationsPlanned' | 'start'>,
): ((step: number) => number) | null {
  const learns = methodCard(run.start?.method ?? run.config.method)?.learns
  const stage = run.start
  if (learns?.by !== 'grid' || !stage || run.iterationsPlanned > 0) return null
  const furthest = (learns.furthest ?? 1) * (learns.turns && forgets(run) ? -1 : 1)
  const last = Math.max(1, stage.epochsPlanned * stage.stepsPerEpoch)
  return (step) => Number(((furthest * step) / last).toPrecision(10))
}

export const tick: AxisText = (value) => {
  if (!Number.isFinite(value)) return figure(value)
  const rounded = Number(value.toPrecision(4))
  return value !== 0 && Math.abs(value) < 0.001 ? rounded.toExponential() : String(rounded) // 0.0000105 takes an axis' room
}
const share: AxisText = (value, digits = 0) => percent(value, digits)

function over(run: RunDetail, lines: StageLine[]) {
  const tried = triedBy(run)
  if (!tried) return { lines, x: 'step', word: 'step' }
  const moved = lines.map((line) => ({ ...line, points: line.points.map(({ x, y }) => ({ x: tried(x), y })) }))
  return { lines: moved, x: 'coefficient', word: 'coefficient' }
}

/** Figure 2a: on the split that states are chosen by. */
export function accuracyChart(run: RunDetail): LinesChart {
  const stages = countedStages(run)
  const [split, measure] = [selectionSplit(run), measureOf(stages)]
  const { lines, x, word } = over(run, accuracyLines(stages, measure))
  const said = triedBy(run) ? gridSentence(lines, measure, split) : accuracySentence(lines, measure, split)
  return {
    title: `Accuracy by ${word}`,
    note: split,
    sentence: `${said}${forgets(run) ? ' Tasks to forget are not counted.' : ''}`,
    columns: ['Stage', x === 'step' ? 'Step' : 'Coefficient', `${measureNames[measure]}, ${split}`],
    rows: () => lines.flatMap((l) => l.points.map((p) => [l.name, p.x, percent(p.y, 2)])),
    ...{ lines, x, xText: tick, y: `${measureNames[measure]}, ${split}`, yText: share, smoothing: 0 },
  }
}

export function lossChart(run: RunDetail): LinesChart {
  const stages = countedStages(run)
  const raw = lossLines(stages)
  const { lines, x, word } = over(run, raw)
  const tried = triedBy(run)
  return {
    title: `Loss by ${word}`,
    note: tried ? selectionSplit(run) : 'training',
    sentence: tried
      ? `${lines[0]?.points.length ?? 0} coefficients were tried.`
      : lossSentence(raw, epochLosses(stages)),
    columns: ['Stage', x === 'step' ? 'Step' : 'Coefficient', 'Loss'],
    rows: () => lines.flatMap((l) => l.points.map((p) => [l.name, p.x, figure(p.y)])),
    ...{ lines, x, xText: tick, yText: tick, smoothing: tried ? 0 : 0.8 },
    y: tried ? `loss, ${selectionSplit(run)}` : 'loss, training',
  }
}

export interface GrowthOf extends Chart {
  bars: Growth[]
  y: string
}

/** Figure 2b; null of a run that has no iterations. */
export function growthOf(run: RunDetail): GrowthOf | null {
  if (run.iterationsPlanned === 0) return null
  const stages = countedStages(run)
  const measure = measureOf(stages)
  const bars = growth(stages, measure)
  return {
    title: 'Growth per iteration',
    note: selectionSplit(run),
    sentence: growthSentence(bars, measure),
    columns: ['Stage', `${measureNames[measure]}, ${selectionSplit(run)}`, 'Gain'],
    rows: () => bars.map((g) => [g.name, percent(g.value, 2), points(g.gain)]),
    ...{ bars, y: `${measureNames[measure]}, ${selectionSplit(run)}` },
  }
}

export interface TasksChart extends Chart {
  bars: TaskBar[]
}

export function tasksChart(run: RunDetail): TasksChart {
  const { bars, measure } = taskBars(run)
  const split = selectionSplit(run)
  return {
    title: 'Tasks',
    note: split,
    sentence: taskSentence(bars, measure),
    columns: ['Task', 'Pre-trained', 'Now', 'Fine-tuned'],
    rows: () => bars.map((b) => [b.task, percent(b.pretrained), percent(b.now), percent(b.finetuned)]),
    bars,
  }
}

export interface MapChart extends Chart {
  cells: HeatRow[]
}

/** Maps of coefficients that are not one number everywhere. present: of a stage that runs. */
export function mapCharts(run: RunDetail, present: { stage: number; table: number[][] } | null = null): MapChart[] {
  const maps: [string, HeatRow[]][] = [
    [iterationsTitle(run.config.control), iterationRows(run.iterations, present, run.config.control)],
    ['Coefficients of the model', run.iterations.length > 0 ? modelRows(run) : []],
    ['Coefficients of the start', startRows(run.start, present?.stage === 0 ? present.table : null)],
  ]
  return maps
    .filter(([, cells]) => cells.some(({ values }) => values.length > 0) && !isConstant(cells))
    .map(([title, cells]) => ({
      title,
      note: '',
      sentence: heatSentence(cells, run.blocks),
      columns: ['Block', ...cells.map(({ name }) => name)],
      rows: () => run.blocks.map((block, b) => [block, ...cells.map(({ values }) => coefficient(values[b]))]),
      cells,
    }))
}

/** One number in more than one cell. */
function isConstant(rows: readonly HeatRow[]): boolean {
  const all = rows.flatMap(({ values }) => values)
  return all.length > 1 && all.every((value) => value === all[0]) && all[0] !== 0
}

/** "+0.1000" where every coefficient of the start is one number; null elsewhere. */
export function oneCoefficient({ start }: Pick<RunDetail, 'start'>): string | null {
  const rows = startRows(start)
  return start?.ended && isConstant(rows) ? coefficient(rows[0]?.values[0]) : null
}

/** Every chart of lines, for one table of all their points. */
export function seriesOf(run: RunDetail): { chart: string; lines: StageLine[] }[] {
  return [accuracyChart(run), lossChart(run)].map(({ title, lines }) => ({ chart: title, lines }))
}

/** What a run reaches beside its rivals on the split of its final evaluation, in one sentence; '' before it is over. */
export function summarySentence(
  run: Pick<RunDetail, 'evaluations' | 'evaluatedOn' | 'accuracy'>,
  means: readonly { name: string; stage: number | null; accuracy: number | null }[],
): string {
  const own = means.findLast(({ stage }) => stage !== null)
  if (!own || own.accuracy === null || run.evaluatedOn === null) return ''
  const value = own.accuracy
  const against = (name: string, word: string): string[] => {
    const other = means.find((one) => one.name === name && one !== own)
    return other && other.accuracy !== null ? [`${points(value - other.accuracy)} ${word}`] : []
  }
  const said = [
    ...against('Pre-trained', 'over pre-trained'),
    ...against('Start', 'over its start'),
    ...against('Fine-tuned', 'to fine-tuned'),
  ]
  return `${percent(value)} on ${run.evaluatedOn} data${said.length ? `: ${said.join(', ')}` : ''}.`
}
