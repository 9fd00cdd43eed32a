// Task Vector Bases: what each kind leaves behind, of which no kind leaves less than the leading directions; all of
// them leave nothing where there are as many bases as tasks, or where the tasks have no more directions; what is
// put together of bases, added and taken away is what the decoder says.
import { describe, expect, test } from 'vitest'

import { merges } from '../../../../src-main/engine/merging/index.ts'
import { basesOf } from '../../../../src-main/engine/merging/spectral/bases.ts'
import { vectorsAfter } from '../../../../src-main/engine/merging/vectors-after.ts'
import { openWeights } from '../../../../src-main/engine/weights/parents.ts'
import { readParameter } from '../../../../src-main/engine/weights/slices.ts'
import { dot } from '../../../../src-main/numbers/vectors.ts'
import { filled, type Shapes } from '../../layouts/models.ts'
import { bytesOf, folderOf, moved } from '../../measures/memory.ts'
import { noise, product } from './parts.ts'

const kinds = ['autoencoder', 'pca', 'subset', 'orthogonal'] as const
const settings = { steps: 300, seed: 3 }
const gramOf = (taus: readonly Float64Array[]): Float64Array[] =>
  taus.map((a) => Float64Array.from(taus, (b) => dot(a, b)))
const eight = Array.from({ length: 8 }, (_, t) => noise(500, t + 1).map((v) => v * (1 + t / 3)))

describe.each(kinds)('by %s', (by) => {
  test('M bases of T tasks leave what is said, and never less than the leading directions do', async () => {
    const found = await basesOf(gramOf(eight), 3, by, settings)
    const bases = found.encoder.map((c) => product(c, Float64Array.from(eight.flatMap((v) => [...v])), 1, 8, 500))
    let [left, all] = [0, 0]
    for (const [t, tau] of eight.entries())
      for (let i = 0; i < tau.length; i++) {
        const again = bases.reduce((sum, b, k) => sum + (found.decoder[t]?.[k] as number) * (b[i] as number), 0)
        left += ((tau[i] as number) - again) ** 2
        all += (tau[i] as number) ** 2
      }
    expect(found.error).toBeCloseTo(left / all, 9)
    expect(found.error).toBeGreaterThanOrEqual(found.least - 1e-9)
    if (by === 'pca') expect(found.error).toBeCloseTo(found.least, 9)
  })

  test('as many as there are tasks leave nothing, nor do as many as tasks have directions', async () => {
    expect((await basesOf(gramOf(eight), 8, by, settings)).error).toBeLessThan(1e-6)
    const few = [0, 1, 2, 3, 4].map((t) =>
      (eight[0] as Float64Array).map((v, i) => (t + 1) * v + Math.cos(t) * (eight[1]?.[i] as number)),
    )
    expect((await basesOf(gramOf(few), 2, by, settings)).error).toBeLessThan(1e-6)
  })

  test('of tasks that are all zero there is nothing to leave, and no NaN', async () => {
    const found = await basesOf(gramOf([new Float64Array(4), new Float64Array(4)]), 1, by, settings)
    expect(found.error).toBe(0)
    expect([...found.encoder, ...found.decoder].every((row) => row.every(Number.isFinite))).toBe(true)
  })
})

test('learned mixtures leave less than those they began with', async () => {
  const error = async (steps: number) => (await basesOf(gramOf(eight), 3, 'autoencoder', { steps, seed: 3 })).error
  expect(await error(300)).toBeLessThan((await error(1)) - 0.01)
})

test('bases go into the next step as vectors do, and tasks come back out of enough of them', async () => {
  const shapes: Shapes = [
    ['a.weight', [6, 5]],
    ['a.bias', [6]],
  ]
  const base = filled(shapes, 'F32', 1, true)
  const files: Record<string, Uint8Array> = { base: await bytesOf(base, null) }
  const names = ['one', 'two', 'three']
  for (const [i, name] of names.entries()) files[name] = await bytesOf(moved(base, i + 2, 0.1), null)
  const set = await openWeights('base', names, folderOf(files).open)
  const again = await vectorsAfter(set, [
    { method: 'bases', parameters: { bases: 3, by: 'orthogonal', output: 'tasks' } },
  ])
  for (const [t, vector] of again.vectors.entries())
    for (const [name] of shapes) {
      const [found, own] = [
        await readParameter(vector, name),
        await readParameter(set.vectors[t] as (typeof set.vectors)[number], name),
      ]
      for (const [i, v] of found.entries()) expect(v).toBeCloseTo(own[i] as number, 5)
    }
  const merged = await vectorsAfter(set, [
    { method: 'bases', parameters: { bases: 2, by: 'pca' } },
    { method: 'iso-c', parameters: {} },
  ])
  expect(merged.vectors.map(({ file }) => file.source.name)).toEqual(['Iso-C of 2'])
  const w = await readParameter(merged.vectors[0] as (typeof set.vectors)[number], 'a.weight')
  expect(w.every(Number.isFinite)).toBe(true)
  expect(merges.map(({ card }) => card.name)).toContain('bases')
  await set.close()
})
