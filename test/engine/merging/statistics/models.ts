// Small models in memory with statistics of each: what a step makes of them, tensor by tensor.
import type { Step } from '../../../../src-main/contract/merges/step.ts'
import type { Dtype } from '../../../../src-main/engine/formats/dtype.ts'
import { openTensorFile } from '../../../../src-main/engine/formats/open.ts'
import { statisticsIn } from '../../../../src-main/engine/merging/statistics/given.ts'
import { vectorsAfter } from '../../../../src-main/engine/merging/vectors-after.ts'
import { openWeights } from '../../../../src-main/engine/weights/parents.ts'
import { readParameter } from '../../../../src-main/engine/weights/slices.ts'
import { flat, type Nested, type Tensors } from '../../../golden/merges/models.ts'
import { bytesOf, folderOf } from '../../measures/memory.ts'

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
