// What the engine's process brings to an evaluation: files, hashes taken beside the work, thumbnails, and the table of
// predictions, which takes its name only when it is whole. The state of a run is put together from its parents, held
// against their recorded hashes.

import type { EvaluationReport, EvaluationRequest } from '../../contract/api/evaluations.ts'
import type { Told } from '../../contract/engine-api.ts'
import { BasilError } from '../../contract/errors.ts'
import type { Recipe } from '../../contract/run/recipe.ts'
import type { Said } from '../../contract/tower.ts'
import type { ImageHost } from '../../engine/datasets/prepared.ts'
import type { Backend } from '../../engine/devices/backend.ts'
import { evaluate } from '../../engine/evaluation/evaluate.ts'
import { type Evaluated, evaluatedFile, evaluatedMerge } from '../../engine/evaluation/model.ts'
import { vectorsAfter } from '../../engine/merging/vectors-after.ts'
import { useOf } from '../../engine/weights/checkpoint.ts'
import { openParents } from '../../engine/weights/parents.ts'
import { type Hashing, hashInThread } from '../../files/hash-thread.ts'
import { openSource } from '../../files/source.ts'
import { requireFree, writeAtomic } from '../../files/write-atomic.ts'
import { followed, parentsOf, requireUnchanged, settingsOf } from '../rebuild.ts'
import { withStatistics } from '../with-statistics.ts'
import { predictionsCsv } from './predictions-csv.ts'
import { thumbnail } from './thumbnail.ts'

type Model = EvaluationRequest['models'][number]

export async function* evaluateModels(
  request: EvaluationRequest,
  backend: Backend,
  images?: ImageHost,
): AsyncGenerator<Told<EvaluationReport>> {
  const { predictions } = request
  if (predictions) await requireFree(predictions.out, predictions)
  const hashings = request.models.map(({ from }) => hashInThread(filesOf(from)))
  const models: Evaluated[] = []
  try {
    for (const { from } of request.models)
      models.push(
        'file' in from ? await evaluatedFile(from.file, openSource, request) : await stateOf(from.recipe, request),
      )
    const named = (): Promise<Named[]> =>
      Promise.all(
        request.models.map(async (model, m) => ({
          ...(await provenance(model, hashings[m] as Hashing)),
          architecture: (models[m] as Evaluated).called,
          tower: (models[m] as Evaluated).settings,
          warnings: (models[m] as Evaluated).warnings,
        })),
      )
    const report = yield* evaluate(request, models, named, {
      backend,
      open: openSource,
      images,
      openModel: (file) => evaluatedFile(file, openSource, request, areLinearised(request)),
      thumbnail,
      keep: predictions && ((rows) => writeAtomic(predictions.out, predictionsCsv(rows), predictions)),
    })
    yield { type: 'result', result: report }
  } finally {
    for (const model of models) await model.close()
    for (const hashing of hashings) await hashing.stop()
  }
}

type Named = Omit<EvaluationReport['models'][number], 'accuracy' | 'relativeAccuracy'>

/** Which model it is, by content. */
async function provenance({ name, from, lambda }: Model, hashing: Hashing): Promise<Omit<Named, 'architecture'>> {
  if ('file' in from) {
    const [sha256 = null] = await hashing.hashes
    return { name, file: from.file, sha256, run: null, iteration: null, linearised: false }
  }
  const { recipe } = from
  await requireUnchanged(recipe, hashing)
  return {
    name,
    file: null,
    sha256: null,
    run: recipe.run,
    iteration: recipe.iteration,
    ...(lambda !== undefined && { lambda }),
    linearised: recipe.linearised ?? false,
  }
}

/** Models that are first-order ones, all of them, are held against fine-tuned models seen so too. */
function areLinearised({ models, pretrained }: EvaluationRequest): boolean {
  return pretrained !== null && models.every(({ from }) => 'recipe' in from && from.recipe.linearised === true)
}

function filesOf(from: Model['from']): string[] {
  return 'file' in from ? [from.file] : parentsOf(from.recipe).map(({ file }) => file)
}

/** Computed as its run was, where that is kept. */
async function stateOf(recipe: Recipe, said: Said): Promise<Evaluated> {
  if (recipe.linearised && expansionOf(recipe) === 'moved' && recipe.iteration > 0) throw moved(recipe)
  const towers = await openParents(
    recipe.pretrained.file,
    recipe.vectors.map(({ file }) => file),
    openSource,
    useOf(settingsOf(recipe) ?? said),
  )
  const opened = await withStatistics(towers, recipe)
  try {
    const { groups, lineage } = followed(await vectorsAfter(opened, recipe.steps), recipe)
    return evaluatedMerge(
      { ...lineage.parents, close: opened.close },
      groups,
      lineage.coefficients,
      recipe.linearised ?? false,
    )
  } catch (error) {
    await opened.close()
    throw error
  }
}

export function expansionOf({ config }: Recipe): unknown {
  return typeof config === 'object' && config !== null && 'expansion' in config ? config.expansion : undefined
}

function moved({ run }: Recipe): BasilError {
  return new BasilError({
    code: 'not-supported',
    what: 'This state of a run cannot be evaluated on its own',
    where: `run ${run}`,
    why: 'it is a linearised model whose expansion point moved from iteration to iteration',
    next: 'read its accuracies in the run itself, or evaluate its start: --iteration 0',
    inWindow: 'read its accuracies in the run itself, or evaluate its start',
  })
}
