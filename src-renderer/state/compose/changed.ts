// Which fields of a run are not what they would be by themselves. Pure.
import { z } from 'zod'

import { configJsonSchema, methodDefaults } from '../../../src-main/contract/run/resolve.ts'

const titled = z.object({
  properties: z.record(z.string(), z.object({ title: z.string().optional(), default: z.unknown().optional() })),
})
const own = new Set(['name', 'method', 'seed', 'pretrained', 'vectors', 'tasks', 'start', '$schema'])

/** As they are told of in a name: those with one value that is neither as it was opened nor the usual one. */
export function changedFields(
  fields: Record<string, unknown>,
  opened: Record<string, unknown>,
): { name: string; title: string; value: string }[] {
  const { properties } = titled.parse(configJsonSchema())
  const defaults = methodDefaults(String(fields['method']))
  return Object.entries(fields).flatMap(([name, value]) => {
    const usual = defaults[name] ?? properties[name]?.default
    const title = properties[name]?.title
    const isPlain = typeof value !== 'object' || value === null || Array.isArray(value)
    if (own.has(name) || title === undefined || value === undefined || !isPlain) return []
    const text = JSON.stringify(value)
    return text === JSON.stringify(usual) || text === JSON.stringify(opened[name])
      ? []
      : [{ name, title, value: wordOf(value) }]
  })
}

function wordOf(value: unknown): string {
  if (Array.isArray(value)) return value.join(' to ')
  return value === null ? 'none' : String(value)
}
