// The model a coefficient table stands for, in exactly one way, whoever asks (evaluation, difference vector, export):
//   theta_b = float32( theta_pre,b + sum_t c_t,b (theta_t,b - theta_pre,b) ),  computed in float64, one tensor at a time.
import { BasilError } from '../../contract/errors.ts'
import type { Table } from '../coefficients/table.ts'
import { layerOf } from '../models/clip-names.ts'
import { firstNotFinite, type Parents, readParameter } from './parents.ts'

export type Grouping = 'tensor' | 'layer' | 'scalar'

/** Which column of a coefficient table each parameter uses, and the columns' names. */
export interface Groups {
  names: string[]
  of: Map<string, number> // parameter (without prefix) -> column
}

export function groupsOf(parents: Parents, grouping: Grouping): Groups {
  const names: string[] = []
  const of = new Map<string, number>()
  for (const name of parents.parameters.keys()) {
    const group = grouping === 'tensor' ? parents.architecture.prefix + name : grouping === 'layer' ? layerOf(name) : 'all'
    if (!names.includes(group)) names.push(group)
    of.set(name, names.indexOf(group))
  }
  return { names, of }
}

/** start (vectors x groups) scaled by prod_k (1 + lambda_k) per group: the coefficients of theta after some iterations. */
export function collapse(start: Table, iterations: readonly Float64Array[]): Table {
  return start.map((row) => row.map((c, b) => iterations.reduce((product, lambda) => product * (1 + (lambda[b] as number)), c)))
}

/** Every parameter in block order with its merged values and the base's. Throws not-finite naming the tensor. */
export async function* mergedParameters(
  parents: Parents,
  groups: Groups,
  coefficients: Table,
): AsyncGenerator<{ name: string; values: Float32Array; base: Float32Array }> {
  for (const name of parents.parameters.keys()) {
    const group = groups.of.get(name) as number
    const base = await readParameter(parents.base, name)
    const sum = Float64Array.from(base)
    for (const [t, vector] of parents.vectors.entries()) {
      const c = coefficients[t]?.[group] as number
      if (c === 0) continue
      const tuned = await readParameter(vector, name)
      for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + c * ((tuned[i] as number) - (base[i] as number))
    }
    const values = Float32Array.from(sum)
    const bad = firstNotFinite(values)
    if (bad >= 0)
      throw new BasilError({
        code: 'not-finite',
        what: 'The merged model has a weight that is not a finite number',
        where: parents.architecture.prefix + name,
        why: `element ${bad} is ${values[bad]}`,
        next: 'use smaller coefficients or a smaller learning rate',
      })
    yield { name, values, base }
  }
}
