// What a person needs to know when something is slow or fails: the engine, its threads, whether a GPU is in use or why
// not, versions, and the data folder with whoever writes to it.

import type { EngineChoice, EngineRow } from '../../contract/api/engines.ts'
import type { Gpu } from '../../contract/api/native.ts'
import { type ErrorRecord, recordOf } from '../../contract/errors.ts'
import type { EngineInfo } from '../../contract/run/engine-info.ts'
import { sqliteVersion } from '../../history/open.ts'
import { type Writer, writerOf } from '../../history/writer-lock.ts'
import { engineChoice } from '../engines/choice.ts'
import { engineRows } from '../engines/rows.ts'
import type { Supervisor } from '../link/supervisor.ts'
import { deviceChoice } from '../native/devices.ts'
import { gpus } from '../native/gpus.ts'
import { installerStatus } from '../native/installer.ts'

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

export interface Examined {
  dataFolder: string
  resources: string
  basil: string // version
  engine: Pick<Supervisor, 'describe'>
}

export async function examine({ dataFolder, resources, basil, engine: of }: Examined): Promise<Examination> {
  const { engine, error } = await of.describe().then(
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
