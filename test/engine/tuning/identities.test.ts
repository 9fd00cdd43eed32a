// What must hold whatever is learned: first steps, what does not move, what is kept, and slopes by finite differences.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import { toFloat32 } from '../../../src-main/engine/formats/dtype.ts'
import { openCheckpoint } from '../../../src-main/engine/weights/checkpoint.ts'
import { readParameter } from '../../../src-main/engine/weights/slices.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { relativeError } from '../../golden/fixture.ts'
import { patience } from '../../patience.ts'
import { configs, data } from './configs.ts'
import { type Followed, followed, hostOf, stepsOf } from './host.ts'

let backend: Backend
const base = new Map<string, Float32Array>()
beforeAll(async () => {
  backend = await openBackend({ prefer: 'wasm' })
  const pretrained = await openCheckpoint(configs.standard.pretrained, openSource)
  for (const name of pretrained.file.parameters.keys())
    if (name.startsWith('visual.')) base.set(name, await readParameter({ ...pretrained, prefix: '' }, name))
  await pretrained.file.source.close()
})
afterAll(() => backend.close())

const moved = ({ tensors }: Followed, name: string): Float32Array => toFloat32(tensors.get(name) as Uint8Array, 'F32')
const isSame = (result: Followed, name: string): boolean =>
  Buffer.from((base.get(name) as Float32Array).buffer).equals(Buffer.from(moved(result, name).buffer))

test('the first loss of every kind is that of the pre-trained model', { timeout: patience }, async () => {
  const first: number[] = []
  for (const config of Object.values(configs)) {
    const { events } = await followed({ ...config, steps: 1 }, hostOf(backend))
    first.push(stepsOf(events)[0]?.loss ?? Number.NaN)
  }
  expect(first).toHaveLength(7)
  for (const loss of first) expect(Math.abs(loss - (first[0] ?? 0)) / (first[0] ?? 0)).toBeLessThan(1e-6)
})

test('tauJp: no penalty and no NaN where nothing has moved, and one afterwards', { timeout: patience }, async () => {
  const { events } = await followed({ ...configs['tau-jp'], steps: 2 }, hostOf(backend))
  const [one, two] = stepsOf(events)
  expect(one?.penalty).toBe(0)
  expect(one?.norm).toBeGreaterThan(0)
  expect(two?.penalty).toBeGreaterThan(0)
})

test('frozen layers and embeddings keep their bits, the others move', { timeout: patience }, async () => {
  const result = await followed({ ...configs.standard, frozenLayers: 1, weightDecay: 10 }, hostOf(backend))
  const frozen = /visual\.(conv1|class_embedding|positional_embedding|ln_pre|transformer\.resblocks\.0\.)/
  for (const name of base.keys()) expect([name, isSame(result, name)]).toEqual([name, frozen.test(name)])
})

test('a rate that falls by layers moves the first ones less', { timeout: patience }, async () => {
  const config = { ...configs.standard, weightDecay: 0, steps: 1, warmup: 0, clipNorm: null }
  const distance = (result: Followed, name: string): number =>
    Math.max(...moved(result, name).map((x, i) => Math.abs(x - ((base.get(name) as Float32Array)[i] ?? 0))))
  const [all, falling] = [
    await followed(config, hostOf(backend)),
    await followed({ ...config, layerDecay: 0.5 }, hostOf(backend)),
  ]
  // Adam's first step moves each number by the rate, whatever its gradient
  const share = (name: string): number => distance(falling, name) / distance(all, name)
  expect(share('visual.proj')).toBeCloseTo(1, 2)
  expect(share('visual.transformer.resblocks.1.mlp.c_fc.weight')).toBeCloseTo(0.5, 2)
  expect(share('visual.transformer.resblocks.0.mlp.c_fc.weight')).toBeCloseTo(0.25, 2)
  expect(share('visual.conv1.weight')).toBeCloseTo(0.125, 2)
})

describe('TaLoS', () => {
  test('moves a tenth of the weights, and what is out keeps its bits under decay too', {
    timeout: patience,
  }, async () => {
    const result = await followed({ ...configs.talos, weightDecay: 100 }, hostOf(backend))
    const [all, changed] = [...base].reduce(
      ([all, changed], [name, values]) => {
        const now = moved(result, name)
        const may = !/class_embedding|positional_embedding|visual\.proj/.test(name)
        return [all + (may ? values.length : 0), changed + values.filter((x, i) => x !== now[i]).length]
      },
      [0, 0],
    )
    // all weights of 0 stay 0 where no gradient is: at most the density, and most of it
    expect(changed).toBeLessThanOrEqual(0.1 * all * 1.001)
    expect(changed).toBeGreaterThan(0.05 * all)
    for (const name of ['class_embedding', 'positional_embedding', 'proj'])
      expect(isSame(result, `visual.${name}`)).toBe(true)
  })
})

test('LoRA: the model is the pre-trained one and s B A of its adapter', { timeout: patience }, async () => {
  const result = await followed({ ...configs.lora, targets: ['q', 'fc2'] }, hostOf(backend))
  const factor = (module: string, which: 'A' | 'B') => {
    const name = `base_model.model.vision_model.encoder.layers.0.${module}.lora_${which}.weight`
    return result.adapter?.tensors.find((tensor) => tensor.name === name)
  }
  const product = (module: string): Float64Array => {
    const [a, b] = [factor(module, 'A'), factor(module, 'B')]
    const [rank = 0, inputs = 0] = a?.shape ?? []
    const outputs = b?.shape[0] ?? 0
    return Float64Array.from({ length: outputs * inputs }, (_, i) => {
      const [o, n] = [Math.floor(i / inputs), i % inputs]
      let sum = 0
      for (let r = 0; r < rank; r++) sum += (b?.values[o * rank + r] ?? 0) * (a?.values[r * inputs + n] ?? 0)
      return sum
    })
  }
  const difference = (name: string): Float64Array => {
    const [now, then] = [moved(result, name), base.get(name) as Float32Array]
    return Float64Array.from(now, (x, i) => x - (then[i] ?? 0))
  }
  const inProj = difference('visual.transformer.resblocks.0.attn.in_proj_weight')
  const third = inProj.length / 3
  expect(relativeError(inProj.subarray(0, third), product('self_attn.q_proj'))).toBeLessThan(1e-3)
  expect(inProj.subarray(third).every((x) => x === 0)).toBe(true)
  const fc2 = 'visual.transformer.resblocks.0.mlp.c_proj.weight'
  expect(relativeError(difference(fc2), product('mlp.fc2'))).toBeLessThan(1e-3)
  expect(isSame(result, 'visual.transformer.resblocks.0.mlp.c_fc.weight')).toBe(true)
})

test('diff pruning leaves its density of elements, and they are the largest', { timeout: patience }, async () => {
  const config = { ...configs['diff-pruning'], density: 0.01, steps: 6, fixedShare: 0.5 }
  const result = await followed(config, hostOf(backend))
  const counts = [...base].map(([name, values]) => {
    const now = moved(result, name)
    return [values.length, values.filter((x, i) => x !== now[i]).length] as const
  })
  const of = [...base.keys()].filter((name) => !/resblocks\.0|conv1|embedding|ln_pre/.test(name))
  const all = of.reduce((sum, name) => sum + (base.get(name)?.length ?? 0), 0)
  const changed = counts.reduce((sum, [, n]) => sum + n, 0)
  expect(changed).toBeLessThanOrEqual(Math.floor(0.01 * all))
  expect(changed).toBeGreaterThan(0.9 * Math.floor(0.01 * all))
})

test('TAPS: a tensor whose score is below the threshold is the pre-trained one', { timeout: patience }, async () => {
  const result = await followed(
    { ...configs.taps, learningRate: 0.02, sparsity: 50, sparsityAfter: 0 },
    hostOf(backend),
  )
  const same = [...base.keys()].filter((name) => isSame(result, name))
  expect(same.length).toBeGreaterThan(0)
  expect(same.length).toBeLessThanOrEqual(base.size)
})

test.each(['standard', 'linear'] as const)(
  '%s: the slope along the gradient is its square',
  { timeout: patience },
  async (kind) => {
    // Adam's first step is +- eta in each number: L falls by eta |g|_1 to first order
    const config = { ...configs[kind], weightDecay: 0, warmup: 0, clipNorm: null, batch: 96, steps: 2 }
    const loss = async (learningRate: number): Promise<number> => {
      const { events } = await followed({ ...config, learningRate }, hostOf(backend))
      return stepsOf(events)[1]?.loss ?? Number.NaN // after one step
    }
    const still = stepsOf((await followed({ ...config, learningRate: 1e-9 }, hostOf(backend))).events)[0]?.loss ?? 0
    const [one, two] = [await loss(2e-6), await loss(4e-6)]
    expect(one).toBeLessThan(still)
    expect((two - still) / (one - still)).toBeCloseTo(2, 1)
  },
)

test('labels smoothed raise the loss of a sure model, and all else is as without', { timeout: patience }, async () => {
  const [plain, smooth] = [
    await followed({ ...configs.standard, steps: 1 }, hostOf(backend)),
    await followed({ ...configs.standard, steps: 1, labelSmoothing: 0.1 }, hostOf(backend)),
  ]
  const [a, b] = [stepsOf(plain.events)[0], stepsOf(smooth.events)[0]]
  expect(b?.loss).not.toBe(a?.loss)
  expect(b?.rate).toBe(a?.rate)
})

test('the others of tauJp change the vector, and not the way it begins', { timeout: patience }, async () => {
  const one = { ...configs['tau-jp'], steps: 3 }
  const [two, strict] = [
    await followed(one, hostOf(backend)),
    await followed({ ...one, mode: 'strict' as const, others: [data('beta'), data('gamma')] }, hostOf(backend)),
  ]
  const [a, b] = [stepsOf(two.events), stepsOf(strict.events)]
  expect(b[0]?.loss).toBe(a[0]?.loss)
  expect(b[2]?.penalty).not.toBe(a[2]?.penalty)
})
