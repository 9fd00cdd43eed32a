// Trials of the engines that may be here, each in a process of its own under a limit, so that a driver that crashes or
// hangs is an answer like any other. What came of them is kept (measured.ts) and decides what "auto" means (choice.ts).
import type { Tried } from '../../contract/api/engines.ts'
import { kindOf } from '../../contract/api/engines.ts'
import type { Gpu } from '../../contract/api/native.ts'
import { type EngineKind, engineKinds } from '../../contract/run/engine-info.ts'
import type { Progress } from '../../contract/run/run.ts'
import { currentEngine } from '../../files/engine-folder.ts'
import { openLink } from '../link/engine-link.ts'
import type { EngineProcess } from '../link/engine-process.ts'
import { engineEnvironment } from '../native/devices.ts'
import { gpus } from '../native/gpus.ts'
import { isLeftOpen } from './choice.ts'
import { webgpuMissing } from './here.ts'
import { keepTrials, keptTrials, trialKey } from './measured.ts'

const patience = 90_000 // ms; a driver compiles its kernels the first time

export interface MeasuringOptions {
  home: string
  start: (environment: NodeJS.ProcessEnv) => EngineProcess
  signal?: AbortSignal
  limit?: number
  env?: NodeJS.ProcessEnv
}

/** Tells which it tries; at the end all are kept. Those that are not here are not tried. */
export async function* measureEngines(options: MeasuringOptions): AsyncGenerator<Progress, Tried[]> {
  const { home, env = process.env } = options
  const { gpus: cards } = await gpus(env)
  const kinds = kindsHere(home, env)
  const tried: Tried[] = []
  for (const [done, kind] of kinds.entries()) {
    options.signal?.throwIfAborted()
    const name = Object.entries(kindOf).find(([, of]) => of === kind)?.[0] ?? kind
    yield { type: 'progress', what: `Trying ${name}`, done, total: kinds.length }
    tried.push(await tryOne(options, kind, cards))
  }
  await keepTrials(home, tried)
  return tried
}

async function tryOne(
  { home, start, signal, limit = patience, env = process.env }: MeasuringOptions,
  kind: EngineKind,
  cards: readonly Gpu[],
): Promise<Tried> {
  const tried = { kind, key: trialKey(home, kind, cards, env), tried: new Date().toISOString() }
  const { BASIL_BACKEND: _, BASIL_CHOICE: __, BASIL_DEVICE: ___, ...own } = env // what is forced is not what is tried
  const link = openLink(start(engineEnvironment(home, 'auto', { ...own, BASIL_ENGINES: kind })))
  let isLate = false
  const stop = (): void => link.process.kill()
  const late = setTimeout(() => {
    isLate = true
    stop()
  }, limit)
  signal?.addEventListener('abort', stop)
  try {
    return { ...tried, trial: await link.ask(link.client.trial()), why: '' }
  } catch (error) {
    signal?.throwIfAborted()
    const { record } = await link.explain(error)
    return { ...tried, trial: null, why: isLate ? `it did not answer in ${limit / 1000} seconds` : record.why }
  } finally {
    clearTimeout(late)
    signal?.removeEventListener('abort', stop)
    stop()
    await link.process.exited
  }
}

/** What a look at files does not exclude. */
function kindsHere(home: string, env: NodeJS.ProcessEnv): EngineKind[] {
  const { installed } = currentEngine(home)
  const hasAddon = Boolean(env['BASIL_ADDON']) || installed !== null
  const isHere = {
    'native-gpu': hasAddon && installed?.kind !== 'cpu',
    webgpu: webgpuMissing(env) === '',
    'native-cpu': hasAddon,
    wasm: true,
  } satisfies Record<EngineKind, boolean>
  return engineKinds.filter((kind) => isHere[kind])
}

/**
 * Whether trials would decide something: nobody has said which engine, a card may be of use, and of an engine here
 * there is no trial on this machine as it is now. On a CPU alone the order is known.
 */
export async function isWorthMeasuring(home: string, env: NodeJS.ProcessEnv = process.env): Promise<boolean> {
  const kinds = kindsHere(home, env)
  if (!isLeftOpen(home, env) || !kinds.some((kind) => kind === 'webgpu' || kind === 'native-gpu')) return false
  const { gpus: cards } = await gpus(env)
  const kept = keptTrials(home)
  return kinds.some((kind) => !kept.some((one) => one.kind === kind && one.key === trialKey(home, kind, cards, env)))
}
