// What the toy engine learns: AdamW moments on a noisy quadratic of a few blocks, the last of which is never used.
// Every draw follows from (seed, stage, step).
import type { ResolvedConfig } from '../../src-main/contract/run/config.ts'
import type { CoefficientTable, ResumeState, TaskScore } from '../../src-main/contract/run/run.ts'

export const blocks = ['conv1.weight', 'ln.weight', 'proj', 'unused']

export function fresh(stage: number, rows: number, completed: CoefficientTable[]): ResumeState {
  const zeros = (): CoefficientTable =>
    Array.from({ length: rows }, () => blocks.map((_, b) => (b === blocks.length - 1 ? -0 : 0)))
  const coefficients = zeros()
  const still = loss(coefficients, stage)
  return {
    stage,
    epoch: 0,
    step: 0,
    coefficients,
    firstMoment: zeros(),
    secondMoment: zeros(),
    losses: [],
    still,
    best: { step: 0, metric: still, coefficients },
    sinceBest: 0,
    completed: [...completed],
    microBatch: null,
  }
}

export function step(state: ResumeState, seed: number, losses: number[]): ResumeState {
  losses.push(loss(state.coefficients, state.stage))
  const at = state.step + 1
  const first: CoefficientTable = []
  const second: CoefficientTable = []
  const coefficients = state.coefficients.map((row, r) => {
    first.push([])
    second.push([])
    return row.map((value, b) => {
      const isUsed = b < blocks.length - 1
      const gradient = isUsed
        ? 2 * (value - target(state.stage, r, b)) + 0.1 * noise(seed, state.stage, at * 97 + r * 13 + b)
        : 0
      const m = 0.9 * (state.firstMoment[r]?.[b] ?? 0) + 0.1 * gradient
      const v = 0.999 * (state.secondMoment[r]?.[b] ?? 0) + 0.001 * gradient * gradient
      first[r]?.push(m)
      second[r]?.push(v)
      return isUsed ? value - (0.05 * (m / (1 - 0.9 ** at))) / (Math.sqrt(v / (1 - 0.999 ** at)) + 1e-8) : -0
    })
  })
  return { ...state, step: at, coefficients, firstMoment: first, secondMoment: second }
}

const target = (stage: number, row: number, block: number): number => noise(99, stage, row * 7 + block)

export function loss(table: CoefficientTable, stage: number): number {
  return table
    .flatMap((row, r) => row.map((value, b) => (b === blocks.length - 1 ? 0 : (value - target(stage, r, b)) ** 2)))
    .reduce((a, b) => a + b, 0)
}

/** In [-1, 1), from the counters alone. */
function noise(seed: number, stream: number, counter: number): number {
  let x = (seed * 0x9e3779b1 + stream * 0x85ebca6b + counter * 0xc2b2ae35) | 0
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d)
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39)
  return ((x ^ (x >>> 15)) >>> 0) / 2 ** 31 - 1
}

export function scores(config: ResolvedConfig, loss: number): TaskScore[] {
  return config.tasks.map((t, i) => ({
    task: t.name,
    loss,
    accuracy: 1 / (1 + loss + i),
    relativeAccuracy: i === 0 ? 1 / (1 + loss) : null,
  }))
}
