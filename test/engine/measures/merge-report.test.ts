// The report before a merge: each of its numbers against a plain float64 reference written here, what is not computed
// and why, and the three things that cosines hint at.
import { expect, test } from 'vitest'

import { isThere, type MergeReportRequest } from '../../../src-main/contract/merges/report.ts'
import { mergeReportOf } from '../../../src-main/engine/measures/merge-report.ts'
import { spectraPlan } from '../../../src-main/engine/measures/merge-report-spectra.ts'
import { written } from '../formats/bytes.ts'
import { type Full, filled, type Shapes } from '../layouts/models.ts'
import { changed, folderOf, moved, plain, resultOf } from './memory.ts'

const shapes: Shapes = [
  ['embed.weight', [9, 4]],
  ['layers.0.weight', [6, 5]],
  ['layers.0.bias', [6]],
  ['layers.1.weight', [5, 7]],
  ['layers.1.norm', [7]],
  ['layers.2.norm', [8]],
]
const base = filled(shapes, 'F32', 1, true)
const tuned = [2, 3].map((seed) => moved(base, seed, 0.1)) as [Full[], Full[]]

async function reportOf(models: Full[][], request: Partial<MergeReportRequest> = {}) {
  const names = models.map((_, i) => `${'abcdefghij'[i]}.safetensors`)
  const bytes = await Promise.all(models.map((model) => written(model)))
  const { open, left } = folderOf(Object.fromEntries(names.map((name, i) => [name, bytes[i] as Uint8Array])))
  const [pretrained, ...vectors] = names as [string, ...string[]]
  const asked = { pretrained, vectors, spectra: 'all' as const, ...request }
  const report = await resultOf(mergeReportOf(asked, { skipped: 'not asked' }, open))
  expect(left()).toBe(0)
  return report
}

/** tau of each model by tensor, in float64. */
const tausOf = (models: Full[][]): Map<string, number[]>[] => {
  const still = plain(base)
  return models.map(
    (model) =>
      new Map([...plain(model)].map(([name, v]) => [name, v.map((x, i) => x - (still.get(name)?.[i] as number))])),
  )
}
const dot = (a: number[], b: number[]): number => a.reduce((sum, v, i) => sum + v * (b[i] as number), 0)

/** Singular values and vectors of a (m, n), m >= n or not, by one-sided Jacobi rotations of its columns. */
function svd(values: number[], m: number, n: number): { u: number[][]; s: number[]; v: number[][] } {
  if (m < n) {
    const turned = Array.from({ length: m * n }, (_, i) => values[(i % m) * n + Math.floor(i / m)] as number)
    const { u, s, v } = svd(turned, n, m)
    return { u: v, s, v: u }
  }
  const columns = Array.from({ length: n }, (_, j) => Array.from({ length: m }, (_, i) => values[i * n + j] as number))
  const turns = Array.from({ length: n }, (_, j) => Array.from({ length: n }, (_, i) => (i === j ? 1 : 0)))
  for (let sweep = 0; sweep < 60; sweep++)
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        const [a, b] = [columns[p] as number[], columns[q] as number[]]
        const [aa, bb, ab] = [dot(a, a), dot(b, b), dot(a, b)]
        if (Math.abs(ab) < 1e-30) continue
        const zeta = (bb - aa) / (2 * ab)
        const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta))
        const c = 1 / Math.hypot(1, t)
        for (const [x, y] of [
          [a, b],
          [turns[p], turns[q]],
        ] as [number[], number[]][])
          for (const i of x.keys()) {
            const [one, other] = [x[i] as number, y[i] as number]
            x[i] = c * one - c * t * other
            y[i] = c * t * one + c * other
          }
      }
  const order = columns.map((column, j) => ({ s: Math.sqrt(dot(column, column)), j })).sort((x, y) => y.s - x.s)
  return {
    s: order.map(({ s }) => s),
    u: order.map(({ s, j }) => (columns[j] as number[]).map((x) => x / s)),
    v: order.map(({ j }) => turns[j] as number[]),
  }
}

function rankOf(s: number[]): number {
  const total = s.reduce((a, b) => a + b, 0)
  return Math.exp(-s.reduce((sum, x) => sum + (x / total) * Math.log(x / total), 0))
}

/** |(U'U - I) S (V'V - I)|_1 of the r leading singular vectors of each. */
function interferenceOf(found: ReturnType<typeof svd>[], r: number): { value: number; relative: number } {
  const side = (of: 'u' | 'v'): number[][] => found.flatMap((one) => one[of].slice(0, r))
  const [u, v, s] = [side('u'), side('v'), found.flatMap((one) => one.s.slice(0, r))]
  const less = (x: number[][], i: number, j: number): number =>
    dot(x[i] as number[], x[j] as number[]) - (i === j ? 1 : 0)
  let value = 0
  for (const i of s.keys())
    for (const j of s.keys()) value += Math.abs(s.reduce((sum, x, k) => sum + less(u, i, k) * x * less(v, k, j), 0))
  return { value, relative: value / s.reduce((a, b) => a + b, 0) }
}

const near = (found: unknown, expected: number): void => {
  if (!(typeof found === 'number' && Math.abs(found - expected) <= 1e-8 * Math.max(1e-3, Math.abs(expected))))
    expect.fail(`${found} instead of ${expected}`)
}

test("norms, cosines, sign conflicts, ranks and overlap of each layer are a plain reference's", async () => {
  const { layers, vectors, cosines, conflicts } = await reportOf([base, ...tuned])
  const taus = tausOf(tuned)
  const groups = { embedding: ['embed.weight'], 'layer 0': [1, 2], 'layer 1': [3, 4], 'layer 2': [5] }
  expect(layers.map(({ layer }) => layer)).toEqual(Object.keys(groups))
  const whole = taus.map((tau) => [...tau.values()].flat())
  const cosine = (a: number[], b: number[]): number => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
  const share = ([a, b]: number[][]): number =>
    (a as number[]).filter((x, i) => x * (b?.[i] as number) < 0).length / (a?.length ?? 0)
  for (const [i, tau] of whole.entries()) near(vectors[i]?.norm, Math.sqrt(dot(tau, tau)))
  const still = [...plain(base).values()].flat()
  for (const [i, tau] of whole.entries()) near(vectors[i]?.relative, Math.sqrt(dot(tau, tau) / dot(still, still)))
  near(isThere(cosines) ? cosines[0]?.[1] : null, cosine(...(whole as [number[], number[]])))
  near(conflicts, share(whole))
  for (const [k, names] of Object.values(groups).entries()) {
    const tensors = names.map((name) => (typeof name === 'number' ? (shapes[name]?.[0] as string) : name))
    const own = taus.map((tau) => tensors.flatMap((name) => tau.get(name) as number[]))
    const layer = layers[k]
    expect([layer?.tensors, layer?.elements]).toEqual([tensors.length, own[0]?.length])
    for (const [i, tau] of own.entries()) near(layer?.norms[i], Math.sqrt(dot(tau, tau)))
    near(layer && isThere(layer.cosines) && layer.cosines[1]?.[0], cosine(...(own as [number[], number[]])))
    near(layer?.conflicts, share(own))
    const matrices = layer && isThere(layer.matrices) ? layer.matrices : []
    const wanted = shapes.filter(([name, shape]) => shape.length === 2 && tensors.includes(name))
    expect(matrices.map(({ tensor, shape }) => [tensor, shape])).toEqual(wanted)
    for (const [j, [name, [m, n]]] of (wanted as [string, [number, number]][]).entries()) {
      const found = taus.map((tau) => svd(tau.get(name) as number[], m, n))
      for (const [t, { s }] of found.entries()) near(matrices[j]?.ranks[t], rankOf(s))
      const expected = interferenceOf(found, Math.floor(Math.min(m, n) / 2))
      const { interference } = matrices[j] ?? { interference: { skipped: '' } }
      near(isThere(interference) && interference.value, expected.value)
      near(isThere(interference) && interference.relative, expected.relative)
    }
  }
})

test('vectors in directions of their own do not overlap; the same vector twice does, by its whole size', async () => {
  const at = (place: number) => changed(base, (x, name, i) => (name === 'layers.0.weight' && i === place ? x + 1 : x))
  const apart = await reportOf([base, at(0), at(6)])
  const twice = await reportOf([base, at(0), at(0)])
  const overlap = ({ layers }: typeof apart): number | undefined => {
    const matrices = layers[1]?.matrices
    const found = matrices && isThere(matrices) ? matrices[0]?.interference : undefined
    return found && isThere(found) ? found.relative : undefined
  }
  near(overlap(apart), 0)
  near(overlap(twice), 1)
})

test('what is not computed says why', async () => {
  const why = (value: unknown): unknown => (value as { skipped?: string }).skipped
  const one = await reportOf([base, tuned[0]])
  expect([why(one.cosines), why(one.conflicts), why(one.hint)]).toEqual(Array(3).fill('there is one model'))
  const [, layer, , flat] = one.layers
  expect(layer && isThere(layer.matrices) && layer.matrices[0]?.interference).toEqual({ skipped: 'there is one model' })
  expect(why(flat?.matrices)).toBe('it has no matrix')

  const fast = await reportOf([base, ...tuned], { spectra: 'none' })
  expect(fast.layers.map(({ matrices }) => why(matrices))).toEqual(Array(4).fill('singular values were not asked for'))

  const six = await reportOf([base, ...[2, 3, 4, 5, 6, 7].map((seed) => moved(base, seed, 0.1))])
  const narrow = six.layers[0]?.matrices
  expect(narrow && isThere(narrow) && why(narrow[0]?.interference)).toBe('more models than the matrix has directions')
  expect(narrow && isThere(narrow) && narrow[0]?.ranks.length).toBe(6)

  const models = await reportOf([base, ...tuned], { pretrained: null, vectors: ['b.safetensors', 'c.safetensors'] })
  expect([models.of, why(models.vectors[0]?.relative), why(models.hint)]).toEqual([
    'models',
    'there is no pre-trained model',
    'it is of task vectors, and this merge is of models',
  ])
  const theirs = [...plain(tuned[0]).values()].flat()
  near(models.vectors[0]?.norm, Math.sqrt(dot(theirs, theirs)))

  const broken = changed(tuned[0], (x, name, i) => (name === 'layers.1.norm' && i === 3 ? Number.NaN : x))
  const none = await reportOf([base, broken])
  expect([none.vectors, why(none.cosines)]).toEqual([[], 'no vector could be measured'])
  expect(none.findings).toMatchObject([{ level: 'error', what: expect.stringContaining('layers.1.norm') }])
})

test('singular values of large models are sampled, and of too large matrices left to be asked for', () => {
  const layer = (shape: number[]) => [{ name: 'w', shape }]
  const deep = new Map(Array.from({ length: 12 }, (_, l) => [`layer ${l}`, layer([768, 3072])] as const))
  const kept = (choice: 'sampled' | 'all', vectors: number): string[] =>
    [...spectraPlan(deep, vectors, choice)].filter(([, of]) => !('skipped' in of)).map(([name]) => name)
  expect(kept('sampled', 2)).toHaveLength(12)
  expect(kept('sampled', 16)).toEqual(['layer 0', 'layer 3', 'layer 6', 'layer 9'])
  expect(kept('all', 16)).toHaveLength(12)
  const large = new Map([['embedding', layer([128_000, 4096])]])
  expect(spectraPlan(large, 2, 'sampled').get('embedding')).toEqual({ skipped: 'too large to be computed unasked' })
  expect(spectraPlan(large, 2, 'all').get('embedding')).toEqual([{ name: 'w', shape: [128_000, 4096] }])
})

test.each([
  ['aligned', (tau: number, other: number) => tau + 0.3 * other],
  ['irrelevant', (_: number, other: number) => other],
  ['contradictory', (tau: number, other: number) => 0.3 * other - tau],
] as const)('cosines hint that vectors are %s', async (relation, second) => {
  const [a, b] = [201, 202].map((seed) => moved(wide, seed, 0.1)) as [Full[], Full[]]
  const [still, one, other] = [wide, a, b].map(plain) as [Values, Values, Values]
  const mixed = changed(wide, (x, name, i) => {
    const tau = (of: Values): number => (of.get(name)?.[i] as number) - (still.get(name)?.[i] as number)
    return x + second(tau(one), tau(other))
  })
  const { hint, cosines } = await reportOf([wide, a, mixed], { spectra: 'none' })
  expect(hint).toMatchObject({
    relation,
    threshold: 0.1,
    pairs: { aligned: 0, irrelevant: 0, contradictory: 0, [relation]: 1 },
  })
  const cosine = isThere(cosines) ? (cosines[1]?.[0] as number) : Number.NaN
  expect(isThere(hint) && hint.words).toContain(`a.safetensors`.replace('a', 'b'))
  expect(isThere(hint) && hint.words).toContain(cosine.toFixed(3))
})
type Values = Map<string, number[]>
const wide = filled([['w', [60, 50]]], 'F32', 200, true)

test('a base that is not theirs is warned of, and one that is theirs is not', async () => {
  const elsewhere = moved(base, 77, 3)
  const three = [2, 3, 4].map((seed) => moved(base, seed, 0.1))
  const wrong = await reportOf([elsewhere, ...three], { spectra: 'none' })
  expect(wrong.findings).toContainEqual(
    expect.objectContaining({ file: 'a.safetensors', what: 'It may not be the pre-trained model of these' }),
  )
  const right = await reportOf([base, ...three], { spectra: 'none' })
  expect(right.findings).toEqual([])
})

test('a tensor that not all have is left out of all sums where the base is to fill in for it', async () => {
  const lacking = tuned[1].filter(({ name }) => name !== 'layers.2.norm')
  const { layers, findings } = await reportOf([base, tuned[0], lacking], { missing: 'base' })
  expect(layers.map(({ layer }) => layer)).toEqual(['embedding', 'layer 0', 'layer 1'])
  expect(findings.filter(({ level }) => level === 'error')).toEqual([])
})
