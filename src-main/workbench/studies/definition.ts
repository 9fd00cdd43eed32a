// A study's file: JSON with the fields of a study, "config" being a configuration or the path of one. Paths in it are
// relative to the folder of the configuration's file, which is the study's own where it holds the configuration itself.
import { dirname, resolve } from 'node:path'

import { BasilError } from '../../contract/errors.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import { resolveConfig } from '../../contract/run/resolve.ts'
import { parsedText, readConfig } from '../projects.ts'

export interface ReadDefinition {
  definition: unknown
  folder: string // that paths of its configuration are relative to
  absolute: (config: unknown) => ResolvedConfig
}

/**
 * make: of what the file holds, the study. named: the file that it names as its configuration, as absolute path; it may
 * refuse. Throws config-invalid, file-missing, file-unreadable.
 */
export async function readDefinition(
  path: string,
  make: (found: Record<string, unknown>) => unknown,
  named: (config: string) => string = (config) => resolve(dirname(path), config),
): Promise<ReadDefinition> {
  const file = resolve(path)
  const found = make(object(await readConfig(file), file))
  const given = object(found, file)['config']
  if (typeof given !== 'string') return { definition: found, ...at(file) }
  const config = named(given)
  return { definition: { ...object(found, file), config: await readConfig(config) }, ...at(config) }
}

/** Of a text without a folder, where a configuration's path leads nowhere. Throws config-invalid. */
export function heldDefinition(text: string, name: string): unknown {
  const found = object(parsedText(text, name), name)
  if (typeof found['config'] !== 'string') return found
  throw new BasilError({
    code: 'config-invalid',
    what: 'The study does not hold its configuration',
    where: name,
    why: `"config" is the path of another file, and nobody can tell where a dropped file lies`,
    next: 'open it by its path on the page Welcome',
  })
}

const at = (file: string): Pick<ReadDefinition, 'folder' | 'absolute'> => ({
  folder: dirname(file),
  absolute: within(dirname(file)),
})

const within =
  (folder: string) =>
  (config: unknown): ResolvedConfig =>
    resolveConfig(config, (path) => resolve(folder, path))

function object(found: unknown, file: string): Record<string, unknown> {
  if (typeof found === 'object' && found !== null && !Array.isArray(found)) return found as Record<string, unknown>
  throw new BasilError({
    code: 'config-invalid',
    what: 'The study is not valid',
    where: file,
    why: 'it is not a JSON object',
    next: 'give it "name", "config", "arms" and "seeds"',
  })
}
