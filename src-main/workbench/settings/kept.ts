// Settings of every door, in <data folder>/settings.json. For one process the environment wins: BASIL_THREADS,
// BASIL_MEMORY_GB, BASIL_CACHE_GB. A file that cannot be read says nothing.
import { join } from 'node:path'

import { type Limits, limitsSchema } from '../../contract/api/settings.ts'
import { readStartSync } from '../../files/open.ts'
import { writeAtomic } from '../../files/write-atomic.ts'

const fileOf = (home: string): string => join(home, 'settings.json')
const longest = 64 * 1024 // bytes

export function keptLimits(home: string): Limits {
  try {
    return limitsSchema.parse(JSON.parse(readStartSync(fileOf(home), longest).bytes.toString('utf8')))
  } catch {
    return limitsSchema.parse({})
  }
}

export async function keepLimits(home: string, limits: Limits): Promise<void> {
  await writeAtomic(fileOf(home), [Buffer.from(`${JSON.stringify(limits, null, 2)}\n`)], { overwrite: true })
}

const variables = {
  BASIL_THREADS: 'threads',
  BASIL_MEMORY_GB: 'memoryGigabytes',
  BASIL_CACHE_GB: 'cacheGigabytes',
} as const satisfies Record<string, keyof Limits>

/** What the environment says of them. */
export const saidInEnvironment = (env: NodeJS.ProcessEnv): string[] =>
  Object.keys(variables).filter((name) => env[name])

/** Of a new process of the engine: what was set, where the environment says nothing. */
export function limitsEnvironment(home: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = keptLimits(home)
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, key]) =>
      env[name] || kept[key] === null ? [] : [[name, String(kept[key])]],
    ),
  )
}

/** Where exports go. */
export const exportsFolder = (home: string): string => keptLimits(home).exports ?? join(home, 'exports')
