// A stage of learning for tests of methods: aTLAS on all data in every step, chosen by training loss, with what a test
// changes; and its looks.
import type { StageSettings } from '../../../src-main/contract/run/stage.ts'
import { methodNamed } from '../../../src-main/engine/learning/method.ts'
import type { Problem } from '../../../src-main/engine/learning/problem.ts'
import { selectionBy } from '../../../src-main/engine/learning/selection.ts'
import type { LearnState, Look, Stage } from '../../../src-main/engine/learning/stage.ts'

const settings: StageSettings = {
  method: 'atlas',
  steps: 40,
  epochs: null,
  initialCoefficient: 0,
  learningRate: 0.05,
  weightDecay: 0,
  clipNorm: null,
  patience: null,
  clamp: null,
  penaltyNorm: null,
  penaltyStrength: 0,
  combine: 'sum',
  schedule: 'none',
  budget: null,
  klWeight: 1,
  priorDeviation: 1,
  priorInclusion: 0.1,
  gate: 1,
}

export function stage(problem: Problem, change: Partial<StageSettings> = {}, more: Partial<Stage> = {}): Stage {
  return {
    problem,
    settings: { ...settings, ...change },
    selection: selectionBy(
      'training-loss',
      problem.trainingCounts.map(() => null),
    ),
    batch: 'all',
    seed: 3,
    index: 0,
    resume: undefined,
    stopping: () => false,
    ...more,
  }
}

/** Every look with its state as it was then. */
export async function looks(given: Stage, method: StageSettings['method'] = given.settings.method): Promise<Look[]> {
  const found: Look[] = []
  for await (const look of methodNamed(method).learn(given)) found.push({ ...look, state: structuredClone(look.state) })
  return found
}

export const last = (all: Look[]): LearnState => all.at(-1)?.state as LearnState
