// A run being written, as it is kept over a reload: fields as typed, the files it names and where they were opened.
// Pure.
import { z } from 'zod'

import { originSchema, type Project } from '../../../src-main/contract/api/projects.ts'
import type { RunConfig } from '../../../src-main/contract/run/config.ts'
import type { Models } from '../checkpoints/models.ts'
import { writtenConfig } from '../written-config.ts'

type Task = RunConfig['tasks'][number]

/** A draft may have a task without a head yet, which no configuration may. */
function isNamed(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string'
}

const fields = z.record(z.string(), z.unknown())
const files = z.object({
  pretrained: z.string(),
  vectors: z.array(z.string()),
  tasks: z.array(z.custom<Task>(isNamed)),
})
const draftSchema = z.object({
  origin: originSchema,
  title: z.string(), // of what was opened
  folder: z.string(), // that its paths are relative to; "": from the root
  fields,
  start: fields,
  source: files,
  off: z.array(z.string()), // "vector PATH" and "task NAME" that sit out
  named: z.enum(['typed', 'given']).nullable(), // by the person, or by what was opened
  opened: fields, // the fields as they were opened
  preset: z.string().default(''), // the one its settings were loaded from, "own NAME" or "NAME"
  fresh: z.string(), // the configuration as it was opened, or last started, as text
})
export type Draft = z.infer<typeof draftSchema>

/** Null for anything but a draft. */
export function readDraft(kept: unknown): Draft | null {
  const found = draftSchema.safeParse(kept)
  return found.success ? found.data : null
}

export function configOf({ fields: own, start, source, off }: Draft, name?: string): Record<string, unknown> {
  const named = own['name'] === undefined && name ? { ...own, name } : own
  return writtenConfig({ fields: named, start, source, sitsOut: (key) => off.includes(key) })
}

/** Whether anything was changed since it was opened. */
export const isChanged = (draft: Draft): boolean => JSON.stringify(configOf(draft)) !== draft.fresh

/** As it is now, it is what was opened. */
export const asFresh = (draft: Draft): Draft => ({ ...draft, fresh: JSON.stringify(configOf(draft)) })

export function draftOf(
  { origin, name, folder }: Pick<Project, 'origin' | 'name' | 'folder'>,
  config: RunConfig,
): Draft {
  const { start, pretrained, vectors, tasks, $schema: _, ...own } = config
  return asFresh({
    ...{ origin, folder, title: name },
    fields: { ...own },
    opened: { ...own },
    start: { method: 'atlas', ...start },
    source: { pretrained, vectors: vectors ?? [], tasks },
    off: [],
    named: config.name === undefined ? null : 'given',
    preset: '',
    fresh: '',
  })
}

/** A new run of models of the library: these, and the tasks of these that have data. */
export function draftOfModels(models: Models, title: string): Draft {
  const { name, method, start, ...settings } = models.settings ?? {}
  const source: Draft['source'] = {
    pretrained: models.pretrained ?? '',
    vectors: models.vectors ?? [],
    tasks: (models.tasks ?? []).flatMap(({ dataset, data, head = '', ...rest }) =>
      data === undefined ? [] : [{ name: dataset, data, head, ...rest }],
    ),
  }
  const config = { method: method ?? 'dv-basi', ...settings, ...(name && { name }), ...(start && { start }), ...source }
  return draftOf({ origin: { kind: 'library' }, name: title, folder: '' }, config)
}
