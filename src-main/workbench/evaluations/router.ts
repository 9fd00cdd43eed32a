// The contract's procedures for evaluations: what a window and a browser may ask for. Models, data and heads are rows
// or runs; a page names no paths but those of a configuration it has opened.
import { basename } from 'node:path'

import { implement } from '@orpc/server'

import { api } from '../../contract/api/api.ts'
import {
  type EvaluationRequest,
  evaluationRequestSchema,
  type WantedEvaluation,
  type WantedTasks,
} from '../../contract/api/evaluations.ts'
import { writeAtomic } from '../../files/write-atomic.ts'
import { inExports } from '../export/exports.ts'
import type { Platform } from '../platform.ts'
import type { Workbench } from '../workbench.ts'
import { distinct, type Tasks, tasksOf } from './request.ts'

export type TaskRooms = Pick<Workbench, 'evaluations' | 'library' | 'dataSets' | 'projects'>
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
    save: os.save.handler(async ({ input }) => {
      const page = Buffer.from(evaluations.page(input.evaluation))
      const name = `evaluation-${input.evaluation}.html`
      const out = await platform.pickTarget(name)
      if (out === null) return null
      const write = async (file: string, overwrite: boolean): Promise<string> => {
        await writeAtomic(file, [page], { overwrite })
        return file
      }
      const file =
        // the dialog has asked
        out === undefined ? await inExports(home, name, (free) => write(free, false)) : await write(out, true)
      return { file, download: platform.download(file) }
    }),
  }
}

function requestOf({ models, tasks, split, mistakes }: WantedEvaluation, workbench: Rooms): EvaluationRequest {
  const { evaluations, library } = workbench
  const asked = models.map((model) => {
    if ('id' in model) {
      const file = library.show(model.id).path
      return { name: basename(file), from: { file } }
    }
    const recipe = evaluations.stateOf(model.run, model.iteration)
    return {
      name: `run ${model.run}${model.iteration === null ? '' : `, iteration ${recipe.iteration}`}`,
      from: { recipe },
    }
  })
  const names = distinct(asked.map(({ name }) => name))
  return evaluationRequestSchema.parse({
    ...tasksFor(tasks, split, workbench),
    models: asked.map((model, m) => ({ ...model, name: names[m] })),
    split,
    mistakes,
  })
}

/** What a window asks to measure on. Throws config-invalid where there are no such tasks. */
export function tasksFor(
  tasks: WantedTasks,
  split: EvaluationRequest['split'],
  { evaluations, library, dataSets, projects }: TaskRooms,
): Pick<Tasks, 'tasks'> & Partial<Tasks> {
  if ('run' in tasks) return evaluations.tasksOf(tasks.run, split)
  if ('grant' in tasks) return tasksOf(projects.resolve(tasks.grant, tasks.config), split)
  const inFile = ({ id, name }: { id: number; name: string }): string => `${library.show(id).path}${name && `#${name}`}`
  const of = tasks.of.map(({ name, data, head, finetuned }) => ({
    name,
    data: 'dataSet' in data ? `${dataSets.show(data.dataSet).path}#${data.split}` : inFile(data),
    head: inFile(head),
    reference: finetuned === null ? null : { file: library.show(finetuned).path },
    positive: null,
  }))
  return { tasks: of }
}
