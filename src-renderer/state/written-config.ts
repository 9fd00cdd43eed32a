// The configuration that a form's fields say: what is empty is left out, and only a method that goes on in iterations
// has iterations and a start.
import { iterates, reads } from '../../src-main/contract/methods/lookup.ts'
import type { RunConfig } from '../../src-main/contract/run/config.ts'

/** What a configuration may have only where its method, or its start's, reads it. */
const ofSome = ['checkpoint', 'merge', 'set', 'weights'] as const

export type Fields = Record<string, unknown>

export interface Written {
  fields: Fields
  start: Fields // of the run that DV-BASI begins with
  source: Pick<RunConfig, 'pretrained' | 'vectors' | 'tasks'> | null
  sitsOut: (key: string) => boolean // "vector PATH", "task NAME"
}

export function writtenConfig({ fields: typed, start: typedStart, source, sitsOut }: Written): Fields {
  const { iterations, ...fields } = own(defined(typed))
  return {
    ...fields,
    pretrained: source?.pretrained,
    vectors: (source?.vectors ?? []).filter((v) => !sitsOut(`vector ${v}`)),
    tasks: (source?.tasks ?? []).filter((t) => !sitsOut(`task ${t.name}`)),
    ...(iterates(String(fields.method)) && {
      ...(iterations !== undefined && { iterations }),
      start: own(defined(typedStart)),
    }),
  }
}

/** Without what belongs to another method than the one that is chosen now. */
function own(fields: Fields): Fields {
  const method = String(fields.method)
  const others = ofSome.filter((name) => !reads(method, name))
  return Object.fromEntries(Object.entries(fields).filter(([key]) => !others.some((name) => name === key)))
}

function defined(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
