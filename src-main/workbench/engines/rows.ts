// What is known of each engine on this machine, a row an engine: for the Engine page, `basil engine status` and doctor.
import { type EngineName, type EngineRow, engineNames, kindOf, type Tried } from '../../contract/api/engines.ts'
import type { NativeStatus } from '../../contract/api/native.ts'
import type { Steps } from '../../contract/errors.ts'
import type { EngineKind } from '../../contract/run/engine-info.ts'
import { webgpuBytes, webgpuMissing, webgpuNext } from './here.ts'
import { keptTrials, trialKey } from './measured.ts'

type Known = Pick<NativeStatus, 'installed' | 'damaged' | 'offers' | 'refused' | 'gpus' | 'noGpu' | 'engine'>

/** Reads what is kept; starts nothing. */
export function engineRows(home: string, known: Known, env: NodeJS.ProcessEnv = process.env): EngineRow[] {
  const kept = keptTrials(home)
  const triedOf = (kind: EngineKind): Tried | undefined =>
    kept.find((one) => one.kind === kind && one.key === trialKey(home, kind, known.gpus, env))
  const present = known.engine && triedOf(known.engine.kind)?.trial
  return engineNames.map((name) => {
    const kind = kindOf[name]
    const tried = triedOf(kind)
    const trial = tried?.trial ?? null
    const isInUse = known.engine?.kind === kind
    const lacks = isInUse ? none : missing(name, known, env)
    const isSoftware = trial?.engine.card?.software === true
    const why = lacks.why || tried?.why || (isSoftware ? softwareOnly(trial.engine.card?.name ?? '') : '')
    return {
      name,
      state: isInUse ? 'in-use' : lacks.why ? 'missing' : tried?.why ? 'failed' : 'ready',
      why,
      ...(lacks.next ? { next: lacks.next, inWindow: lacks.inWindow } : failedNext(tried?.why)),
      trial,
      factor: present && trial ? present.milliseconds / trial.milliseconds : null,
      ...sizeOf(name, known),
      repeats: (isInUse ? known.engine?.repeats : trial?.engine.repeats) ?? null,
    }
  })
}

const failedNext = (why = ''): Steps => ({ next: why && 'see to the driver, then measure again' })

const none: Steps & { why: string } = { why: '', next: '' }
const softwareOnly = (name: string): string =>
  `only a driver that computes on the processor is there (${name}): it is never chosen by itself`

function missing(name: EngineName, known: Known, env: NodeJS.ProcessEnv): Steps & { why: string } {
  if (name === 'wasm' || (env['BASIL_ADDON'] && name !== 'webgpu')) return none
  if (name === 'webgpu') {
    const why = webgpuMissing(env)
    return { why, next: webgpuNext(why) }
  }
  const { installed, damaged, refused, gpus, noGpu } = known
  if (name === 'cuda' && gpus.length === 0) return { why: noGpu, next: '' }
  if (installed && (name === 'native' || installed.kind === 'cuda')) return none
  const steps = {
    next: `install it ("basil engine install --${name === 'cuda' ? 'cuda' : 'cpu'}")`,
    inWindow: 'install it below',
  }
  if (installed) return { why: 'what is installed is for the CPU', ...steps }
  return damaged
    ? { why: damaged, ...steps }
    : refused
      ? { why: refused, next: '' }
      : { why: 'it is not installed', ...steps }
}

function sizeOf(name: EngineName, { installed, offers }: Known): Pick<EngineRow, 'bytes' | 'downloadBytes'> {
  if (name === 'wasm') return { bytes: null, downloadBytes: null }
  if (name === 'webgpu') return { bytes: webgpuBytes(), downloadBytes: null }
  const kind = name === 'cuda' ? 'cuda' : 'cpu'
  const isHere = installed && (installed.kind === kind || name === 'native')
  const offer = offers.find((one) => one.kind === kind)
  return isHere
    ? { bytes: installed.bytes, downloadBytes: null }
    : { bytes: offer?.bytes ?? null, downloadBytes: offer?.downloadBytes ?? null }
}
