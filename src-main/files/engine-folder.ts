// Where native TensorFlow lies in the data folder, and which of what lies there is in use:
//   engine/<id>/         tensorflow/ and nvidia/ (libraries), binding/ (addons), manifest.json
//   engine/current.json  { id }; replaced by one rename, so that there is no moment with half an engine
//   engine/downloads/    wheels, until an installation has succeeded
// Reading never throws: an engine that is not whole is not used, and why is said.
import { statSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { z } from 'zod'

import { type Installed, nativeKinds } from '../contract/api/native.ts'
import { recordOf } from '../contract/errors.ts'
import { readStartSync } from './open.ts'
import { writeAtomic } from './write-atomic.ts'

const longest = 2 ** 20 // bytes of what is kept in JSON
const idPattern = /^(cpu|cuda)-[\w.-]{1,80}$/
const currentSchema = z.object({ id: z.string().regex(idPattern) })
const fileSchema = z.object({ path: z.string(), bytes: z.number(), link: z.literal(true).optional() })
const manifestSchema = z.object({
  kind: z.enum(nativeKinds),
  tensorflow: z.string(), // version
  installed: z.string(), // ISO 8601, UTC
  made: z.string().default(''), // what the addon was made of (workbench/native/addon.ts); empty before that was kept
  // two libraries and the addon at least
  files: z.array(fileSchema).min(3),
})
export type EngineManifest = z.input<typeof manifestSchema>

/** In every installation, from its own folder. */
export const addonPath = join('binding', 'tfjs_binding.node')
/** In those that have it (engine/devices/double/compiled.ts). */
export const doublesPath = join('binding', 'doubles.node')

export const engineFolder = (home: string): string => join(home, 'engine')
export const downloadsFolder = (home: string): string => join(engineFolder(home), 'downloads')
export const installationFolder = (home: string, id: string): string => join(engineFolder(home), id)

/**
 * The engine in use; null with a reason when what was installed is not whole, and with none when nothing is installed.
 */
export function currentEngine(home: string): { installed: Installed | null; damaged: string } {
  const none = (damaged: string) => ({ installed: null, damaged })
  const current = read(join(engineFolder(home), 'current.json'), currentSchema)
  if (typeof current === 'string') return none(current && `current.json ${current}`)
  const folder = installationFolder(home, current.id)
  const manifest = read(join(folder, 'manifest.json'), manifestSchema)
  if (typeof manifest === 'string') return none(`manifest.json ${manifest || 'is missing'}`)
  const broken = manifest.files.find(({ path, bytes, link }) => {
    const size = statSync(join(folder, path), { throwIfNoEntry: false })?.size
    return link ? size === undefined : size !== bytes
  })
  if (broken) return none(`${broken.path} is missing or not whole`)
  const { kind, tensorflow, installed, files, made } = manifest
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  return {
    installed: { kind, tensorflow, folder, addon: join(folder, addonPath), bytes, installed, made },
    damaged: '',
  }
}

/** Says what an installation consists of, in its own folder. */
export async function writeManifest(home: string, id: string, manifest: EngineManifest): Promise<void> {
  await writeAtomic(join(installationFolder(home, id), 'manifest.json'), bytesOf(manifest), { overwrite: true })
}

/** From here on this installation is the one in use. */
export async function switchEngine(home: string, id: string): Promise<void> {
  await writeAtomic(join(engineFolder(home), 'current.json'), bytesOf({ id }), { overwrite: true })
}

/** No installation is in use any more; true if one was, whole or not. */
export async function forgetEngine(home: string): Promise<boolean> {
  const file = join(engineFolder(home), 'current.json')
  const was = statSync(file, { throwIfNoEntry: false }) !== undefined
  await rm(file, { force: true })
  return was
}

/** Removes every installation but the one in use, and what broken-off ones left; downloads stay unless asked. */
export async function sweepEngines(home: string, { downloads }: { downloads: boolean }): Promise<void> {
  const current = read(join(engineFolder(home), 'current.json'), currentSchema)
  const names = await readdir(engineFolder(home)).catch(() => [])
  const goes = (name: string): boolean =>
    name === 'downloads' ? downloads : idPattern.test(name) && (typeof current === 'string' || name !== current.id)
  for (const name of names.filter(goes)) await rm(join(engineFolder(home), name), { recursive: true, force: true })
}

/** The parsed file, or what is wrong with it: empty when it is not there. */
function read<T>(file: string, schema: z.ZodType<T>): T | string {
  try {
    const parsed = schema.safeParse(JSON.parse(readStartSync(file, longest).bytes.toString('utf8')))
    return parsed.success ? parsed.data : 'is damaged'
  } catch (error) {
    return recordOf(error).code === 'file-missing' ? '' : 'is damaged'
  }
}

function bytesOf(value: unknown): Uint8Array[] {
  return [Buffer.from(`${JSON.stringify(value, null, 2)}\n`)]
}
