// Whether a new installation computes what it must: the real engine, in a process of its own with that addon, works on
// a small aTLAS run (two vectors, 20 blocks, 4 steps) whose losses and coefficients an independent PyTorch program gave
// in float64 (resources/engine/self-test.json). Matrix products, gradients and the coefficient step are all in it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { z } from 'zod'

import type { NativeKind } from '../../contract/api/native.ts'
import { type BasilError, reported, type Steps } from '../../contract/errors.ts'
import type { EngineInfo } from '../../contract/run/engine-info.ts'
import { resolveConfig } from '../../contract/run/resolve.ts'
import type { EngineEvent } from '../../contract/run/run.ts'
import { openLink } from '../link/engine-link.ts'
import type { EngineProcess } from '../link/engine-process.ts'
import { installFailed, throwIfCancelled } from './child.ts'
import { engineEnvironment } from './devices.ts'

const patience = 300_000 // ms; a cold library on a slow disk takes its time
const lossBar = 1e-4 // relative
const coefficientBar = 1e-3

const goldenSchema = z.object({
  config: z.unknown(),
  losses: z.array(z.number()),
  coefficients: z.array(z.array(z.number())),
})

export interface SelfTest {
  home: string
  resources: string
  kind: NativeKind
  addon: string
  start: (environment: NodeJS.ProcessEnv) => EngineProcess
  signal: AbortSignal
}

/** The engine that passed. Throws install-failed with what it did wrong, or cancelled. */
export async function selfTest({ home, resources, kind, addon, start, signal }: SelfTest): Promise<EngineInfo> {
  throwIfCancelled(signal)
  const { BASIL_BACKEND: _, BASIL_DEVICE: __, ...own } = process.env // what a person forces is not what is tested
  const link = openLink(start(engineEnvironment(home, 'auto', { ...own, BASIL_ADDON: addon })))
  const stop = (): void => link.process.kill()
  signal.addEventListener('abort', stop)
  const late = setTimeout(stop, patience)
  try {
    const engine = await link.ask(link.client.describe())
    if (engine.kind === 'wasm') throw failed('TensorFlow could not be loaded', engine.reason)
    if (kind === 'cuda' && engine.kind !== 'native-gpu')
      throw failed(
        'TensorFlow does not see the GPU',
        'it computes on the CPU, as where the driver is too old for CUDA 12',
        newerDriver,
      )
    const golden = goldenSchema.parse(JSON.parse(readFileSync(join(resources, 'engine', 'self-test.json'), 'utf8')))
    const config = resolveConfig(golden.config, (path) => join(resources, 'engine', path))
    const events = await link.ask(link.client.run({ config, resume: null, parents: [] }))
    for await (const event of events) if (event.type === 'stage-end') compare(event, golden)
    return engine
  } catch (error) {
    throwIfCancelled(signal)
    const why = await link.explain(error)
    throw why.record.code === 'install-failed' ? why : failed('The new engine failed its self-test', why.record.why)
  } finally {
    clearTimeout(late)
    signal.removeEventListener('abort', stop)
    link.process.kill()
    await link.process.exited
  }
}

function compare(end: Extract<EngineEvent, { type: 'stage-end' }>, golden: z.infer<typeof goldenSchema>): void {
  const loss = distance(end.losses, golden.losses) / Math.max(...golden.losses)
  const coefficient = distance(end.coefficients.flat(), golden.coefficients.flat())
  if (loss <= lossBar && coefficient <= coefficientBar) return // NaN is neither
  const why = `losses are off by ${loss.toExponential(1)} (bar ${lossBar}), coefficients by ${coefficient.toExponential(1)} (bar ${coefficientBar})`
  throw failed('The new engine computes wrong numbers', why)
}

/** Largest |a - b|; NaN when one is missing. */
function distance(a: readonly number[], b: readonly number[]): number {
  return a.length === b.length ? Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? Number.NaN)))) : Number.NaN
}

const report = reported('the engine from before is still in use;')
const newerDriver = 'install a newer NVIDIA driver (525 at least), or the engine for the CPU'

function failed(what: string, why: string, next: string | Steps = report): BasilError {
  return installFailed(what, 'self-test', why, next)
}
