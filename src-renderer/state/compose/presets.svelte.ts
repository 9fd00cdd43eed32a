// Configurations a person keeps under a name, to begin from again: beside those that lie in a project's folder.
import { z } from 'zod'

import { configSchema, type RunConfig } from '../../../src-main/contract/run/config.ts'
import { choice } from '../remembered.svelte.ts'

const most = 100
const kept = choice('compose.presets', z.array(z.object({ name: z.string(), config: z.json() })), [])

export interface Preset {
  name: string
  config: RunConfig
}

/** Those of this Basil's configuration format. */
export function ownPresets(): Preset[] {
  return kept.value.flatMap(({ name, config }) => {
    const parsed = configSchema.safeParse(config)
    return parsed.success ? [{ name, config: parsed.data }] : []
  })
}

/** Takes the place of one with this name. */
export function keepPreset(name: string, config: unknown): void {
  const others = kept.value.filter((one) => one.name !== name)
  kept.value = [{ name, config: z.json().parse(JSON.parse(JSON.stringify(config))) }, ...others].slice(0, most)
}

export function forgetPreset(name: string): void {
  kept.value = kept.value.filter((one) => one.name !== name)
}
