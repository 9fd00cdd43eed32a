// How long a run will take on this machine, from what is known best: an earlier run by the same engine with a model of
// this size and this batch, the nearest in work; a probe of this very configuration; or the engine's trial on a tower
// of its own, scaled by operations, which is rough. seconds = opening + work x seconds of a unit (contract/run/work.ts).
import type { Trial } from '../../contract/api/engines.ts'
import type { Plan } from '../../contract/engine-api.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import type { Estimate, Taken } from '../../contract/run/estimate.ts'
import { operationsOf, workOf, workOfTrial } from '../../contract/run/work.ts'
import type { TimedRun } from '../../history/timings.ts'

/** What a probe saw: until the first state, and of a unit of work from there on. */
export interface Probed {
  engine: string // its name
  opening: number // seconds
  unit: number // seconds
}

export interface Known {
  engine: string | null // name of the one in use
  runs: readonly TimedRun[]
  probed: Probed | null
  trial: Trial | null
}

const trialTower = operationsOf({ layers: 2, width: 768, mlp: 3072, tokens: 50 }) // worker/trial.ts
const trialImages = 16

/** Null where nothing is known. */
export function estimateOf(config: ResolvedConfig, plan: Plan, known: Known): Estimate | null {
  const { tasks: images = [], operations } = plan
  if (images.length === 0) return null
  const work = workOf(config, images)
  const { probed } = known
  if (probed?.engine === known.engine) return { seconds: probed.opening + probed.unit * work, from: 'probe', run: null }
  const [nearest] = known.runs
    .filter((run) => run.engine === known.engine && isLike(run.config, config))
    .map((run) => ({ ...run, work: workOf(run.config, run.images) }))
    .toSorted((a, b) => apart(a.work, work) - apart(b.work, work))
  if (nearest && nearest.work > 0) {
    const unit = Math.max(0, nearest.seconds - nearest.opening) / nearest.work
    return { seconds: nearest.opening + unit * work, from: 'run', run: nearest.run }
  }
  const { trial } = known
  if (!trial || operations === undefined || trial.engine.name !== known.engine) return null
  const unit = (trial.milliseconds / 1000 / workOfTrial(trialImages)) * (operations / trialTower)
  return { seconds: unit * work, from: 'trial', run: null }
}

/** What changes the time of one image, or of one step, beside the size of the model. */
function isLike(a: ResolvedConfig, b: ResolvedConfig): boolean {
  return a.batch === b.batch && a.linearised === b.linearised && a.products === b.products
}

const apart = (a: number, b: number): number => Math.abs(Math.log(a / b))

/** Arms of a study differ in little: one look at files serves all that have the same tasks. */
export async function estimateAll(
  runs: readonly ResolvedConfig[],
  of: (config: ResolvedConfig, plan: Plan) => Estimate | null,
  check: (config: ResolvedConfig) => Promise<Plan>,
): Promise<Pick<Taken, 'estimate' | 'memoryBytes'>> {
  const plans = new Map<string, Plan>()
  const each: (Estimate | null)[] = []
  for (const config of runs) {
    const key = JSON.stringify([config.pretrained, config.tasks])
    const plan = plans.get(key) ?? (await check(config))
    plans.set(key, plan)
    each.push(of(config, plan))
  }
  const known = each.filter((one) => one !== null)
  const [last] = known.slice(-1)
  const seconds = known.reduce((sum, one) => sum + one.seconds, 0)
  return {
    estimate: last && known.length === each.length ? { ...last, seconds } : null,
    memoryBytes: plans.size === 0 ? null : Math.max(...[...plans.values()].map((plan) => plan.memoryBytes)),
  }
}
