// Models of a run measured on a split, one row a task. The final evaluation is that of the last stage measured on test
// data, or where there is none, on training data; a run's accuracy is its mean over tasks (contract/run/means.ts).
import type { RunId } from '../contract/branded.ts'
import type { ResolvedConfig } from '../contract/run/config.ts'
import { finalEvaluation, type Means, meansOf } from '../contract/run/means.ts'
import type { Evaluation } from '../contract/run/run.ts'
import { sound } from './checksums.ts'
import { change, type History, rows, transaction } from './statement.ts'

interface EvaluationRow {
  split: Evaluation['split']
  model: Evaluation['model']
  stage: number
  task: string
  loss: number
  accuracy: number
  relative_accuracy: number | null
}

const noStage = -1

export function putEvaluation(history: History, run: RunId, e: Evaluation): void {
  const { split, model } = e
  const stage = e.stage ?? noStage
  transaction(history, () => {
    change(
      history,
      'DELETE FROM evaluations WHERE run = :run AND split = :split AND model = :model AND stage = :stage',
      {
        run,
        split,
        model,
        stage,
      },
    )
    e.tasks.forEach(({ task, loss, accuracy, relativeAccuracy }, place) => {
      const text = `INSERT INTO evaluations (run, split, model, stage, place, task, loss, accuracy, relative_accuracy)
        VALUES (:run, :split, :model, :stage, :place, :task, :loss, :accuracy, :relativeAccuracy)`
      change(history, text, {
        run,
        split,
        model,
        stage,
        place,
        task,
        loss,
        accuracy,
        relativeAccuracy,
      })
    })
  })
}

/** Stage by stage, those of no stage first; the order is the same whether or not a run was interrupted. */
export function evaluationsOf(history: History, run: RunId): Evaluation[] {
  const found: Evaluation[] = []
  const text = `SELECT * FROM evaluations WHERE run = :run AND ${sound(history, 'evaluations')} ORDER BY stage, model DESC, split DESC, place`
  for (const r of rows<EvaluationRow>(history, text, { run })) {
    const stage = r.stage === noStage ? null : r.stage
    const score = { task: r.task, loss: r.loss, accuracy: r.accuracy, relativeAccuracy: r.relative_accuracy }
    const last = found.at(-1)
    if (last && last.split === r.split && last.model === r.model && last.stage === stage) last.tasks.push(score)
    else found.push({ split: r.split, model: r.model, stage, tasks: [score] })
  }
  return found
}

/** Takes back what was measured of this stage and later ones (0: of all stages). */
export function rewindEvaluations(history: History, run: RunId, stage: number): void {
  change(history, 'DELETE FROM evaluations WHERE run = :run AND stage >= :stage', { run, stage })
}

export interface FinalScores extends Means {
  evaluatedOn: 'test' | 'training' | null
  tasks: Record<string, { accuracy: number; relativeAccuracy: number | null }>
}

export function finalScores(evaluations: Evaluation[], aims: ResolvedConfig['tasks']): FinalScores {
  const last = finalEvaluation(evaluations)
  if (!last) return { evaluatedOn: null, tasks: {}, ...meansOf([], aims) }
  return {
    evaluatedOn: last.split === 'test' ? 'test' : 'training',
    tasks: Object.fromEntries(
      last.tasks.map((t) => [t.task, { accuracy: t.accuracy, relativeAccuracy: t.relativeAccuracy }]),
    ),
    ...meansOf(last.tasks, aims),
  }
}
