// What fusion_bench 0.2.33 gave for the same inputs (test/golden/merges/spectral.json), within 1e-6; Iso-CTS within
// 1.2e-6 where the vectors side by side have a singular value of 0.05, by which float32's rounding there is divided.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { merges } from '../../../../src-main/engine/merging/index.ts'
import type { Merge } from '../../../../src-main/engine/merging/merge.ts'
import { farthest, merged } from './parts.ts'

interface Tensors {
  w: number[][]
  b: number[]
}
interface Golden {
  inputs: { base: Tensors; tasks: Tensors[] }
  'fusion_bench_0.2.33': { method: string; params: Record<string, number>; out: Tensors }[]
}
const file = join(import.meta.dirname, '..', '..', '..', 'golden', 'merges', 'spectral.json')
const golden = JSON.parse(readFileSync(file, 'utf8')) as Golden

const named: Record<string, [name: string, parameters: (of: Record<string, number>) => Record<string, unknown>]> = {
  'iso_c delta': ['iso-c', () => ({})],
  'iso_cts delta': ['iso-cts', ({ common_space_fraction }) => ({ common: common_space_fraction })],
  'tsvm delta': ['tsv-m', () => ({})],
  'wudi delta': ['wudi', ({ iter_num }) => ({ steps: iter_num })],
}

const mergeNamed = (name: string): Merge => merges.find(({ card }) => card.name === name) as Merge
const difference = (a: number[], b: number[]): number[] => a.map((x, i) => x - (b[i] as number))

describe.each(golden['fusion_bench_0.2.33'])('$method $params', ({ method, params, out }) => {
  const [name, parameters] = named[method] as (typeof named)[string]
  const { base, tasks } = golden.inputs
  test.each(['w', 'b'] as const)('%s', async (of) => {
    const shape = of === 'w' ? [4, 6] : [7]
    const taus = tasks.map((task) => difference(task[of].flat(), base[of].flat()))
    const found = await merged(mergeNamed(name), shape, taus, parameters(params))
    expect(farthest(found, out[of].flat())).toBeLessThan(name === 'iso-cts' ? 1.2e-6 : 1e-6)
  })
})
