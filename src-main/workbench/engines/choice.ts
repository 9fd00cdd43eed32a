// Which engine a person wants, kept in <data folder>/engine/choice.json; and the order in which a new process of the
// engine tries the kinds: what was chosen, or what a trial (measured.ts) found the fastest, then what is not measured.
// For one process the environment wins: BASIL_CHOICE, which --engine sets, and BASIL_BACKEND, which the engine's
// process reads by itself; BASIL_ENGINES is the order that it is given.
import { dirname, join } from 'node:path'

import { z } from 'zod'

import { type EngineChoice, engineChoiceSchema, kindOf } from '../../contract/api/engines.ts'
import { type EngineKind, engineKinds } from '../../contract/run/engine-info.ts'
import { makeFolder } from '../../files/made-folder.ts'
import { readStartSync } from '../../files/open.ts'
import { writeAtomic } from '../../files/write-atomic.ts'
import { webgpuMissing } from './here.ts'
import { keptTrials } from './measured.ts'

const fileOf = (home: string): string => join(home, 'engine', 'choice.json')
const keptSchema = z.object({ engine: engineChoiceSchema })

const cpuKinds = ['native-cpu', 'wasm'] as const satisfies EngineKind[]
const isCpu = (kind: EngineKind): boolean => cpuKinds.some((cpu) => cpu === kind)

/** auto when nothing was chosen, or what was kept cannot be read. */
export function engineChoice(home: string, env: NodeJS.ProcessEnv = process.env): EngineChoice {
  const said = engineChoiceSchema.safeParse(env['BASIL_CHOICE'])
  if (said.success) return said.data
  try {
    return keptSchema.parse(JSON.parse(readStartSync(fileOf(home), 1000).bytes.toString('utf8'))).engine
  } catch {
    return 'auto'
  }
}

/** From the next start of the engine on, for every process with this data folder. */
export async function chooseEngine(
  home: string,
  engine: EngineChoice,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  makeFolder(dirname(fileOf(home)))
  await writeAtomic(fileOf(home), [Buffer.from(`${JSON.stringify({ engine })}\n`)], { overwrite: true })
  for (const name of ['BASIL_CHOICE', 'BASIL_ENGINES', 'BASIL_BACKEND']) delete env[name] // it was said before
}

/** Nobody says which: it is for trials to say. */
export function isLeftOpen(home: string, env: NodeJS.ProcessEnv): boolean {
  return !env['BASIL_BACKEND'] && !env['BASIL_ENGINES'] && engineChoice(home, env) === 'auto'
}

/** The kinds a process of the engine is to try, one behind the other; on a CPU alone those that need nothing else. */
export function engineOrder(home: string, device: string, env: NodeJS.ProcessEnv): EngineKind[] {
  const wanted = wantedOrder(home, env)
  if (device !== 'cpu')
    return device === 'auto' ? wanted : wanted.toSorted((a, b) => Number(isCpu(a)) - Number(isCpu(b)))
  const left = wanted.filter(isCpu)
  return left.length > 0 ? left : [...cpuKinds]
}

function wantedOrder(home: string, env: NodeJS.ProcessEnv): EngineKind[] {
  const given = engineKinds.find((kind) => kind === env['BASIL_ENGINES'])
  if (given) return [given]
  const choice = engineChoice(home, env)
  if (choice !== 'auto') return [kindOf[choice]]
  const tried = keptTrials(home)
  const speed = (kind: EngineKind): number => tried.find((one) => one.kind === kind)?.trial?.milliseconds ?? Number.NaN
  const isUseful = (kind: EngineKind): boolean => {
    if (kind === 'webgpu' && webgpuMissing(env) !== '') return false
    const found = tried.find((one) => one.kind === kind)
    return kind === 'wasm' || !found || (found.trial !== null && found.trial.engine.card?.software !== true)
  }
  const useful = engineKinds.filter(isUseful)
  const measured = useful.filter((kind) => !Number.isNaN(speed(kind))).toSorted((a, b) => speed(a) - speed(b))
  return inFront(measured, useful)
}

/** Those that are not measured keep their place before the first measured kind that comes behind them in the list. */
function inFront(measured: EngineKind[], useful: EngineKind[]): EngineKind[] {
  const order = [...measured]
  for (const kind of useful.filter((one) => !measured.includes(one))) {
    const behind = useful.slice(useful.indexOf(kind) + 1)
    const at = order.findIndex((one) => behind.includes(one))
    order.splice(at < 0 ? order.length : at, 0, kind)
  }
  return order
}
