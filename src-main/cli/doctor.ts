// What a person needs to know when something is slow or fails: the engine, its threads, whether a GPU is in use or why
// not, versions, and the data folder with whoever writes to it.
import { type ErrorRecord, recordOf } from '../contract/errors.ts'
import type { EngineInfo } from '../contract/run.ts'
import { sqliteVersion } from '../history/open.ts'
import { type Writer, writerOf } from '../history/writer-lock.ts'
import type { Supervisor } from '../runner/supervisor.ts'

export interface Examination {
  basil: string
  engine: EngineInfo | null
  error: ErrorRecord | null // why there is no engine
  threads: number | null
  gpu: { used: boolean; why: string } // why not, or empty
  versions: Record<string, string>
  dataFolder: string
  writer: Writer | null
}

export async function examine(supervisor: Supervisor, dataFolder: string, basil: string): Promise<Examination> {
  const { engine, error } = await supervisor.describe().then(
    (engine) => ({ engine, error: null }),
    (thrown: unknown) => ({ engine: null, error: recordOf(thrown) }),
  )
  const used = engine?.kind === 'native-gpu'
  const why = used ? '' : (engine?.reason ?? error?.why ?? '') || 'the engine found none'
  const versions = { basil, node: process.versions.node, sqlite: sqliteVersion(), ...engine?.versions }
  return { basil, engine, error, threads: engine?.threads ?? null, gpu: { used, why }, versions, dataFolder, writer: writerOf(dataFolder) }
}

export function examinationLines({ engine, error, gpu, versions, dataFolder, writer }: Examination): string[] {
  return [
    `Engine       ${engine ? engine.name : `none: ${error?.why}`}`,
    `GPU          ${gpu.used ? 'in use' : `not in use: ${gpu.why}`}`,
    `Data folder  ${dataFolder}${writer ? ` (process ${writer.pid}, ${writer.what}, writes to it)` : ''}`,
    `Versions     ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}`,
  ]
}
