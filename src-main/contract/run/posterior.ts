// What a stage knows of each of its coefficients where it learned a posterior: lambda z with z there or not,
// P(z = 1) = pi, and lambda ~ N(mu, sigma^2). The interval is that of a coefficient that is there, mu -+ 1.96 sigma;
// `value` is what the model has, pi mu or 0.
import { z } from 'zod'

const table = z.array(z.array(z.number()))
/**
 * A distribution over a table of coefficients, lambda z: inclusion is P(z = 1), mean and deviation are lambda's. The
 * table beside it is its gated mean.
 */
export const posteriorSchema = z.object({ mean: table, deviation: table, inclusion: table })
export type Posterior = z.infer<typeof posteriorSchema>

interface Stage {
  vectors: readonly string[]
  coefficients: readonly (readonly number[])[]
  posterior?: Posterior | undefined
}

export interface UncertainCoefficient {
  vector: string
  block: string
  value: number
  mean: number
  deviation: number
  low: number
  high: number
  inclusion: number
}

const reach = 1.96 // of a normal's 95 %

/** Row by row; none of a stage that learned no posterior. */
export function uncertainOf(
  { vectors, coefficients, posterior }: Stage,
  blocks: readonly string[],
): UncertainCoefficient[] {
  if (!posterior) return []
  return posterior.mean.flatMap((row, k) =>
    row.map((mean, b): UncertainCoefficient => {
      const deviation = posterior.deviation[k]?.[b] ?? 0
      return {
        ...{ vector: vectors[k] ?? `vector ${k + 1}`, block: blocks[b] ?? `block ${b + 1}` },
        ...{ value: coefficients[k]?.[b] ?? 0, mean, deviation, inclusion: posterior.inclusion[k]?.[b] ?? 0 },
        ...{ low: mean - reach * deviation, high: mean + reach * deviation },
      }
    }),
  )
}

/** Those that the model has, the largest first, then the others, by how sure they are to be there. */
export function strongestFirst(all: readonly UncertainCoefficient[]): UncertainCoefficient[] {
  return all.toSorted((a, b) => Math.abs(b.value) - Math.abs(a.value) || b.inclusion - a.inclusion)
}
