// basil engine install|status|remove: native TensorFlow in the data folder, from a terminal. On a terminal one bar is
// written over; elsewhere a step is a line, and within a step every tenth. Ctrl+C ends an installation; what was
// downloaded stays.
import { resolve } from 'node:path'

import { Command } from 'commander'

import type { Gpu, InstallEvent, Installed, InstallSizes, NativeKind, NativeStatus } from '../contract/api/native.ts'
import { dataFolder } from '../files/data-folder.ts'
import { writerOf } from '../history/writer-lock.ts'
import { deviceChoice, gpus } from '../workbench/native/devices.ts'
import { install } from '../workbench/native/install.ts'
import { installerStatus, removeEngine } from '../workbench/native/installer.ts'
import { fail, onClosedPipe, print, printJson } from './output.ts'
import { clearLive, sayLive } from './terminal.ts'
import { resources, startEngine, withEngine } from './with.ts'

/** The command with its three parts. */
export function engineCommand(): Command {
  const command = new Command('engine').description('native TensorFlow: install it into the data folder, or remove it')
  command
    .command('install')
    .description('fetch TensorFlow with pip, build its addon, test it, then switch over')
    .option('--cpu', 'for the processor')
    .option('--cuda', 'for an NVIDIA GPU; the default where there is one')
    .option('--keep-downloads', 'leave the wheels in the data folder')
    .option('--json', 'events as JSON, one a line')
    .action(async ({ cpu = false, cuda = false, keepDownloads = false, json = false }) => {
      const signal = whenInterrupted()
      try {
        const kind = cpu ? 'cpu' : cuda ? 'cuda' : await bestKind()
        const folder = dataFolder()
        const inUse = (): boolean => writerOf(folder) !== null
        await install({
          home: folder,
          resources,
          kind,
          start: startEngine,
          inUse,
          tell: json ? printJson : teller(),
          signal,
          keepDownloads,
        })
      } catch (error) {
        clearLive()
        fail(error, json)
      }
    })
  command
    .command('status')
    .description('what is installed, the GPUs, and the engine in use')
    .option('--json', 'as JSON')
    .action(({ json = false }) =>
      withEngine(json, async (supervisor) => {
        const engine = await supervisor.describe().catch(() => null) // what is installed is of interest all the more
        const folder = dataFolder()
        const status = {
          ...installerStatus(folder, resources),
          ...(await gpus()),
          device: deviceChoice(folder),
          engine,
        }
        if (json) printJson(status)
        else for (const line of statusLines(status)) print(line)
      }),
    )
  command
    .command('remove')
    .description('back to the portable engine; frees the space')
    .option('--json', 'as JSON')
    .action(async ({ json = false }) => {
      try {
        const folder = resolve(dataFolder())
        const removed = await removeEngine(folder, () => writerOf(folder) !== null)
        if (json) printJson({ removed })
        else print(removed ? 'Removed: the portable engine is in use from now on.' : 'Nothing was installed.')
      } catch (error) {
        fail(error, json)
      }
    })
  return command
}

async function bestKind(): Promise<NativeKind> {
  const { gpus: found } = await gpus()
  return found.length ? 'cuda' : 'cpu'
}

function whenInterrupted(): AbortSignal {
  const ending = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => ending.abort())
  onClosedPipe(() => ending.abort())
  return ending.signal
}

const titles = {
  resolve: 'Look',
  download: 'Download',
  extract: 'Extract',
  addon: 'Addon',
  'self-test': 'Self-test',
  switch: 'Switch',
} satisfies Record<Extract<InstallEvent, { type: 'step' }>['step'], string>

/** Prints events as they come. */
function teller(): (event: InstallEvent) => void {
  let told = ''
  return (event) => {
    if (event.type === 'installed') {
      clearLive()
      return print(`Installed: ${installedText(event.installed)}. It is in use from the next start of the engine on.`)
    }
    if (event.type === 'sizes') {
      clearLive()
      for (const line of sizeLines(event)) print(line)
      return
    }
    const { step, what, done, total } = event
    const inBytes = step === 'download' || step === 'extract'
    const share = total ? done / total : 0
    if (process.stdout.isTTY)
      return sayLive(
        `${titles[step].padEnd(9)} ${inBytes ? `${bar(share)} ${size(done)} of ${size(total)}  ` : ''}${what}`,
      )
    const line = `${titles[step]}: ${inBytes ? `${Math.floor(share * 10) * 10} %` : what}`
    if (line !== told) print(inBytes ? `${line} of ${size(total)}` : line)
    told = line
  }
}

function sizeLines({ packages, downloadBytes, bytes, freeBytes, notes }: InstallSizes): string[] {
  const row = (what: string, download: number, disk: number): string =>
    `  ${what.padEnd(36)} ${download ? size(download).padStart(8) : '    here'} ${size(disk).padStart(8)}`
  return [
    ...notes,
    `  ${'package'.padEnd(36)} download  on disk`,
    ...packages.map((one) => row(`${one.project} ${one.version}`, one.downloadBytes, one.bytes)),
    row('all', downloadBytes, bytes),
    `${size(freeBytes)} are free.`,
  ]
}

const width = 28 // characters

function bar(share: number): string {
  const full = Math.round(width * share)
  return `[${'#'.repeat(full)}${'-'.repeat(width - full)}]`
}

/** The status in lines. */
function statusLines({ installed, damaged, refused, gpus: found, noGpu, device, engine }: NativeStatus): string[] {
  const there = installed
    ? `${installedText(installed)} in ${installed.folder}`
    : damaged
      ? `not whole, and not used: ${damaged}`
      : ['nothing', refused].filter(Boolean).join('; ')
  const inUse = engine?.name ?? 'nothing: "basil doctor" says why'
  return [
    `Installed  ${there}`,
    `In use     ${inUse}${engine?.reason ? ` (${engine.reason})` : ''}`,
    `Device     ${device}`,
    ...(found.length ? found.map((gpu) => `GPU        ${gpuText(gpu)}`) : [`GPU        none: ${noGpu}`]),
  ]
}

function installedText({ kind, tensorflow, bytes }: Installed): string {
  return `TensorFlow ${tensorflow} for ${kind === 'cuda' ? 'CUDA' : 'the CPU'}, ${size(bytes)}`
}

function gpuText({ id, name, memoryBytes, freeBytes, driver }: Gpu): string {
  return `${id}  ${name}, ${size(freeBytes)} of ${size(memoryBytes)} free, driver ${driver}`
}

function size(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`
}
