// How the model after an iteration is rebuilt from its parents (contract/run/recipe.ts): the chosen tables of the
// stages up to it, with the parents' hashes. Iterations that were not accepted are rows of zeros and change nothing.
import type { RunId, Sha256 } from '../../contract/branded.ts'
import type { Form } from '../../contract/checkpoint.ts'
import { BasilError } from '../../contract/errors.ts'
import { extensionOf, withoutExtension } from '../../contract/file-names.ts'
import { stepsOf } from '../../contract/merges/step.ts'
import type { Recipe } from '../../contract/run/recipe.ts'
import { requireSound, runDetail } from '../../history/detail.ts'
import { coefficientsOf } from '../../history/epochs.ts'
import { chosenCoefficients } from '../../history/stages.ts'
import { type History, snapshot } from '../../history/statement.ts'

/**
 * iteration null: the last accepted one, or the start; epoch null: the state that was chosen, else any the iteration
 * had. Throws run-missing, history-damaged, or run-state when that far nothing was learned.
 */
export function recipeOf(history: History, run: RunId, iteration: number | null, epoch: number | null = null): Recipe {
  return snapshot(history, () => {
    const detail = runDetail(history, run)
    requireSound(detail)
    const { name, method, grouping, linearised, blocks, parents, config } = detail
    const chosen = chosenCoefficients(history, run)
    const last =
      iteration ??
      Math.max(
        0,
        chosen.findLastIndex((stage) => stage.accepted),
      )
    const tables = chosen.map((stage) => stage.coefficients).slice(0, last + 1)
    if (epoch !== null) tables[last] = coefficientsOf(history, run, last, epoch) ?? noEpoch(run, last, epoch)
    const [start, ...iterations] = tables
    const pretrained = parents.find((p) => p.role === 'pretrained')
    if (!start || !pretrained || iterations.length !== last || iterations.includes(undefined as never))
      throw tooEarly(run, last, chosen.length)
    const brief = ({ file, name, sha256 }: { file: string; name: string; sha256: Sha256 }): Recipe['pretrained'] => ({
      file,
      name,
      sha256,
    })
    const statistics = parents.filter((p) => p.role === 'statistics').map(brief)
    return {
      basil: '2',
      run,
      name,
      method,
      grouping: grouping as Recipe['grouping'],
      ...(linearised && { linearised }),
      iteration: last,
      epoch,
      pretrained: brief(pretrained),
      vectors: parents.filter((p) => p.role === 'vector').map(brief),
      ...((config.control === 'restart' || config.control === 'random') && {
        control: config.control,
        seed: config.seed,
      }),
      steps: stepsOf(config),
      ...(statistics.length > 0 && { statistics }),
      groups: blocks,
      start,
      iterations: iterations.map((table) => table[0] ?? []),
      config,
    }
  })
}

/** A file name that says which run and iteration it is. */
export function exportName(recipe: Recipe, { container }: Pick<Form, 'container'>): string {
  const plain =
    withoutExtension(recipe.name)
      .replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')
      .replaceAll(/^[-.]+|[-.]+$/g, '')
      .slice(0, 60) || 'model'
  return `${plain}-run-${recipe.run}-iteration-${recipe.iteration}${recipe.epoch === null ? '' : `-epoch-${recipe.epoch}`}.${extensionOf(container)}`
}

function noEpoch(run: RunId, iteration: number, epoch: number): never {
  throw new BasilError({
    code: 'run-missing',
    what: 'The run has no such epoch',
    where: `run ${run}, iteration ${iteration}, epoch ${epoch}`,
    why: 'the history has no coefficients of it',
    next: 'choose an epoch that the run has',
  })
}

function tooEarly(run: RunId, iteration: number, stages: number): BasilError {
  return new BasilError({
    code: 'run-state',
    what: stages === 0 ? 'The run has not learned a model yet' : 'The run has no such iteration',
    where: `run ${run}, iteration ${iteration}`,
    why: stages === 0 ? 'its start has not ended' : `${stages - 1} iterations have ended`,
    next: stages === 0 ? 'wait for the start to end, or resume the run' : `choose an iteration from 0 to ${stages - 1}`,
  })
}
