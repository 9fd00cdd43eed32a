// What a person needs to know when something is slow or fails: the engine, its threads, whether a GPU is in use or why
// not, versions, and the data folder with whoever writes to it.

import { type EngineChoice, type EngineRow, engineTitles } from '../contract/api/engines.ts'
import type { Gpu } from '../contract/api/native.ts'
import { type ErrorRecord, recordOf } from '../contract/errors.ts'
import type { EngineInfo } from '../contract/run/engine-info.ts'
import { sqliteVersion } from '../history/open.ts'
import { type Writer, writerOf } from '../history/writer-lock.ts'
import { engineChoice } from '../workbench/engines/choice.ts'
import { engineRows } from '../workbench/engines/rows.ts'
import type { Supervisor } from '../workbench/link/supervisor.ts'
import { deviceChoice, gpus } from '../workbench/native/devices.ts'
import { installerStatus } from '../workbench/native/installer.ts'
import { engineLines } from './engine-lines.ts'
import { resources } from './with.ts'

export interface Examination {
  basil: string
  engine: EngineInfo | null
  error: ErrorRecord | null // why there is no engine
  threads: number | null
  gpu: { used: boolean; why: string } // why not, or empty
  device: string // the person's choice
  devices: Gpu[]
  choice: EngineChoice // the person's
  engines: EngineRow[]
  versions: Record<string, string>
  dataFolder: string
  writer: Writer | null
}

export async function examine(supervisor: Supervisor, dataFolder: string, basil: string): Promise<Examination> {
  const { engine, error } = await supervisor.describe().then(
    (engine) => ({ engine, error: null }),
    (thrown: unknown) => ({ engine: null, error: recordOf(thrown) }),
  )
  const used = engine?.kind === 'native-gpu' || (engine?.kind === 'webgpu' && !engine.card?.software)
  const { gpus: devices, noGpu } = await gpus()
  const known = { ...installerStatus(dataFolder, resources, devices), gpus: devices, noGpu, engine }
  const why = used ? '' : (engine?.reason ?? error?.why ?? '') || noGpu || 'the engine found none'
  const device = deviceChoice(dataFolder)
  const versions = { basil, node: process.versions.node, sqlite: sqliteVersion(), ...engine?.versions }
  const { threads = null } = engine ?? {}
  return {
    basil,
    engine,
    error,
    threads,
    gpu: { used, why },
    device,
    devices,
    choice: engineChoice(dataFolder),
    engines: engineRows(dataFolder, known),
    versions,
    dataFolder,
    writer: writerOf(dataFolder),
  }
}

export function examinationLines({
  engine,
  error,
  gpu,
  device,
  devices,
  choice,
  engines,
  versions,
  dataFolder,
  writer,
}: Examination): string[] {
  return [
    `Engine       ${engine ? engine.name : `none: ${error?.why}`}`,
    `GPU          ${gpu.used ? 'in use' : `not in use: ${gpu.why}`}`,
    `Device       ${device === 'auto' ? 'auto: a GPU where the engine has one, else the CPU' : `${device}, as chosen`}`,
    ...devices.map(
      (d) =>
        `${d.id.padEnd(12)} ${d.name}, ${gigabytes(d.freeBytes)} of ${gigabytes(d.memoryBytes)} free, driver ${d.driver}`,
    ),
    `Chosen       ${choice === 'auto' ? 'auto: the fastest engine that is here' : engineTitles[choice]}`,
    ...engineLines(engines),
    `Data folder  ${dataFolder}${writer ? ` (process ${writer.pid}, ${writer.what}, writes to it)` : ''}`,
    `Versions     ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}`,
  ]
}

const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`
