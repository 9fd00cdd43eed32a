// A fine-tuned model's refinement as a run's configuration: start at the model itself, delta = theta_ft - theta_pre,
// and scale delta block by block on the model's own task. Relative accuracy is relative to the model as it was. Pure.
import type { Entry } from '../../../src-main/contract/api/library.ts'
import type { RunConfig } from '../../../src-main/contract/run/config.ts'
import { plain } from './models.ts'

type Task = RunConfig['tasks'][number]

interface Chosen {
  pretrained: string
  iterations: number
  epochs: number
}

/** Hardware and reading settings are the project's. The start is tested too, so that before stands beside after. */
export function refinementOf(
  entry: Pick<Entry, 'name' | 'path'>,
  project: Partial<RunConfig>,
  task: Task,
  chosen: Chosen,
): RunConfig {
  const { activation, attentionHeads, layerNormEps, batch, microBatch, seed, vectorPrecision, products } = project
  return {
    name: `Refine ${entry.name}`.slice(0, 200),
    method: 'dv-basi',
    pretrained: chosen.pretrained,
    tasks: [{ ...task, aim: 'learn', finetuned: entry.path }],
    start: { method: 'checkpoint', checkpoint: entry.path },
    iterations: chosen.iterations,
    epochs: chosen.epochs,
    testEach: true,
    ...{ activation, attentionHeads, layerNormEps, batch, microBatch, seed, vectorPrecision, products },
  }
}

/** The task that a model was fine-tuned on, by its data set or its name; null where neither tells. */
export function taskFor(entry: Pick<Entry, 'name' | 'dataset'>, tasks: readonly Pick<Task, 'name'>[]): string | null {
  const own = tasks.find(({ name }) => entry.dataset !== null && plain(name) === plain(entry.dataset))
  const [named, ...others] = tasks.filter(({ name }) => plain(entry.name).includes(plain(name)))
  return own?.name ?? (others.length === 0 ? (named?.name ?? null) : null)
}
