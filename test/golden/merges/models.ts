// Small models in memory, of tensors given as nested lists, and what a step makes of them.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect } from 'vitest'

import { needsBase, type Step } from '../../../src-main/contract/merges/step.ts'
import { vectorsAfter } from '../../../src-main/engine/merging/vectors-after.ts'
import { openWeights } from '../../../src-main/engine/weights/parents.ts'
import { readParameter } from '../../../src-main/engine/weights/slices.ts'
import { bytesOf, folderOf } from '../../engine/measures/memory.ts'

export type Nested = number | readonly Nested[]
export type Tensors = Readonly<Record<string, Nested>>

export function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(join(import.meta.dirname, name), 'utf8').replace(/\bNaN\b|-?\bInfinity\b/g, 'null'))
}

export const flat = (values: Nested): number[] => (typeof values === 'number' ? [values] : values.flatMap(flat))
const shapeOf = (values: Nested): number[] =>
  typeof values === 'number' ? [] : [values.length, ...shapeOf(values[0] ?? 0)].slice(0, values.length ? undefined : 1)

const fileOf = (tensors: Tensors): Promise<Uint8Array> =>
  bytesOf(
    Object.entries(tensors).map(([name, values]) => ({
      name,
      dtype: 'F32' as const,
      shape: shapeOf(values),
      bytes: new Uint8Array(Float32Array.from(flat(values)).buffer),
    })),
    null,
  )

interface Asked extends Omit<Step, 'parameters'> {
  parameters?: Record<string, unknown>
  coefficient?: number
}

/** theta_pre + coefficient sum of what the step gives, by tensor. Of a merge of models base is another of them. */
export async function merged(
  base: Tensors | null,
  models: readonly Tensors[],
  { coefficient = 1, ...asked }: Asked,
): Promise<Record<string, number[]>> {
  const step: Step = { parameters: {}, ...asked }
  const all = base && !needsBase([step]) ? [base, ...models] : models
  const still = base ?? (models[0] as Tensors)
  const files: Record<string, Uint8Array> = { base: await fileOf(still) }
  for (const [i, model] of all.entries()) files[`model ${i}`] = await fileOf(model)
  const set = await openWeights('base', Object.keys(files).slice(1), folderOf(files).open)
  const { vectors } = await vectorsAfter(set, [step])
  const found: Record<string, number[]> = {}
  for (const [name, values] of Object.entries(still)) {
    const pre = Float32Array.from(flat(values))
    const sum = Float64Array.from(pre)
    for (const vector of vectors)
      for (const [i, v] of (await readParameter(vector, name)).entries())
        sum[i] = (sum[i] as number) + coefficient * (v - (pre[i] as number))
    found[name] = [...sum]
  }
  await set.close()
  return found
}

/** Within 1e-6 of float32. */
export function expectNear(found: readonly number[], wanted: Nested, what: string): void {
  const values = flat(wanted)
  expect(found.length, what).toBe(values.length)
  for (const [i, v] of found.entries())
    if (!(Math.abs(v - (values[i] as number)) <= 1e-6 * Math.max(1, Math.abs(values[i] as number))))
      expect.fail(`${what}, element ${i}: ${v} instead of ${values[i]}`)
}
