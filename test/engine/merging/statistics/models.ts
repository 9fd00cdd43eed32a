// Small models in memory with statistics of each, what a step makes of them, tensor by tensor, and three that
// suites share: two matrices (m, n) and a bias, with the second moments of each matrix's inputs.
import type { Step } from '../../../../src-main/contract/merges/step.ts'
import type { Dtype } from '../../../../src-main/engine/formats/dtype.ts'
import { openTensorFile } from '../../../../src-main/engine/formats/open.ts'
import { statisticsIn } from '../../../../src-main/engine/merging/statistics/given.ts'
import { vectorsAfter } from '../../../../src-main/engine/merging/vectors-after.ts'
import { openWeights } from '../../../../src-main/engine/weights/parents.ts'
import { readParameter } from '../../../../src-main/engine/weights/slices.ts'
import { expectNear, flat, type Nested, type Tensors } from '../../../golden/merges/models.ts'
import { bytesOf, folderOf } from '../../measures/memory.ts'
import { noise } from '../spectral/parts.ts'
import { type Dense, plus, times, times1, transposed } from './dense.ts'

const shapeOf = (values: Nested): number[] =>
  typeof values === 'number' ? [] : [values.length, ...shapeOf(values[0] ?? 0)]

/** bfloat16 by cutting off what float32 has more. */
const bytesIn = (dtype: Dtype, values: number[]): Uint8Array => {
  const whole = new Uint32Array(Float32Array.from(values).buffer)
  return dtype === 'BF16'
    ? new Uint8Array(Uint16Array.from(whole, (bits) => bits >>> 16).buffer)
    : new Uint8Array(whole.buffer)
}

const fileOf = (tensors: Tensors, dtype: Dtype): Promise<Uint8Array> =>
  bytesOf(
    Object.entries(tensors).map(([name, values]) => ({
      name,
      dtype,
      shape: shapeOf(values),
      bytes: bytesIn(dtype, flat(values)),
    })),
    null,
  )

interface Asked extends Omit<Step, 'parameters'> {
  parameters?: Record<string, unknown>
}

/** Of each vector that the step gives theta_pre + its tau, by tensor. */
export async function mergedBy(
  base: Tensors,
  models: readonly Tensors[],
  statistics: readonly Tensors[],
  asked: Asked,
  dtype: Dtype = 'F32',
): Promise<Record<string, number[]>[]> {
  const files: Record<string, Uint8Array> = { base: await fileOf(base, dtype) }
  for (const [t, model] of models.entries()) files[`model ${t}`] = await fileOf(model, dtype)
  for (const [t, one] of statistics.entries()) files[`statistics ${t}`] = await fileOf(one, 'F32')
  const { open } = folderOf(files)
  const set = await openWeights(
    'base',
    models.map((_, t) => `model ${t}`),
    open,
  )
  const kept = await Promise.all(
    statistics.map(async (_, t) => statisticsIn(await openTensorFile(await open(`statistics ${t}`)))),
  )
  const { vectors } = await vectorsAfter({ ...set, statistics: kept }, [{ parameters: {}, ...asked }])
  const found: Record<string, number[]>[] = []
  for (const vector of vectors) {
    const tensors: Record<string, number[]> = {}
    for (const name of Object.keys(base)) tensors[name] = [...(await readParameter(vector, name))]
    found.push(tensors)
  }
  await set.close()
  return found
}

export const zeros = (like: Dense): number[][] => like.map((row) => row.map(() => 0))
export const moments = (x: Dense): number[][] => times1(times(transposed(x), x), 1 / x.length)

/** (m, n), to float32. */
export function random(m: number, n: number, seed: number, scale = 1): number[][] {
  const values = noise(m * n, seed)
  return Array.from({ length: m }, (_, i) =>
    Array.from({ length: n }, (_, j) => Math.fround(scale * (values[i * n + j] as number))),
  )
}
export const rounded = (a: Dense): number[][] => a.map((row) => row.map(Math.fround))

export const [m, n] = [6, 5]
export const names = ['layers.0.w', 'layers.1.w']
export const base: Tensors = {
  ...Object.fromEntries(names.map((name, l) => [name, random(m, n, 1 + l)])),
  b: [0.5, -1, 2],
}
export const models = [1, 2, 3].map(
  (t): Tensors => ({
    ...Object.fromEntries(
      names.map((name, l) => [name, rounded(plus(base[name] as Dense, random(m, n, 10 * t + l, 0.3)))]),
    ),
    b: [0.5 + t, -1 - t, 2],
  }),
)
export const stats = [1, 2, 3].map(
  (t): Tensors => Object.fromEntries(names.map((name, l) => [name, rounded(moments(random(9, n, 100 * t + l)))])),
)
export const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
export const one = async (method: string, parameters: Record<string, unknown> = {}, of = { models, stats }) =>
  (await mergedBy(base, of.models, of.stats, { method, parameters }))[0] ?? {}

export const near = (found: readonly number[] | undefined, wanted: Dense, what: string): void =>
  expectNear(found ?? [], wanted as Nested, what)
