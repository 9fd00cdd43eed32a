// The contract's procedures for evaluations: what a window and a browser may ask for. Models, data and heads are rows
// or runs; a page names no paths but those of a configuration it has opened.
import { basename } from 'node:path'

import { implement } from '@orpc/server'

import { api } from '../../contract/api/api.ts'
import {
  type EvaluationRequest,
  evaluationRequestSchema,
  type WantedEvaluation,
} from '../../contract/api/evaluations.ts'
import { saveFile } from '../export/save.ts'
import type { Platform } from '../platform.ts'
import type { Workbench } from '../workbench.ts'
import { alongLambda } from './along-lambda.ts'
import { distinct } from './request.ts'
import { tasksFor } from './wanted.ts'

type Rooms = Pick<Workbench, 'evaluations' | 'library' | 'dataSets' | 'projects' | 'home'>

export function evaluationsRouter(workbench: Rooms, platform: Platform) {
  const os = implement(api).evaluations
  const { evaluations, home } = workbench
  return {
    start: os.start.handler(({ input }) => ({ evaluation: evaluations.start(requestOf(input, workbench)) })),
    watch: os.watch.handler(({ input }) => evaluations.watch(input.evaluation)),
    list: os.list.handler(() => evaluations.list()),
    show: os.show.handler(({ input }) => evaluations.show(input.evaluation)),
    forget: os.forget.handler(({ input }) => evaluations.forget(input.evaluation)),
    save: os.save.handler(({ input }) => {
      const page = Buffer.from(evaluations.page(input.evaluation))
      return saveFile(platform, home, `evaluation-${input.evaluation}.html`, page)
    }),
  }
}

function requestOf({ models, tasks, split, mistakes }: WantedEvaluation, workbench: Rooms): EvaluationRequest {
  const { evaluations, library } = workbench
  const asked = models.flatMap((model): EvaluationRequest['models'] => {
    if ('id' in model) {
      const file = library.show(model.id).path
      return [{ name: basename(file), from: { file } }]
    }
    const recipe = evaluations.stateOf(model.run, model.iteration)
    if (model.lambdas) return alongLambda(recipe, model.lambdas)
    const name = `run ${model.run}${model.iteration === null ? '' : `, iteration ${recipe.iteration}`}`
    return [{ name, from: { recipe } }]
  })
  const names = distinct(asked.map(({ name }) => name))
  return evaluationRequestSchema.parse({
    ...tasksFor(tasks, split, workbench),
    models: asked.map((model, m) => ({ ...model, name: names[m] })),
    split,
    mistakes,
  })
}
