// Installing native TensorFlow, from nothing to switched over:
//   look (system, Python, pip, compiler, GPU, disk space) -> download (wheels by hash) -> extract (libraries only)
//   -> addon (as released, or compiled) -> self-test (in a process of its own) -> switch (one rename)
// A new installation grows in a folder of its own. Whatever fails, or is cancelled, leaves the engine in use as it was;
// wheels that arrived whole stay for the next try.
import { rm, stat, statfs, symlink } from 'node:fs/promises'
import { join } from 'node:path'

import type { InstallEvent, Installed, NativeKind } from '../../contract/api/native.ts'
import { BasilError } from '../../contract/errors.ts'
import { progressGate } from '../../contract/wire/progress-gate.ts'
import {
  addonPath,
  currentEngine,
  downloadsFolder,
  engineFolder,
  installationFolder,
  sweepEngines,
  switchEngine,
  writeManifest,
} from '../../files/engine-folder.ts'
import { makeFolder } from '../../files/made-folder.ts'
import { takeWriterLock, type WriterLock } from '../../history/writer-lock.ts'
import type { EngineProcess } from '../link/engine-process.ts'
import { type AddonSource, findAddon, madeOf, putAddon } from './addon.ts'
import { type CardPlan, cudaFor } from './cards.ts'
import { installFailed, throwIfCancelled } from './child.ts'
import { gpus } from './gpus.ts'
import { fetchWheel, requirePip } from './pip.ts'
import { selfTest } from './self-test.ts'
import { refusedHere } from './system.ts'
import { type Unpacked, unpackWheel } from './unpack.ts'
import { type Pins, placeOf, readPins, type Wheel } from './wheels.ts'

export interface InstallOptions {
  home: string
  resources: string // folder of the program's own files
  kind: NativeKind
  start: (environment: NodeJS.ProcessEnv) => EngineProcess // for the self-test
  inUse: () => boolean // the engine from before may be at work, and is then removed another time
  tell: (event: InstallEvent) => void
  signal: AbortSignal
  keepDownloads?: boolean
}

type Step = Extract<InstallEvent, { type: 'step' }>['step']
type Say = (step: Step, what: string, done: number, total: number) => void

const reserve = 200e6 // bytes for what the addon and the tests need

/** Resolves when the new engine is in use. Throws not-supported, install-failed, disk-full, folder-busy, cancelled. */
export async function install(options: InstallOptions): Promise<Installed> {
  const { home, kind, inUse, tell, keepDownloads = false } = options
  const refusal = refusedHere()
  if (refusal) throw notSupported(refusal)
  makeFolder(downloadsFolder(home))
  const lock = takeInstallLock(home)
  try {
    await sweepUnlessInUse(home, inUse)
    const id = `${kind}-${new Date().toISOString().replace(/\W/g, '')}`
    const folder = installationFolder(home, id)
    try {
      await build(options, id, folder)
    } catch (error) {
      await rm(folder, { recursive: true, force: true })
      throw error
    }
    await switchEngine(home, id)
    await sweepUnlessInUse(home, inUse, !keepDownloads)
    const { installed, damaged } = currentEngine(home)
    if (!installed) throw installFailed('The new engine is not whole', folder, damaged, 'install again')
    tell({ type: 'installed', installed })
    return installed
  } finally {
    lock.release()
  }
}

/** Everything up to the switch. */
async function build(options: InstallOptions, id: string, folder: string): Promise<void> {
  const { home, resources, kind, start, signal } = options
  const say = teller(options.tell)
  const pins = readPins(resources)
  say('resolve', 'Looking at this machine', 0, 1)
  const { source, wheels } = await look(options, pins)
  await download(home, pins, wheels, signal, say)
  const files = await extract(home, folder, wheels, source, signal, say)
  say('addon', 'ready' in source ? 'The addon comes with Basil' : 'Compiling the addon', 0, 1)
  await putAddon(source, folder, signal)
  await rm(join(folder, 'headers'), { recursive: true, force: true })
  files.push({ path: addonPath, bytes: (await stat(join(folder, addonPath))).size })
  say('self-test', 'A run of four steps against recorded numbers', 0, 1)
  await selfTest({ home, resources, kind, addon: join(folder, addonPath), start, signal })
  say('switch', 'Switching over', 0, 1)
  throwIfCancelled(signal)
  await writeManifest(home, id, {
    kind,
    tensorflow: pins.tensorflow,
    installed: new Date().toISOString(),
    made: madeOf(resources),
    files,
  })
}

/** What could go wrong after gigabytes were fetched is looked at before, and what will be fetched is told. */
async function look(
  { home, resources, kind, signal, tell }: InstallOptions,
  pins: Pins,
): Promise<{ source: AddonSource; wheels: Wheel[] }> {
  await requirePip(signal)
  const source = await findAddon(resources, signal)
  const { wheels, notes }: CardPlan = kind === 'cuda' ? cudaFor(await gpus(), pins) : { wheels: pins.cpu, notes: [] }
  const packages = await Promise.all(
    wheels.map(async ({ project, version, file, bytes, unpacked }) => {
      const here = (await stat(join(downloadsFolder(home), file)).catch(() => undefined))?.size ?? 0
      return { project, version, downloadBytes: Math.max(0, bytes - here), bytes: unpacked }
    }),
  )
  const downloadBytes = sum(packages, (one) => one.downloadBytes)
  const bytes = sum(packages, (one) => one.bytes)
  const { bavail, bsize } = await statfs(home)
  const freeBytes = bavail * bsize
  tell({ type: 'sizes', packages, downloadBytes, bytes, freeBytes, notes })
  const needed = reserve + downloadBytes + bytes
  if (freeBytes >= needed) return { source, wheels }
  throw new BasilError({
    code: 'disk-full',
    what: 'There is too little space for the engine',
    where: engineFolder(home),
    why: `it needs ${(needed / 1e9).toFixed(1)} GB while it is installed, and ${(freeBytes / 1e9).toFixed(1)} GB are free`,
    next: 'free some space, or set BASIL_HOME to a folder on another disk',
  })
}

async function download(
  home: string,
  pins: Pins,
  wheels: readonly Wheel[],
  signal: AbortSignal,
  say: Say,
): Promise<void> {
  const folder = downloadsFolder(home)
  const total = sum(wheels, ({ bytes }) => bytes)
  let before = 0
  say('download', pins.pip.project, 0, total)
  await fetchWheel(pins.pip, null, { folder, signal })
  for (const wheel of wheels) {
    const onBytes = (bytes: number): void => say('download', wheel.project, before + bytes, total)
    onBytes(0)
    await fetchWheel(wheel, pins.pip, { folder, signal, onBytes })
    before += wheel.bytes
  }
  say('download', 'all wheels', total, total)
}

/** Gives the files that make the installation. */
async function extract(
  home: string,
  folder: string,
  wheels: readonly Wheel[],
  source: AddonSource,
  signal: AbortSignal,
  say: Say,
) {
  const total = sum(wheels, ({ unpacked }) => unpacked)
  const files: Unpacked[] = []
  const isHeader = (path: string): boolean => path.startsWith('headers')
  const wanted = (name: string): string | null => {
    const path = placeOf(name)
    return path !== null && isHeader(path) && 'ready' in source ? null : path
  }
  let before = 0
  for (const wheel of wheels) {
    const onBytes = (bytes: number): void => say('extract', wheel.project, Math.min(total, before + bytes), total)
    onBytes(0)
    const unpacked = await unpackWheel(join(downloadsFolder(home), wheel.file), {
      folder,
      placeOf: wanted,
      signal,
      onBytes,
    })
    for (const file of [...unpacked, ...(await linked(folder, wheel))]) files.push(file)
    before += wheel.unpacked
  }
  say('extract', 'all wheels', total, total)
  return files.filter(({ path }) => !isHeader(path))
}

/** The names under which TensorFlow asks for libraries of another version, beside the libraries. */
async function linked(folder: string, { links = {} }: Wheel): Promise<Unpacked[]> {
  const beside = join('nvidia', 'cublas', 'lib')
  for (const [name, library] of Object.entries(links)) await symlink(library, join(folder, beside, name))
  return Object.keys(links).map((name) => ({ path: join(beside, name), bytes: 0, link: true as const }))
}

/** Ten a second are enough; a step's first and last are always told. */
function teller(tell: InstallOptions['tell']): Say {
  const isDue = progressGate(() => performance.now())
  return (step, what, done, total) => {
    const due = isDue()
    if (due || done === 0 || done === total) tell({ type: 'step', step, what, done, total })
  }
}

async function sweepUnlessInUse(home: string, inUse: () => boolean, downloads = false): Promise<void> {
  if (inUse()) return
  await sweepEngines(home, { downloads })
}

/** One installation at a time, in whatever process. */
export function takeInstallLock(home: string): WriterLock {
  try {
    makeFolder(engineFolder(home))
    return takeWriterLock(engineFolder(home))
  } catch (error) {
    if (!(error instanceof BasilError && error.record.code === 'folder-busy')) throw error
    const { code, where, why } = error.record
    throw new BasilError({
      code,
      what: 'An engine is being installed',
      where,
      why,
      next: 'wait for its end, or cancel it',
    })
  }
}

function notSupported(why: string): BasilError {
  return new BasilError({
    code: 'not-supported',
    what: 'Native TensorFlow cannot be installed here yet',
    where: '',
    why,
    next: 'go on with the portable engine, which needs nothing',
  })
}

function sum<T>(of: readonly T[], value: (one: T) => number): number {
  return of.reduce((total, one) => total + value(one), 0)
}
