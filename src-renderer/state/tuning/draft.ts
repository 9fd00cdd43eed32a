// Fine-tunings being written, as they are kept over a reload: a pre-trained model, one data set or several, a kind and
// its fields as typed. One data set is one fine-tuning, several are a whole set. Pure.
import { z } from 'zod'

import type { DataSet } from '../../../src-main/contract/api/data.ts'
import { cardOf } from '../../../src-main/contract/tuning/config.ts'
import { type TuningKind, tuningKinds } from '../../../src-main/contract/tuning/kinds/index.ts'
import type { TuningDetail } from '../../../src-main/contract/tuning/tuning.ts'
import { type TaskSplits, taskName } from '../data/task-splits.ts'

const split = z.string().default('')
const taskSchema = z.object({
  dataSet: z.number(), // a row of the Data page
  data: split,
  validation: split, // "": none
  test: split,
  head: z.string().default(''), // as a configuration names it; "": not chosen yet
})
export type DraftTask = z.infer<typeof taskSchema>

const fields = z.record(z.string(), z.unknown())
const names = tuningKinds.map(({ name }) => name)

const draftSchema = z.object({
  pretrained: z.number().nullable().default(null), // a row of the library
  tasks: z.array(taskSchema).max(64).default([]),
  others: z.array(z.number()).default([]), // data sets, where one is fine-tuned alone; of a set: the rest of it
  kind: z.enum(names).default('standard'),
  fields: fields.default({}), // that every kind has
  own: z.record(z.string(), fields).default({}), // of each kind, its own
  convention: z.boolean().default(false), // into a folder as the field's programs leave them
})
export type Draft = z.infer<typeof draftSchema>

/** What is no draft, or one of another version, is an empty one. */
export function readDraft(kept: unknown): Draft {
  const found = draftSchema.safeParse(kept ?? {})
  return found.success ? found.data : draftSchema.parse({})
}

/** Learn on what the field learns on, watch its validation split, test on its test split; else by the splits' names. */
export function splitsToTune({ splits, field }: Pick<DataSet, 'splits' | 'field'>): TaskSplits {
  const has = (name: string) => field.some((one) => one.name === name && one.count > 0)
  if (has('field-train'))
    return {
      data: 'field-train',
      validation: has('field-val') ? 'field-val' : '',
      test: has('field-test') ? 'field-test' : '',
    }
  const names = splits.map(({ name }) => name)
  const like = (form: RegExp) => names.find((name) => form.test(name)) ?? ''
  return { data: like(/learn/) || like(/train/) || (names[0] ?? ''), validation: like(/val/), test: like(/test/) }
}

/** What a fine-tuning's files are called here. */
export interface Places {
  model(id: number): string | undefined // its path
  set(id: number): Pick<DataSet, 'name' | 'path'> | null
}

const at = (path: string, split: string): string => (split === '' ? path : `${path}#${split}`)

/** What all of a set share: everything but the task. Others are left to the set itself. */
export function templateOf(draft: Draft, { model, set }: Places): Record<string, unknown> {
  const { kind, tasks, others } = draft
  const path = draft.pretrained === null ? undefined : model(draft.pretrained)
  const named = others.flatMap((id) => set(id)?.path ?? [])
  return {
    kind,
    ...(path !== undefined && { pretrained: path }),
    ...draft.fields,
    ...draft.own[kind],
    ...(looksAtOthers(kind) && tasks.length < 2 && named.length > 0 && { others: named }),
  }
}

export const looksAtOthers = (kind: TuningKind): boolean => cardOf(kind).others === true

export interface WrittenTask {
  name: string
  data: string
  validation?: string
  test?: string
  head: string
}

/** Names are those of the data sets, told apart where two are called alike. */
export function writtenTasks({ tasks }: Draft, { set }: Places): WrittenTask[] {
  const taken = new Set<string>()
  return tasks.flatMap(({ dataSet, data, validation, test, head }) => {
    const found = set(dataSet)
    if (!found) return []
    const free = (n: number): string => {
      const name = n === 1 ? taskName(found.name) : `${taskName(found.name).slice(0, 76)} ${n}`
      return taken.has(name) ? free(n + 1) : name
    }
    const name = free(1)
    taken.add(name)
    return [
      {
        ...{ name, data: at(found.path, data), head },
        ...(validation !== '' && { validation: at(found.path, validation) }),
        ...(test !== '' && { test: at(found.path, test) }),
      },
    ]
  })
}

/** Each as a configuration of its own, as the workbench makes them of a set. */
export function configsOf(draft: Draft, places: Places): Record<string, unknown>[] {
  const template = templateOf(draft, places)
  const tasks = writtenTasks(draft, places)
  const isSet = tasks.length > 1 && looksAtOthers(draft.kind)
  return tasks.map((task) => ({
    ...template,
    task,
    ...(isSet && { others: tasks.filter((other) => other !== task).map(({ data }) => data) }),
  }))
}

/** What has to be chosen before anything can be checked, in the order of the page. */
export function unchosen(draft: Draft, places: Places): { field: string; message: string }[] {
  const said: { field: string; message: string }[] = []
  if (draft.pretrained === null || places.model(draft.pretrained) === undefined)
    said.push({ field: 'pretrained', message: 'Choose the pre-trained model.' })
  if (draft.tasks.length === 0) said.push({ field: 'task', message: 'Choose a data set, or several.' })
  for (const { dataSet, data, head } of draft.tasks) {
    const name = places.set(dataSet)?.name
    if (name === undefined)
      said.push({ field: 'task', message: 'A data set is gone from the Data page: leave it out.' })
    else if (data === '') said.push({ field: 'task', message: `Choose what is learned on of ${name}.` })
    else if (head === '') said.push({ field: 'task', message: `Choose or make a head for ${name}.` })
  }
  if (looksAtOthers(draft.kind) && draft.tasks.length === 1 && draft.others.length === 0)
    said.push({
      field: 'others',
      message: `${cardOf(draft.kind).title} looks at images of other tasks: choose some, or fine-tune several data sets as a set.`,
    })
  return said
}

/** Settings of a fine-tuning that is there; files that are not at hand here are left to be chosen. */
export function draftOfTuning(
  { config }: Pick<TuningDetail, 'config'>,
  found: { model: number | null; set: (path: string) => Pick<DataSet, 'id'> | null },
): Draft {
  const { kind, pretrained: _, task, others, name: _name, $schema: _schema, ...rest } = config
  const part = (path: string | undefined): [string, string] => {
    const hash = path?.lastIndexOf('#') ?? -1
    return path === undefined ? ['', ''] : hash < 0 ? [path, ''] : [path.slice(0, hash), path.slice(hash + 1)]
  }
  const own = Object.keys(cardOf(kind).fields)
  const all = Object.entries(rest)
  const [place, data] = part(task.data)
  const set = found.set(place)
  const splits = { data, validation: part(task.validation)[1], test: part(task.test)[1] }
  return readDraft({
    kind,
    pretrained: found.model,
    tasks: set ? [{ dataSet: set.id, ...splits, head: task.head }] : [],
    others: others.flatMap((path) => found.set(path)?.id ?? []),
    fields: Object.fromEntries(all.filter(([name]) => !own.includes(name))),
    own: { [kind]: Object.fromEntries(all.filter(([name]) => own.includes(name))) },
  })
}
