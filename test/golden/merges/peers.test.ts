// Merges against what mergekit 0.1.5 and fusion_bench 0.2.33 answered on small random models, and on edge cases.
import { describe, expect, test } from 'vitest'

import { mergeCard } from '../../../src-main/contract/merges/step.ts'
import { type Params, stepFor } from './mergekit.ts'
import { expectNear, fixture, flat, merged, type Nested, type Tensors } from './models.ts'

interface Record0 {
  method: string
  params: Params
  inputs_used: ('base' | number)[]
  base_is_first_input: boolean
  out: Tensors | Record<string, string>
}
interface OfFusionBench {
  method: string
  params: { threshold?: number; merge_func?: 'sum' | 'mean' | 'max'; t?: number }
  out: unknown
}
interface Golden {
  inputs: { base: Tensors; tasks: Tensors[] }
  'mergekit_0.1.5': Record0[]
  'fusion_bench_0.2.33': OfFusionBench[]
}
const golden = fixture<Golden>('golden.json')
const { base, tasks } = golden.inputs
const isError = (value: unknown): value is string => typeof value === 'string' && value.startsWith('ERROR')

describe('mergekit 0.1.5', () => {
  test.each(
    golden['mergekit_0.1.5'].map((record, i) => ({
      i,
      name: `${record.method} ${JSON.stringify(record.params)}`,
      record,
    })),
  )('$i $name', async ({ record: { method, params, inputs_used, base_is_first_input, out } }) => {
    const models = inputs_used.filter((of) => of !== 'base').map((t) => tasks[t] as Tensors)
    const asked = stepFor(method, params, models.length, base_is_first_input)
    if (isError(out['w'])) {
      expect(mergeCard(asked.method).parameters.safeParse(asked.parameters).success).toBe(false)
      return
    }
    const found = await merged(base_is_first_input ? base : null, models, asked)
    for (const [name, values] of Object.entries(out)) expectNear(found[name] ?? [], values as Nested, name)
  })
})

describe('fusion_bench 0.2.33', () => {
  const ofMethod = (name: string) => golden['fusion_bench_0.2.33'].filter(({ method }) => method.startsWith(name))

  test.each(
    ofMethod('ties')
      .filter(({ out }) => !isError(out))
      .map(({ params, out }) => ({ ...params, out: out as number[] })),
  )('TIES of $threshold by $merge_func', async ({ threshold = 0, merge_func, out }) => {
    const found = await merged(base, tasks, {
      method: 'ties',
      parameters: {
        ...mergeCard('ties').presets?.['as fusion_bench']?.parameters,
        density: threshold > 1 ? threshold / 100 : threshold,
        normalize: merge_func === 'mean',
        largest: merge_func === 'max',
      },
    })
    const still = [...flat(base['b'] as Nested), ...flat(base['w'] as Nested)]
    const tau = [...(found['b'] ?? []), ...(found['w'] ?? [])].map((v, i) => v - (still[i] as number))
    expectNear(tau, out, 'tau')
  })

  test.each(ofMethod('slerp').map(({ params, out }) => ({ t: params.t, out: out as Tensors })))(
    'SLERP of $t',
    async ({ t, out }) => {
      const found = await merged(base, tasks.slice(0, 1), { method: 'slerp', parameters: { t } })
      for (const [name, values] of Object.entries(out)) expectNear(found[name] ?? [], values, name)
    },
  )

  test('Model Stock', async () => {
    const [record] = ofMethod('model_stock')
    const parameters = mergeCard('model-stock').presets?.['as fusion_bench']?.parameters ?? {}
    const found = await merged(base, tasks, { method: 'model-stock', parameters })
    for (const [name, values] of Object.entries(record?.out as Tensors)) expectNear(found[name] ?? [], values, name)
  })

  test('EMR', async () => {
    const [record] = ofMethod('emr')
    const { unified, masks, rescalers } = (record as OfFusionBench).out as {
      unified: Tensors
      masks: Record<string, Nested[]>
      rescalers: number[]
    }
    for (const t of tasks.keys()) {
      const found = await merged(base, tasks, { method: 'emr', parameters: { task: t + 1, rescale: 'means' } })
      for (const [name, values] of Object.entries(unified)) {
        const mask = flat(masks[name]?.[t] ?? [])
        const still = flat(base[name] as Nested)
        const wanted = flat(values).map(
          (v, i) => (still[i] as number) + (rescalers[t] as number) * (mask[i] as number) * v,
        )
        expectNear(found[name] ?? [], wanted, `task ${t}, ${name}`)
      }
    }
  })
})

interface Edge {
  name: string
  method: string
  inputs: Nested[]
  in_dtype: string[]
  params: Params & { pcb_ratio?: number }
  base_first: boolean
  out: Nested | string
}
const edges = fixture<{ cases: Edge[] }>('edge.json').cases

/** Where Basil answers otherwise, on purpose; what mergekit refuses it refuses by its cards, or has an answer to. */
const otherwise = new Set([
  'weights sum 0', // NaN there
  'bf16 accumulation, 8 tasks', // rounded after each addition there; the next case is the same, rounded once
  'base only', // of no model nothing is merged
])

describe('edge cases of mergekit', () => {
  const asked = edges.filter(
    ({ name, method, out }) => !['pcb', 'fisher', 'regmean'].includes(method) && !isError(out) && !otherwise.has(name),
  )
  test.each(asked)('$name, $method', async ({ method, inputs, params, base_first, out }) => {
    const [first, ...others] = inputs.map((x): Tensors => ({ x }))
    const models = base_first ? others : [first as Tensors, ...others]
    const step = stepFor(method, params, models.length, base_first)
    const found = await merged(base_first ? (first as Tensors) : null, models, step)
    expectNear(found['x'] ?? [], out as Nested, 'x')
  })

  test('weights that cancel out have no mean, and are refused', async () => {
    const models: Tensors[] = [{ x: [1, 2] }, { x: [2, 2] }]
    await expect(merged(null, models, { method: 'weighted-average', weights: [1, -1] })).rejects.toMatchObject({
      record: { code: 'config-invalid', what: 'The weights cancel out' },
    })
  })

  test('directions that cancel out give the plain mean, a row of one element has the middle chance', async () => {
    const away = await merged(null, [{ x: [1, 0] }, { x: [-1, 0] }, { x: [0, 0] }], { method: 'multi-slerp' })
    expect(away['x']).toEqual([0, 0])
    const row = await merged({ x: [[0], [0]] }, [{ x: [[1], [2]] }], {
      method: 'della',
      parameters: { rescale: 'none' },
    })
    for (const [i, v] of (row['x'] ?? []).entries()) expect([0, i + 1]).toContain(v)
  })
})

test.each(edges.filter(({ method }) => method === 'pcb'))('PCB of $params', async ({ inputs, params, out }) => {
  const zero: Tensors = { x: (inputs[0] as number[]).map(() => 0) }
  const models = inputs.map((x): Tensors => ({ x }))
  const found = await merged(zero, models, { method: 'pcb', parameters: { ratio: params.pcb_ratio } })
  expectNear(found['x'] ?? [], out as Nested, 'x')
})
