// Trials of the engines, kept for this machine in <data folder>/engine/trials.json. Each has the key of what it was
// tried on: the engine's version, cards and drivers, processor and system; another key, and it is no longer believed.
import { availableParallelism, cpus, release } from 'node:os'
import { dirname, join } from 'node:path'

import { z } from 'zod'

import { type Tried, triedSchema } from '../../contract/api/engines.ts'
import type { Gpu } from '../../contract/api/native.ts'
import type { EngineKind } from '../../contract/run/engine-info.ts'
import { currentEngine } from '../../files/engine-folder.ts'
import { makeFolder } from '../../files/made-folder.ts'
import { readStartSync } from '../../files/open.ts'
import { writeAtomic } from '../../files/write-atomic.ts'
import { keptLimits } from '../settings/kept.ts'
import { webgpuVersion } from './here.ts'

const fileOf = (home: string): string => join(home, 'engine', 'trials.json')
const longest = 2 ** 20 // bytes

/** Every trial that is kept, outdated ones too; none where the file cannot be read. */
export function keptTrials(home: string): Tried[] {
  try {
    return z.array(triedSchema).parse(JSON.parse(readStartSync(fileOf(home), longest).bytes.toString('utf8')))
  } catch {
    return []
  }
}

export async function keepTrials(home: string, tried: readonly Tried[]): Promise<void> {
  makeFolder(dirname(fileOf(home)))
  await writeAtomic(fileOf(home), [Buffer.from(`${JSON.stringify(tried, null, 2)}\n`)], { overwrite: true })
}

/** What a trial of this kind depends on, besides the data folder. */
export function trialKey(home: string, kind: EngineKind, gpus: readonly Gpu[], env = process.env): string {
  const processor = [
    cpus()[0]?.model.trim() ?? '',
    env['BASIL_THREADS'] || keptLimits(home).threads || availableParallelism(),
    release(),
  ]
  const { installed } = currentEngine(home)
  const native = env['BASIL_ADDON'] || (installed ? `${installed.tensorflow} of ${installed.installed}` : '')
  const cards = gpus.map(({ name, driver }) => `${name}, ${driver}`)
  const own = {
    'native-gpu': [native, ...cards],
    webgpu: [webgpuVersion(), ...cards],
    'native-cpu': [native],
    wasm: [],
  } satisfies Record<EngineKind, string[]>
  return [...own[kind], ...processor].join('; ')
}
