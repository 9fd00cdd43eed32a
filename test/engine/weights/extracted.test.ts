// The factors of a difference: no worse than any of their rank, however they are found; no more of them than are wanted
// or than there is; and which tensors of a model peft can hold, by name.
import { expect, test } from 'vitest'

import type { LoraRank } from '../../../src-main/contract/extraction.ts'
import { eigen } from '../../../src-main/engine/devices/double/eigen.ts'
import { withDoubles } from '../../../src-main/engine/devices/double/open.ts'
import { gram } from '../../../src-main/engine/devices/double/products.ts'
import { peftPage } from '../../../src-main/engine/weights/low-rank/page.ts'
import { targetsOf, wholeOf } from '../../../src-main/engine/weights/low-rank/targets.ts'
import { truncated } from '../../../src-main/engine/weights/low-rank/truncated.ts'
import { norm } from '../../../src-main/numbers/vectors.ts'
import { noise, product } from '../merging/spectral/parts.ts'

const short = 110
/** Singular values fall as 1 / k, no two alike. */
function falling(rows: number, columns: number): Float64Array {
  const out = new Float64Array(rows * columns)
  for (let k = 0; k < 40; k++) {
    const one = product(noise(rows, k + 1), noise(columns, k + 50), rows, 1, columns)
    for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) + (one[i] as number) / (k + 1)
  }
  return out
}

const decomposed = (values: Float64Array, rows: number, columns: number, rank: LoraRank, rounding = 0) =>
  withDoubles((device) => {
    const found = truncated(device, device.matrix(rows, columns, values), rank, rounding)
    return { ...found, left: Float64Array.from(found.left), right: Float64Array.from(found.right) }
  })
const squaresOf = (values: Float64Array, rows: number, columns: number) =>
  withDoubles((device) => eigen(device, gram(device, device.matrix(rows, columns, values))).values)

async function errorOf(values: Float64Array, rows: number, columns: number, rank: LoraRank, rounding = 0) {
  const found = await decomposed(values, rows, columns, rank, rounding)
  const again = product(found.left, found.right, rows, found.rank, columns)
  return { ...found, error: norm(values.map((v, i) => v - (again[i] as number))) / norm(values) }
}

test.each([
  ['wide', short, 150],
  ['tall', 150, short],
])('of a %s matrix a sketch and the whole decomposition are as near as any of the rank', async (_, rows, columns) => {
  const values = falling(rows, columns)
  const squares = await squaresOf(values, rows, columns)
  const total = squares.reduce((a, b) => a + b, 0)
  for (const rank of [2, 8, 20, 40]) {
    const { error, rank: found, left, right } = await errorOf(values, rows, columns, rank)
    const least = Math.sqrt(
      Math.max(
        0,
        squares.subarray(rank).reduce((a, b) => a + b, 0),
      ) / total,
    )
    expect(found).toBe(rank)
    expect(error).toBeGreaterThan(least - 1e-7)
    expect(error).toBeLessThan(1.001 * least + 1e-7)
    // the root of S stands on both sides
    const [column, row] = [
      Float64Array.from({ length: rows }, (_, i) => left[i * rank] as number),
      right.subarray(0, columns),
    ]
    expect(norm(column)).toBeCloseTo(norm(row), 6)
  }
  expect(await decomposed(values, rows, columns, 8)).toEqual(await decomposed(values, rows, columns, 8))
})

test('a share keeps the least rank that has it; the full rank is all there is', async () => {
  const values = falling(60, 50)
  const squares = await squaresOf(values, 60, 50)
  const total = squares.reduce((a, b) => a + b, 0)
  const { rank, error } = await errorOf(values, 60, 50, 0.95)
  expect(1 - error ** 2).toBeGreaterThan(0.95 - 1e-9)
  expect(squares.subarray(0, rank - 1).reduce((a, b) => a + b, 0)).toBeLessThan(0.95 * total)
  const full = await errorOf(values, 60, 50, 'full')
  expect(full.error).toBeLessThan(1e-7)
  expect(full.rank).toBeLessThanOrEqual(50)
})

test('what is no more than rounding is no direction: a LoRA comes back at its own rank', async () => {
  const base = noise(90 * 70, 5)
  const low = product(noise(90 * 3, 6), noise(3 * 70, 7), 90, 3, 70).map((v) => 0.01 * v)
  const delta = low.map((v, i) => Math.fround((base[i] as number) + v) - Math.fround(base[i] as number))
  const rounding = 2 ** -24 * norm(base)
  expect((await decomposed(delta, 90, 70, 16, rounding)).rank).toBe(3)
  expect((await decomposed(delta, 90, 70, 'full', rounding)).rank).toBe(3)
})

const tensorsOf = (shapes: Record<string, number[]>) =>
  new Map(Object.entries(shapes).map(([name, shape]) => [name, { name, shape, dtype: 'F32' as const, bytes: 0 }]))

test('linear modules are held by their names; an attention in one piece under its own, and its out_proj not', () => {
  const tensors = tensorsOf({
    'visual.conv1.weight': [4, 3, 2, 2],
    'visual.ln.weight': [4],
    'visual.proj': [4, 3],
    'visual.r.0.attn.in_proj_weight': [12, 4],
    'visual.r.0.attn.in_proj_bias': [12],
    'visual.r.0.attn.out_proj.weight': [4, 4],
    'visual.r.0.attn.out_proj.bias': [4],
    'visual.r.0.mlp.c_fc.weight': [8, 4],
    'visual.r.0.mlp.c_fc.bias': [8],
    'token_embedding.weight': [9, 4],
    'model.embed_tokens.weight': [9, 4],
    scale: [],
  })
  const fates = targetsOf(tensors, null)
  const targets = [...fates.values()].filter((fate) => typeof fate !== 'string')
  expect(targets.map(({ module }) => module)).toEqual(['visual.r.0.attn', 'visual.r.0.mlp.c_fc'])
  expect(fates.get('visual.r.0.attn.out_proj.weight')).toMatch(/adds twice/)
  expect(fates.get('token_embedding.weight')).toBe('an embedding')
  expect(fates.get('model.embed_tokens.weight')).toBe('an embedding')
  expect([...targetsOf(tensors, ['c_fc']).values()].filter((fate) => typeof fate !== 'string')).toHaveLength(1)
  const rest = [...fates].flatMap(([name, fate]) => (typeof fate === 'string' ? [name] : []))
  const whole = wholeOf(rest, tensors, targets)
  expect(whole.modules).toEqual(['visual.conv1', 'visual.ln', 'token_embedding', 'model.embed_tokens'])
  expect(whole.isBiased).toBe(true)
  expect(whole.tensors.get('visual.r.0.attn.base_layer.out_proj.base_layer.weight')).toBe(
    'visual.r.0.attn.out_proj.weight',
  )
  expect(whole.tensors.get('visual.r.0.attn.base_layer.in_proj_bias')).toBe('visual.r.0.attn.in_proj_bias')
  expect(whole.tensors.get('visual.r.0.mlp.c_fc.base_layer.bias')).toBe('visual.r.0.mlp.c_fc.bias')
  expect([...whole.tensors.values()]).not.toContain('visual.proj')
})

test('ranks of their own are told by whole names, with alpha as large: the scale is 1', () => {
  const modules = [
    { module: 'a.q', rank: 4 },
    { module: 'a.k', rank: 4 },
    { module: 'b.q', rank: 2 },
  ]
  expect(peftPage({ modules, whole: [], isBiased: false, turned: false })).toMatchObject({
    r: 4,
    lora_alpha: 4,
    rank_pattern: { '^b\\.q': 2 },
    alpha_pattern: { '^b\\.q': 2 },
    target_modules: ['a.q', 'a.k', 'b.q'],
    bias: 'none',
    modules_to_save: null,
  })
})
