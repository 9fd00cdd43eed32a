// Scores of models over tasks: means recomputed from their rows, and the tables and bars made of them.
//   relative accuracy of a task = accuracy / accuracy of the task's own fine-tuned model
import { byAim, type Means, mean, meansOf } from '../../src-main/contract/run/means.ts'
import type { Evaluation, RunDetail, RunSummary, StageDetail, TaskScore } from '../../src-main/contract/run/run.ts'
import { percent } from './format.ts'

export type Split = Evaluation['split']
export type Measure = 'relativeAccuracy' | 'accuracy'

/** A run of whose row nothing can be read: whatever else its summary has is only to fill its fields. */
export function isUnread({ error, created }: Pick<RunSummary, 'error' | 'created'>): boolean {
  return error?.code === 'history-damaged' && created === ''
}

/** The mean over tasks; null as soon as one task has no value. */
export function meanOf(scores: readonly Partial<TaskScore>[], measure: Measure): number | null {
  return mean(scores.map((score) => score[measure] ?? null))
}

/** Stages of which every epoch has only those tasks that a mean counts: none to forget. */
export function countedStages(run: Pick<RunDetail, 'config' | 'start' | 'iterations'>): StageDetail[] {
  const { tasks } = run.config
  if (!forgets(run)) return stagesOf(run)
  return stagesOf(run).map((s) => ({
    ...s,
    epochs: s.epochs.map((e) => ({ ...e, tasks: byAim(e.tasks, tasks).counted })),
  }))
}

export function forgets({ config }: Pick<RunDetail, 'config'>): boolean {
  return config.tasks.some(({ aim }) => aim === 'forget')
}

/** Relative accuracy where every task of every epoch has one, else accuracy. */
export function measureOf(stages: readonly StageDetail[]): Measure {
  const known = stages.every((s) => s.epochs.every((e) => e.tasks.every((t) => t.relativeAccuracy !== null)))
  return known ? 'relativeAccuracy' : 'accuracy'
}

export const measureNames = {
  relativeAccuracy: 'mean relative accuracy',
  accuracy: 'mean accuracy',
} as const satisfies Record<Measure, string>

/** The split that states are chosen on. */
export function selectionSplit(run: Pick<RunDetail, 'config'>): Split {
  return run.config.select.startsWith('validation') ? 'validation' : 'training'
}

/** "Start", "Iteration 3". */
export function stageName(stage: number): string {
  return stage === 0 ? 'Start' : `Iteration ${stage}`
}

export function stagesOf(run: Pick<RunDetail, 'start' | 'iterations'>): StageDetail[] {
  return run.start ? [run.start, ...run.iterations] : [...run.iterations]
}

/** The epoch whose state the stage chose, or its best so far; the first while none is better. */
export function chosenEpoch(stage: StageDetail): StageDetail['epochs'][number] | undefined {
  const chosen = stage.ended ? stage.epochs.find((e) => e.step === stage.best) : undefined
  return chosen ?? stage.epochs.findLast((e) => e.best) ?? stage.epochs[0]
}

export interface TaskBar {
  task: string
  pretrained: number | null
  now: number | null
  finetuned: number | null
}

/** Per task: pre-trained, present state and fine-tuned, in shares of the fine-tuned model where that is known. */
export function taskBars(run: RunDetail): { bars: TaskBar[]; measure: Measure } {
  const stages = stagesOf(run)
  const split = selectionSplit(run)
  const measure = measureOf(stages)
  const last = stages.findLast((s) => s.epochs.length > 0)
  const now = last && (last.ended ? chosenEpoch(last) : last.epochs.at(-1))?.tasks
  const of = (model: Evaluation['model']) => run.evaluations.find((e) => e.model === model && e.split === split)?.tasks
  const [pretrained, finetuned] = [of('pretrained'), of('finetuned')]
  const bars = run.config.tasks.map(({ name }) => {
    const pick = (scores: TaskScore[] | undefined) => scores?.find((s) => s.task === name)?.[measure] ?? null
    return {
      task: name,
      pretrained: pick(pretrained),
      now: pick(now),
      finetuned: measure === 'relativeAccuracy' ? 1 : pick(finetuned),
    }
  })
  return { bars, measure }
}

export interface TestTable {
  split: Split
  columns: { name: string; stage: number | null }[]
  rows: { task: string; cells: (TaskScore | null)[] }[]
  means: Means[] // one a column
}

/**
 * What was evaluated at the end: pre-trained, start, each iteration where measured, fine-tuned; null when nothing was.
 */
export function testTable(run: RunDetail): TestTable | null {
  const split = run.evaluatedOn
  if (!split) return null
  const order = { pretrained: -1, start: 0, iteration: 0, finetuned: Number.MAX_SAFE_INTEGER } as const
  const place = (e: Evaluation) => (e.stage ?? 0) + order[e.model]
  const measured = run.evaluations.filter((e) => e.split === split).sort((a, b) => place(a) - place(b))
  if (measured.length === 0) return null
  const names = { pretrained: 'Pre-trained', finetuned: 'Fine-tuned' } as const
  return {
    split,
    columns: measured.map((e) => ({
      name: e.model === 'pretrained' || e.model === 'finetuned' ? names[e.model] : stageName(e.stage ?? 0),
      stage: e.stage,
    })),
    rows: run.config.tasks.map(({ name }) => ({
      task: name,
      cells: measured.map((e) => e.tasks.find((t) => t.task === name) ?? null),
    })),
    means: measured.map((e) => meansOf(e.tasks, run.config.tasks)),
  }
}

/** Each column's mean accuracy minus the pre-trained model's, in the table's order; null where either is not known. */
export function gainsOf({ columns, means }: Pick<TestTable, 'columns' | 'means'>): (number | null)[] {
  const base = means[columns.findIndex(({ name }) => name === 'Pre-trained')]?.accuracy ?? null
  return means.map(({ accuracy }, i) =>
    base === null || accuracy === null || columns[i]?.name === 'Pre-trained' ? null : accuracy - base,
  )
}

/** As many reports and issue trackers take it: accuracy in %, relative accuracy in brackets. */
export function testMarkdown({ columns, rows, means, split }: TestTable): string {
  const cell = (score: Pick<TaskScore, 'accuracy' | 'relativeAccuracy'> | Means | null) =>
    score === null || score.accuracy === null
      ? '–'
      : `${percent(score.accuracy)}${score.relativeAccuracy === null ? '' : ` (${percent(score.relativeAccuracy)})`}`
  const line = (cells: readonly string[]) => `| ${cells.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`
  return [
    line([`Accuracy on ${split} data`, ...columns.map(({ name }) => name)]),
    line(['---', ...columns.map(() => '---:')]),
    ...rows.map(({ task, cells }) => line([task, ...cells.map(cell)])),
    line(['**Mean**', ...means.map(cell)]),
  ].join('\n')
}
