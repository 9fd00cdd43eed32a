// The installed engine as a workbench has it: what is in use, installing with events, removing. The engine's process is
// renewed when what it should run on has changed: at once, or after the run that is at work in it.
import {
  type Gpu,
  type InstallEvent,
  type NativeKind,
  type NativeStatus,
  nativeKinds,
} from '../../contract/api/native.ts'
import { currentEngine, forgetEngine, sweepEngines } from '../../files/engine-folder.ts'
import { sum } from '../../numbers/vectors.ts'
import type { EngineProcess } from '../link/engine-process.ts'
import { madeOf } from './addon.ts'
import { cudaFor } from './cards.ts'
import { install, takeInstallLock } from './install.ts'
import { refusedHere } from './system.ts'
import { type Pins, readPins, type Wheel } from './wheels.ts'

export interface InstallerOptions {
  home: string
  resources: string
  start: (environment: NodeJS.ProcessEnv) => EngineProcess
  inUse: () => boolean // a run is at work in the engine
  renew: () => void // ends the engine's process, the next one starts as is wanted by then
}

type InstallerStatus = Pick<NativeStatus, 'installed' | 'outdated' | 'damaged' | 'offers' | 'refused'>

export interface Installer {
  status(gpus: readonly Gpu[]): InstallerStatus
  /** Tells how it goes until the new engine is in use; throws what install throws. The signal, or closing, ends it. */
  install(kind: NativeKind, signal: AbortSignal): AsyncGenerator<InstallEvent, void>
  /** True if there was one to remove. Throws folder-busy while one is installed. */
  remove(): Promise<boolean>
  /** A run has ended: what had to wait for it is done. */
  settle(): void
  close(): Promise<void>
}

export function createInstaller({ home, resources, start, inUse, renew }: InstallerOptions): Installer {
  const closing = new AbortController()
  let present: Promise<unknown> = Promise.resolve()
  let outdated = false

  async function changed(): Promise<void> {
    outdated = inUse()
    if (!outdated) renew()
  }

  async function* follow(kind: NativeKind, signal: AbortSignal): AsyncGenerator<InstallEvent, void> {
    const leaving = new AbortController()
    const queue: InstallEvent[] = []
    let isOver = false
    let wake = (): void => undefined
    const tell = (event: InstallEvent): void => {
      queue.push(event)
      wake()
    }
    const work = install({
      home,
      resources,
      kind,
      start,
      inUse,
      tell,
      signal: AbortSignal.any([signal, leaving.signal, closing.signal]),
    })
      .then(changed)
      .finally(() => {
        isOver = true
        wake()
      })
    present = work.catch(() => undefined)
    try {
      for (;;) {
        for (let event = queue.shift(); event; event = queue.shift()) yield event
        if (isOver) return await work
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    } finally {
      leaving.abort()
      await present
    }
  }

  return {
    status: (gpus) => installerStatus(home, resources, gpus),
    install: follow,
    remove: async () => {
      const was = await removeEngine(home, inUse)
      await changed()
      return was
    },
    settle: () => {
      if (!outdated) return
      outdated = false
      renew()
    },
    close: async () => {
      closing.abort()
      await present
    },
  }
}

/** What is installed, and what could be, with its sizes: for CUDA what these cards would get. */
export function installerStatus(home: string, resources: string, gpus: readonly Gpu[]): InstallerStatus {
  const pins = readPins(resources)
  const wheels = { cpu: pins.cpu, cuda: cudaWheels(gpus, pins) }
  const offers = nativeKinds.map((kind) => ({
    kind,
    tensorflow: pins.tensorflow,
    downloadBytes: sum(wheels[kind].map(({ bytes }) => bytes)),
    bytes: sum(wheels[kind].map(({ unpacked }) => unpacked)),
  }))
  const current = currentEngine(home)
  const isOlder = current.installed !== null && current.installed.made !== madeOf(resources)
  return { ...current, outdated: isOlder ? older : '', offers, refused: refusedHere() }
}

const older = "its addon is another Basil's, and lacks what this one's kernels do"

/** Where there is no card, or none that would do, the set that more cards can use. */
function cudaWheels(gpus: readonly Gpu[], pins: Pins): readonly Wheel[] {
  try {
    return cudaFor({ gpus, noGpu: '' }, pins).wheels
  } catch {
    return pins.cuda
  }
}

/** The portable engine is in use from the next start of the engine on; files at work are removed another time. */
export async function removeEngine(home: string, inUse: () => boolean): Promise<boolean> {
  const lock = takeInstallLock(home)
  try {
    const was = await forgetEngine(home)
    if (!inUse()) await sweepEngines(home, { downloads: true })
    return was
  } finally {
    lock.release()
  }
}
