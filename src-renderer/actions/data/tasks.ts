// Tasks of a run made of data sets and heads of the library, so that nobody types a path.
import type { DataSet } from '../../../src-main/contract/api/data.ts'
import { checkpoints } from '../../state/checkpoints/checkpoints.svelte.ts'
import { plain, type TaskFiles } from '../../state/checkpoints/models.ts'
import { compose } from '../../state/compose.svelte.ts'
import { dataSets } from '../../state/data/data-sets.svelte.ts'
import { protocolsOf, splitsFor, type TaskSplits, taskName } from '../../state/data/task-splits.ts'
import { headOf } from '../library.ts'

/** head: a row of the library; null: the one that was chosen with the models, or none yet. */
export async function taskOf(
  set: DataSet,
  { data, validation, test }: TaskSplits,
  head: number | null,
): Promise<TaskFiles> {
  const at = (split: string) => (split === '' ? undefined : `${set.path}#${split}`)
  const name = taskName(set.name)
  return {
    dataset: name,
    data: at(data) ?? set.path,
    validation: at(validation),
    test: at(test),
    ...(head !== null && { head: await headOf(head, name) }),
  }
}

/** To the run that is being composed. */
export async function addTask(task: TaskFiles): Promise<void> {
  await compose.begin()
  compose.use({ tasks: [task] })
}

/** Present data sets of models that were chosen and have no task yet. */
export function matchingData(): DataSet[] {
  return compose.withoutTask.flatMap((dataset) => {
    const found = dataSets.rows.find(
      (row) => row.state === 'present' && row.source !== null && plain(row.name) === plain(dataset),
    )
    return found && protocolsOf(found).includes('strict') ? [found] : []
  })
}

/** Each by the strict protocol, with the library's head for it. */
export async function addMatchingTasks(): Promise<void> {
  for (const set of matchingData())
    await addTask(
      await taskOf(set, splitsFor(set, 'strict', { data: '', validation: '', test: '' }), headFor(set.name)),
    )
}

/** The library's first present head for this data set. */
export function headFor(name: string): number | null {
  return headsByFit(name).find(({ dataset }) => dataset !== null && plain(dataset) === plain(name))?.id ?? null
}

/** Present heads, those for this data set before the others. */
export function headsByFit(name: string) {
  const fits = (dataset: string | null, file: string) => Number(plain(dataset ?? file) === plain(name))
  return checkpoints.entries
    .filter(({ role, state }) => role === 'head' && state === 'present')
    .toSorted((a, b) => fits(b.dataset, b.name) - fits(a.dataset, a.name) || a.name.localeCompare(b.name))
}
