// Measuring a run's models again, with everything a report can say of them.

import type { EvaluationSummary, WantedEvaluation } from '../../../src-main/contract/api/evaluations.ts'
import type { RunId } from '../../../src-main/contract/branded.ts'
import { evaluations } from '../../state/evaluations.svelte.ts'
import { notices } from '../../state/notices.svelte.ts'
import { router } from '../../state/router.svelte.ts'
import { undo } from '../../state/undo.svelte.ts'

const mostMistakes = 24
type Split = 'training' | 'validation' | 'test'

/** A checkpoint of the library on the tasks of a run. */
export async function evaluateCheckpoint(id: number, run: RunId, split: Split): Promise<void> {
  await begin({ models: [{ id }], tasks: { run }, split, mistakes: mostMistakes })
}

/** A run's final model on the run's own tasks, beside checkpoints of the library. */
export async function evaluateRun(run: RunId, others: readonly number[], split: Split): Promise<void> {
  const models = [{ run, iteration: null }, ...others.map((id) => ({ id }))]
  await begin({ models, tasks: { run }, split, mistakes: mostMistakes })
}

/** From the pre-trained model to a run's, on the run's own tasks: accuracy and fairness at each lambda. */
export async function sweepRun(run: RunId, lambdas: number[], split: Split): Promise<void> {
  await begin({ models: [{ run, iteration: null, lambdas }], tasks: { run }, split, mistakes: 0 })
}

const begin = (wanted: WantedEvaluation) =>
  router.goAfter(evaluations.start(wanted), (evaluation) => ['evaluation', { evaluation }])

/** Gone from the list at once, and for good when undo is not wanted; one at work is not forgotten, which is told. */
export async function forgetEvaluation({ evaluation, state }: EvaluationSummary): Promise<void> {
  if (state === 'running' || state === 'waiting') return evaluations.forget(evaluation)
  evaluations.hide(evaluation, true)
  undo.give(
    `Evaluation ${evaluation} was forgotten.`,
    () => evaluations.hide(evaluation, false),
    () => void evaluations.forget(evaluation).catch((thrown) => notices.add(thrown)),
  )
}
