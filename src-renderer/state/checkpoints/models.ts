// Models of the library as the files of a run: which is the pre-trained one, which give vectors, and whose task each
// belongs to. Pure.
import type { CheckpointSet, Entry, Reopened } from '../../../src-main/contract/api/library.ts'
import { configSchema, type RunConfig, resolvedSchema } from '../../../src-main/contract/run/config.ts'
import { configOfRun } from '../run/config-of-run.ts'

/** What takes the place of a configuration's own files. `tasks` is by data set; a task is matched by its name. */
export interface Models {
  pretrained?: string
  vectors?: string[]
  tasks?: TaskFiles[]
  settings?: Partial<RunConfig>
}

/** With data it is a task of its own, where the configuration has none of this name. */
export type TaskFiles = { dataset: string } & Partial<
  Pick<RunConfig['tasks'][number], 'data' | 'head' | 'validation' | 'test' | 'finetuned'>
>

type Files = Pick<RunConfig, 'pretrained' | 'vectors' | 'tasks'>

/** Selected rows by their roles; what is neither pre-trained nor a head gives a vector. */
export function modelsOf(entries: readonly Entry[]): Models {
  const pretrained = entries.find((e) => e.role === 'pre-trained')
  const vectors = entries.filter((e) => e !== pretrained && ['fine-tuned', 'merged', 'unknown'].includes(e.role))
  return {
    ...(pretrained && { pretrained: pretrained.path }),
    ...(vectors.length > 0 && { vectors: vectors.map((e) => e.path) }),
    tasks: vectors.flatMap((e) => (e.dataset === null ? [] : [{ dataset: e.dataset, finetuned: e.path }])),
  }
}

/** A whole set: of a data set with a linearised and an ordinary model, the ordinary one. `heads` are "path#tensor". */
export function modelsOfSet(
  set: CheckpointSet,
  of: (id: number | null) => Entry | null,
  heads: ReadonlyMap<string, string>,
): Models {
  const byDataset = new Map<string, Entry>()
  for (const { dataset, id } of set.finetuned.toSorted((a, b) => Number(b.linear) - Number(a.linear))) {
    const entry = of(id)
    if (entry) byDataset.set(dataset, entry)
  }
  const pretrained = of(set.pretrained)
  const datasets = new Set([...byDataset.keys(), ...heads.keys()])
  return {
    ...(pretrained && { pretrained: pretrained.path }),
    vectors: [...byDataset.values()].map((e) => e.path).sort(),
    tasks: [...datasets].map((dataset) => ({
      dataset,
      head: heads.get(dataset),
      finetuned: byDataset.get(dataset)?.path,
    })),
  }
}

/** As far as a recipe tells: its parents that are at hand, and how its run learned. */
export function modelsOfRecipe({ recipe, parents }: Reopened): Models {
  const files = (role: string) => parents.flatMap((p) => (p.role === role && p.file !== null ? [p.file] : []))
  const method = configSchema.shape.method.safeParse(recipe.method)
  const told = resolvedSchema.safeParse(recipe.config)
  const {
    pretrained: _,
    vectors: __,
    tasks: ___,
    ...settings
  } = told.success ? configOfRun(told.data, '') : ({} as Partial<RunConfig>)
  return {
    pretrained: files('pretrained')[0],
    vectors: files('vector'),
    settings: {
      ...settings,
      name: recipe.name,
      ...(method.success && { method: method.data }),
      blocks: recipe.grouping,
      linearised: settings.linearised ?? (recipe.linearised ? 'jvp' : 'no'),
      iterations: recipe.iterations.length > 0 ? recipe.iterations.length : undefined,
    },
  }
}

/**
 * A head as a configuration names it: "path#head.NAME" where its file holds several, the path alone where it holds one.
 */
export function headReference(path: string, tensors: readonly { name: string }[], dataset: string): string {
  const own = tensors.find((t) => plain(t.name) === `head${plain(dataset)}`)
  return own && tensors.length > 1 ? `${path}#${own.name}` : path
}

/** Later choices over earlier ones; those for the same task side by side. */
export function together(before: Models | null, next: Models): Models {
  const earlier = before?.tasks ?? []
  const later = next.tasks ?? []
  const known = (dataset: string) => later.some((t) => plain(t.dataset) === plain(dataset))
  const tasks = [
    ...later.map((task) => ({ ...earlier.find((t) => plain(t.dataset) === plain(task.dataset)), ...task })),
    ...earlier.filter((t) => !known(t.dataset)),
  ]
  return { ...before, ...next, tasks }
}

/**
 * A configuration's files with these in their place; `near` makes a path inside the project's folder relative to it.
 */
export function withModels(files: Files, models: Models, near: (path: string) => string): Files {
  return {
    pretrained: models.pretrained === undefined ? files.pretrained : near(models.pretrained),
    vectors: models.vectors?.map(near) ?? files.vectors,
    tasks: [...files.tasks, ...newTasks(files.tasks, models.tasks)].map((task) => {
      const own = models.tasks?.find((t) => plain(t.dataset) === plain(task.name))
      const { head = task.head, finetuned = models.vectors ? undefined : task.finetuned } = own ?? {}
      const images = own?.data === undefined ? {} : { data: own.data, validation: own.validation, test: own.test }
      return { ...task, ...images, head: near(head), finetuned: finetuned === undefined ? undefined : near(finetuned) }
    }),
  }
}

function newTasks(tasks: Files['tasks'], chosen: readonly TaskFiles[] = []): Files['tasks'] {
  const isThere = (dataset: string) => tasks.some((task) => plain(task.name) === plain(dataset))
  return chosen.flatMap(({ dataset, data, head = '' }) =>
    data === undefined || isThere(dataset) ? [] : [{ name: dataset, data, head }],
  )
}

/** "MNISTVal", "mnist" and "M-NIST" are one data set. */
export function plain(name: string): string {
  return name.toLowerCase().replace(/val$/, '').replace(/[\W_]/g, '')
}
