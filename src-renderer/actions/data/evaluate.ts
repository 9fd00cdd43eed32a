// Measuring a run's models again, with everything a report can say of them.
import type { RunId } from '../../../src-main/contract/branded.ts'
import { evaluations } from '../../state/evaluations.svelte.ts'
import { router } from '../../state/router.svelte.ts'

const mostMistakes = 24
type Split = 'training' | 'validation' | 'test'

/** A checkpoint of the library on the tasks of a run. */
export async function evaluateCheckpoint(id: number, run: RunId, split: Split): Promise<void> {
  const wanted = { models: [{ id }], tasks: { run }, split, mistakes: mostMistakes }
  router.go('evaluation', { evaluation: await evaluations.start(wanted) })
}

/** A run's final model on the run's own tasks, beside checkpoints of the library. */
export async function evaluateRun(run: RunId, others: readonly number[], split: Split): Promise<void> {
  const models = [{ run, iteration: null }, ...others.map((id) => ({ id }))]
  const evaluation = await evaluations.start({ models, tasks: { run }, split, mistakes: mostMistakes })
  router.go('evaluation', { evaluation })
}
