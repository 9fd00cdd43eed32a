// The engines that have computed a run, each with the state after which it went on: another one is told where it may
// give other last digits.
import type { EngineInfo } from '../contract/run/engine-info.ts'
import type { EngineShare } from '../contract/run/run.ts'

/** As the run's row has them. */
interface Kept {
  engines: string | null
  engine: string | null
}

export function enginesOf({ engines, engine }: Kept): EngineShare[] {
  if (engines !== null) return JSON.parse(engines) as EngineShare[]
  return engine === null ? [] : [{ engine: JSON.parse(engine) as EngineInfo, after: null }]
}

/**
 * The engines of what is kept so far, and the one that now goes on where it computes differently. from: the last state
 * that is kept.
 */
export function enginesWith(
  engines: readonly EngineShare[],
  from: { stage: number; epoch: number } | null,
  engine: EngineInfo,
): EngineShare[] {
  const after = from && { stage: from.stage, epoch: from.epoch }
  const isKept = ({ after: a }: EngineShare): boolean =>
    after !== null && (a === null || a.stage < after.stage || (a.stage === after.stage && a.epoch < after.epoch))
  const kept = engines.filter(isKept)
  const last = kept.at(-1)
  if (!last || !isSameArithmetic(last.engine, engine)) return [...kept, { engine, after }]
  const isNews = engine.card && !last.engine.card
  return isNews ? [...kept.slice(0, -1), { ...last, engine: { ...last.engine, card: engine.card } }] : kept
}

/** A card that was not known then is no other one. */
export function isSameArithmetic(before: EngineInfo, now: EngineInfo): boolean {
  const known = before.card && now.card ? {} : { card: undefined }
  return arithmeticOf({ ...before, ...known }) === arithmeticOf({ ...now, ...known })
}

/** What decides the last digits of a result; the number of threads does on native TensorFlow's CPU alone. */
function arithmeticOf({ kind, simd, versions, threads, card, tuning }: EngineInfo): string {
  const counted = kind === 'wasm' || kind === 'webgpu' ? null : threads
  return JSON.stringify([kind, simd, Object.entries(versions).sort(), counted, card, tuning])
}
