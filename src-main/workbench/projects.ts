// Configurations the person opened. A folder that was opened becomes a grant: the renderer names the grant, and paths
// in a configuration it sends stay inside that folder, or are those of checkpoints the person added to the library.
// What lies behind a link the person put there is theirs to use. What a run was made of may be used again: those very
// files.
import { randomUUID } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, resolve, sep } from 'node:path'

import type { z } from 'zod'

import type { Project, Recognised } from '../contract/api/projects.ts'
import { BasilError } from '../contract/errors.ts'
import { configSchema, type ResolvedConfig } from '../contract/run/config.ts'
import { resolveConfig } from '../contract/run/resolve.ts'
import { type ResolvedTuning, resolveTuning } from '../contract/tuning/config.ts'
import { readStart } from '../files/open.ts'
import { recognise } from './recognise.ts'
import { absolute } from './typed-path.ts'
import { isMeantAsConfig, parseWritten } from './written.ts'

const largest = 2 ** 20 // bytes of a configuration
const mostPresets = 100

export interface Projects {
  open(path: string): Promise<Project>
  /** The text of a configuration without a folder: its paths have to be known ones. */
  take(name: string, text: string): Project
  /** A grant for a folder, by a file in it that the person named. */
  within(folder: string): string
  /** A file that one of the grant's names, as absolute path. Throws not-allowed. */
  named(grant: string, path: string): string
  /** A grant for what the library and the data sets hold, and nothing else. */
  library(): string
  /** A grant for a run's own files, by their absolute paths. */
  ofRun(config: ResolvedConfig): string
  /**
   * A configuration the renderer sent, with its paths inside the grant's folder or in the library. Throws
   * config-invalid, not-allowed.
   */
  resolve(grant: string, config: unknown): ResolvedConfig
  /** The same of a fine-tuning's. */
  resolveTuning(grant: string, config: unknown): ResolvedTuning
}

/** Folders whose configurations were opened, also before this start. */
export interface Folders {
  all(): readonly string[]
  keep(folder: string): void
}

interface Options {
  holds?: (path: string) => boolean // whether an absolute path is one of the library's
  folders?: Folders
  sample?: string // its configuration
}

export function createProjects({ holds: isHeld = () => false, folders, sample }: Options = {}): Projects {
  const holds = (path: string): boolean => isHeld(path) || isInside(path, folders?.all() ?? [])
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
  function within(grant: string): (path: string) => string {
    const own = files.get(grant)
    if (own) return (path) => (own.has(path) ? path : (granted(path, holds) ?? refuse(path)))
    const folder = grants.get(grant)
    if (folder === undefined) throw notAllowed('the project', 'it is not open any more')
    return (path) => granted(path, holds) ?? inside(folder, path)
  }
  return {
    open: async (path) => {
      const file = absolute(path)
      await refuseOthers(file)
      const config = await readConfig(file)
      const parsed = parsedConfig(config, file)
      const folder = dirname(file)
      if (folder !== dirname(folder)) folders?.keep(folder)
      return {
        grant: grantFor(folder),
        name: nameOf(file, parsed.name),
        folder,
        origin: file === sample ? { kind: 'sample' } : { kind: 'file', path: file },
        config: parsed,
        presets: await presetsIn(folder, file),
      }
    },
    take: (name, text) => {
      const config = parsedConfig(parsedText(text, name), name)
      const granted = { grant: grantOf([]), name: nameOf(name, config.name), folder: '', presets: [] }
      return { ...granted, origin: { kind: 'library' }, config }
    },
    within: grantFor,
    named: (grant, path) => within(grant)(path),
    library: () => grantOf([]),
    ofRun: (config) => grantOf(pathsOf(config)),
    resolve: (grant, config) => resolveConfig(config, within(grant)),
    resolveTuning: (grant, config) => resolveTuning(config, within(grant)),
  }
}

/** For the command line, whose user may name any file: paths are relative to the configuration's folder. */
export async function resolveFile(path: string): Promise<ResolvedConfig> {
  const file = resolve(path)
  const config = await readConfig(file)
  return resolveConfig(config, (p) => resolve(dirname(file), p))
}

/** The same of a fine-tuning's. */
export async function resolveTuningFile(path: string): Promise<ResolvedTuning> {
  const file = resolve(path)
  return resolveTuning(await readConfig(file), (p) => resolve(dirname(file), p))
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
  const names = (await readdir(folder))
    .filter((name) => /\.(json|ya?ml)$/i.test(name) && join(folder, name) !== opened)
    .sort()
  const presets = []
  for (const name of names.slice(0, mostPresets)) {
    const parsed = configSchema.safeParse(await readConfig(join(folder, name)).catch(() => undefined))
    if (parsed.success) presets.push({ name: nameOf(name, parsed.data.name), config: parsed.data })
  }
  return presets
}

/** "path#name" of a folder that was opened once; nothing leaves it by "..". */
function isInside(path: string, folders: readonly string[]): boolean {
  const file = resolve(path)
  return file === path && folders.some((folder) => file.startsWith(`${folder}${sep}`))
}

/** Something else that Basil knows, opened as a configuration, is told as what it is. */
async function refuseOthers(file: string): Promise<void> {
  const { kind, words } = await recognise(file)
  if (kind === 'nothing' || kind === 'configuration') return
  throw new BasilError({
    code: 'config-invalid',
    what: `This is ${words}, not a configuration`,
    where: file,
    why: 'a configuration is a JSON or YAML file that names a method, models and tasks',
    next: nextOf[kind] ?? 'add it to the library, and use it in a new run from there',
  })
}

const nextOf: Partial<Record<Recognised['kind'], string>> = {
  data: 'add it on the Data page',
  study: 'open it on the page Welcome: it becomes a study',
  mergekit: 'open it on the page Welcome: it is a draft of a merge',
}

function parsedConfig(config: unknown, file: string): z.output<typeof configSchema> {
  if (!isMeantAsConfig(config))
    throw notAConfig(
      file,
      `it is ${/\.ya?ml$/i.test(file) ? 'YAML' : 'JSON'}, and has none of the fields of a configuration`,
    )
  resolveConfig(config, (p) => p) // throws what is wrong with it
  return configSchema.parse(config)
}

/** What a small file says. Throws config-invalid, and what opening it throws. */
export async function readConfig(file: string): Promise<unknown> {
  const { bytes, isWhole } = await readStart(file, largest)
  if (!isWhole) throw notAConfig(file, 'it is larger than 1 MB')
  return parsedText(bytes.toString('utf8'), file)
}

export function parsedText(text: string, name: string): unknown {
  try {
    return parseWritten(text, name)
  } catch (error) {
    throw notAConfig(name, error instanceof Error ? error.message : String(error))
  }
}

function notAConfig(where: string, why: string): BasilError {
  const next = 'open a JSON or YAML file that names a method, models and tasks'
  return new BasilError({ code: 'config-invalid', what: 'This is not a configuration', where, why, next })
}

const nameOf = (file: string, given: string | undefined): string =>
  given ?? basename(file).replace(/\.(json|ya?ml)$/i, '')

function notAllowed(path: string, why: string): BasilError {
  return new BasilError({
    code: 'not-allowed',
    what: 'A path is outside what was opened',
    where: path,
    why,
    next: 'name files by their path inside the folder of the configuration, or open a configuration there',
  })
}
