// Configurations the person opened. A folder that was opened becomes a grant: the renderer names the grant, and paths
// in a configuration it sends stay inside that folder, or are those of checkpoints the person added to the library.
// What lies behind a link the person put there is theirs to use. What a run was made of may be used again: those very
// files.
import { randomUUID } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'

import type { Project } from '../contract/api/api.ts'
import { BasilError } from '../contract/errors.ts'
import { parseJson } from '../contract/json.ts'
import { configSchema, type ResolvedConfig } from '../contract/run/config.ts'
import { resolveConfig } from '../contract/run/resolve.ts'
import { readStart } from '../files/open.ts'

const largest = 2 ** 20 // bytes of a configuration
const mostPresets = 100

export interface Projects {
  open(path: string): Promise<Project>
  /** A grant for what the library and the data sets hold, and nothing else. */
  library(): string
  /** A grant for a run's own files, by their absolute paths. */
  ofRun(config: ResolvedConfig): string
  /**
   * A configuration the renderer sent, with its paths inside the grant's folder or in the library. Throws
   * config-invalid, not-allowed.
   */
  resolve(grant: string, config: unknown): ResolvedConfig
}

/** holds: whether an absolute path is one of the library's. */
export function createProjects(holds: (path: string) => boolean = () => false): Projects {
  const grants = new Map<string, string>() // id to folder
  const files = new Map<string, ReadonlySet<string>>() // id to files
  function grantFor(folder: string): string {
    for (const [id, granted] of grants) if (granted === folder) return id
    const id = randomUUID()
    grants.set(id, folder)
    return id
  }
  function grantOf(paths: readonly string[]): string {
    const id = randomUUID()
    files.set(id, new Set(paths))
    return id
  }
  return {
    open: async (path) => {
      const file = resolve(path)
      const config = await readConfig(file)
      if (!isMeantAsConfig(config)) throw notAConfig(file, 'it is JSON, and has none of the fields of a configuration')
      resolveConfig(config, (p) => p) // throws what is wrong with it
      const folder = dirname(file)
      const parsed = configSchema.parse(config)
      return {
        grant: grantFor(folder),
        name: nameOf(file, parsed.name),
        folder,
        config: parsed,
        presets: await presetsIn(folder, file),
      }
    },
    library: () => grantOf([]),
    ofRun: (config) => grantOf(pathsOf(config)),
    resolve: (grant, config) => {
      const own = files.get(grant)
      if (own) return resolveConfig(config, (path) => (own.has(path) ? path : (granted(path, holds) ?? refuse(path))))
      const folder = grants.get(grant)
      if (folder === undefined) throw notAllowed('the project', 'it is not open any more')
      return resolveConfig(config, (path) => granted(path, holds) ?? inside(folder, path))
    },
  }
}

/** For the command line, whose user may name any file: paths are relative to the configuration's folder. */
export async function resolveFile(path: string): Promise<ResolvedConfig> {
  const file = resolve(path)
  const config = await readConfig(file)
  return resolveConfig(config, (p) => resolve(dirname(file), p))
}

function pathsOf({ pretrained, vectors, tasks }: ResolvedConfig): string[] {
  const all = [pretrained, ...vectors, ...tasks.flatMap((t) => [t.data, t.head, t.validation, t.test, t.finetuned])]
  return all.filter((path) => path !== null)
}

function refuse(path: string): never {
  throw notAllowed(path, 'the run did not use it, and neither the library nor the data sets have it')
}

/** "path#name" points into a file; a name holds no separator. */
function granted(path: string, holds: (path: string) => boolean): string | null {
  return isAbsolute(path) && (holds(path) || holds(path.replace(/#[^#/\\]*$/, ''))) ? path : null
}

function inside(folder: string, path: string): string {
  if (isAbsolute(path) || /^[a-z]:/i.test(path)) throw notAllowed(path, 'it is not relative to the folder')
  // also after a "#", which is only a name
  if (path.split(/[/\\]/).includes('..')) throw notAllowed(path, 'it leaves the folder')
  if (path.includes('\0')) throw notAllowed(path, 'no file has such a name')
  return join(folder, path)
}

async function presetsIn(folder: string, opened: string): Promise<Project['presets']> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json') && join(folder, name) !== opened).sort()
  const presets = []
  for (const name of names.slice(0, mostPresets)) {
    const parsed = configSchema.safeParse(await readConfig(join(folder, name)).catch(() => undefined))
    if (parsed.success) presets.push({ name: nameOf(name, parsed.data.name), config: parsed.data })
  }
  return presets
}

/**
 * Fields are named in messages, so first it must be a configuration that somebody wrote, and not any JSON of the disk.
 */
function isMeantAsConfig(config: unknown): boolean {
  return (
    typeof config === 'object' &&
    config !== null &&
    ['method', 'pretrained', 'tasks'].some((field) => Object.hasOwn(config, field))
  )
}

/** The JSON of a small file. Throws config-invalid, and what opening it throws. */
export async function readConfig(file: string): Promise<unknown> {
  const { bytes, isWhole } = await readStart(file, largest)
  if (!isWhole) throw notAConfig(file, 'it is larger than 1 MB')
  try {
    return parseJson(bytes.toString('utf8'))
  } catch (error) {
    throw notAConfig(file, (error as SyntaxError).message)
  }
}

function notAConfig(where: string, why: string): BasilError {
  return new BasilError({
    code: 'config-invalid',
    what: 'This is not a configuration',
    where,
    why,
    next: 'open a JSON file as "basil schema" describes it',
    inWindow: 'open the JSON file of a run; checkpoints are added to the library, and images to the data sets',
  })
}

const nameOf = (file: string, given: string | undefined): string => given ?? basename(file, '.json')

function notAllowed(path: string, why: string): BasilError {
  return new BasilError({
    code: 'not-allowed',
    what: 'A path is outside what was opened',
    where: path,
    why,
    next: 'name files by their path inside the folder of the configuration, or open a configuration there',
  })
}
