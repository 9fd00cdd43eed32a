// The configuration that a form's fields say: what is empty is left out, and only a method that goes on in iterations
// has iterations and a start.
import { iterates, reads } from '../../src-main/contract/methods/lookup.ts'
import type { RunConfig } from '../../src-main/contract/run/config.ts'

export type Fields = Record<string, unknown>

export interface Written {
  fields: Fields
  start: Fields // of the run that DV-BASI begins with
  source: Pick<RunConfig, 'pretrained' | 'vectors' | 'tasks'> | null
  sitsOut: (key: string) => boolean // "vector PATH", "task NAME"
}

export function writtenConfig({ fields: typed, start: typedStart, source, sitsOut }: Written): Fields {
  const { iterations, ...fields } = defined(typed)
  const { checkpoint, ...start } = defined(typedStart)
  return {
    ...fields,
    pretrained: source?.pretrained,
    vectors: (source?.vectors ?? []).filter((v) => !sitsOut(`vector ${v}`)),
    tasks: (source?.tasks ?? []).filter((t) => !sitsOut(`task ${t.name}`)),
    ...(iterates(String(fields.method)) && {
      ...(iterations !== undefined && { iterations }),
      start: reads(String(start.method), 'checkpoint') && checkpoint !== undefined ? { ...start, checkpoint } : start,
    }),
  }
}

function defined(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
