// basil engine install|status|measure|use|remove: which engines are here, and native TensorFlow in the data folder. On
// a terminal one bar is written over; elsewhere a step is a line, and within a step every tenth. Ctrl+C ends an
// installation; what was downloaded stays.
import { resolve } from 'node:path'

import { Command } from 'commander'

import { engineChoiceSchema, engineTitles } from '../contract/api/engines.ts'
import type { InstallEvent, InstallSizes, NativeKind } from '../contract/api/native.ts'
import { BasilError } from '../contract/errors.ts'
import { dataFolder } from '../files/data-folder.ts'
import { writerOf } from '../history/writer-lock.ts'
import { chooseEngine, engineChoice } from '../workbench/engines/choice.ts'
import { measureEngines } from '../workbench/engines/measure.ts'
import { engineRows } from '../workbench/engines/rows.ts'
import { deviceChoice } from '../workbench/native/devices.ts'
import { gpus } from '../workbench/native/gpus.ts'
import { install } from '../workbench/native/install.ts'
import { installerStatus, removeEngine } from '../workbench/native/installer.ts'
import { installedText, size, statusLines, triedLine } from './engine-lines.ts'
import { fail, onClosedPipe, print, printJson } from './output.ts'
import { clearLive, sayLive } from './terminal.ts'
import { resources, startEngine, withEngine } from './with.ts'

/** The command with its three parts. */
export function engineCommand(): Command {
  const command = new Command('engine').description(
    'the engines: what is here and how fast it is; install native TensorFlow',
  )
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
    .description('every engine, with its state, its speed and why it is missing; the GPUs')
    .option('--json', 'as JSON')
    .action(({ json = false }) =>
      withEngine(json, async (supervisor) => {
        const engine = await supervisor.describe().catch(() => null) // what is installed is of interest all the more
        const folder = dataFolder()
        const cards = await gpus()
        const known = { ...installerStatus(folder, resources, cards.gpus), ...cards, engine }
        const status = {
          ...known,
          device: deviceChoice(folder),
          choice: engineChoice(folder),
          engines: engineRows(folder, known),
        }
        if (json) printJson(status)
        else for (const line of statusLines(status)) print(line)
      }),
    )
  addChoosing(command)
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

/** measure and use. */
function addChoosing(command: Command): void {
  command
    .command('measure')
    .description('try every engine that is here for about two seconds: what "auto" then chooses by')
    .option('--json', 'what came of it as JSON')
    .action(async ({ json = false }) => {
      try {
        const trials = measureEngines({ home: dataFolder(), start: startEngine, signal: whenInterrupted() })
        for (;;) {
          const { done, value } = await trials.next()
          if (done && json) printJson(value)
          else if (done) for (const line of value.map(triedLine)) print(line)
          if (done) return
          if (!json) print(`${value.what} ...`)
        }
      } catch (error) {
        fail(error, json)
      }
    })
  command
    .command('use')
    .argument('<engine>', engineChoiceSchema.options.join(', '))
    .description('the engine from now on; auto: the fastest that is here')
    .action(async (wanted: string) => {
      const { data } = engineChoiceSchema.safeParse(wanted)
      if (!data) return fail(noSuchEngine(wanted), false, 2)
      await chooseEngine(dataFolder(), data)
      print(
        `${data === 'auto' ? 'The fastest engine that is here' : engineTitles[data]} is used from the next start on.`,
      )
    })
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

function noSuchEngine(wanted: string): BasilError {
  return new BasilError({
    code: 'config-invalid',
    what: 'There is no such engine',
    where: 'basil engine use',
    why: `it is ${JSON.stringify(wanted)}`,
    next: `give ${engineChoiceSchema.options.join(', ')}`,
  })
}
