// What a window asks to measure on, as the engine is asked: a run's own tasks, those of an opened configuration, or
// rows of the library and of the data sets put together.
import type { EvaluationRequest, WantedTasks } from '../../contract/api/evaluations.ts'
import type { DataSets } from '../data/sets.ts'
import type { Library } from '../library/library.ts'
import type { Projects } from '../projects.ts'
import type { Evaluations } from './evaluations.ts'
import { type Tasks, tasksOf } from './request.ts'

export interface TaskRooms {
  evaluations: Pick<Evaluations, 'tasksOf'>
  library: Pick<Library, 'show'>
  dataSets: Pick<DataSets, 'show'>
  projects: Pick<Projects, 'resolve'>
}

/** Throws config-invalid where there are no such tasks. */
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
