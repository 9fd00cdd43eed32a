// TIES against the oracle, over the whole task vectors of the golden models: norm, zeros and the probed entries; and
// the same by plain loops.
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { vectorsAfter } from '../../src-main/engine/merging/vectors-after.ts'
import { openParents } from '../../src-main/engine/weights/parents.ts'
import { readParameter } from '../../src-main/engine/weights/slices.ts'
import { openSource } from '../../src-main/files/source.ts'
import { expected, folder, tasks } from './fixture.ts'

const open = () =>
  openParents(
    join(folder, 'pretrained.safetensors'),
    tasks.map((t) => join(folder, `finetuned-${t}.safetensors`)),
    openSource,
  )
/** In place: what was trimmed and what has the other sign becomes 0. */
function trimAndElect(taus: readonly Float64Array[], thresholds: readonly number[]): void {
  for (const [t, tau] of taus.entries())
    for (const [i, v] of tau.entries()) if (Math.fround(Math.abs(v)) < (thresholds[t] as number)) tau[i] = 0
  for (const i of taus[0]?.keys() ?? []) {
    const mass = taus.reduce((sum, tau) => sum + (tau[i] as number), 0)
    for (const tau of taus) if ((tau[i] as number) * mass <= 0) tau[i] = 0
  }
}

/** The mean of what is not 0, (n). */
function disjointMean(taus: readonly Float64Array[]): Float64Array {
  return (taus[0] as Float64Array).map((_, i) => {
    const left = taus.map((tau) => tau[i] as number).filter((v) => v !== 0)
    return left.length ? left.reduce((sum, v) => sum + v, 0) / left.length : 0
  })
}

type Parents = Awaited<ReturnType<typeof open>>

async function tiesOf(parents: Parents, density: number, output: 'merged' | 'trimmed') {
  return (await vectorsAfter(parents, [{ method: 'ties', parameters: { density, output } }])).vectors
}

/** All parameters in block order as one vector, from the pre-trained model. */
async function vectorOf(
  parents: Parents,
  checkpoint: Parents['base'] | Awaited<ReturnType<typeof tiesOf>>[number],
): Promise<Float64Array> {
  const flat: number[] = []
  for (const name of parents.parameters.keys()) {
    const base = (await readParameter(parents.base, name)).slice()
    const values = await readParameter(checkpoint, name)
    for (const [i, v] of values.entries()) flat.push(v - (base[i] as number))
  }
  return Float64Array.from(flat)
}

test.each([0.2, 0.5])("TIES of density %f is the oracle's", async (density) => {
  const parents = await open()
  const [merged] = await tiesOf(parents, density, 'merged')
  const flat = await vectorOf(parents, merged as NonNullable<typeof merged>)
  const { norm, zeros, at } = expected[`merge.ties.${density}`]
  expect(flat.filter((v) => v === 0).length).toBe(zeros)
  expect(Math.abs(Math.sqrt(flat.reduce((sum, v) => sum + v * v, 0)) / norm - 1)).toBeLessThan(1e-5)
  const probes: number[] = expected['merge.probeIndices']
  // theta_pre + tau is float32
  for (const [k, i] of probes.entries()) expect(Math.abs((flat[i] as number) - at[k])).toBeLessThan(1e-7)
  await parents.close()
})

test('trimmed vectors keep their largest elements, those of the elected sign, and add up to TIES', async () => {
  const parents = await open()
  const density = 0.3
  const taus: Float64Array[] = []
  for (const vector of parents.vectors) taus.push(await vectorOf(parents, vector))
  const n = taus[0]?.length as number
  const thresholds = taus.map((tau) =>
    Math.fround([...tau].map(Math.abs).sort((a, b) => b - a)[Math.ceil(density * n) - 1] as number),
  )
  trimAndElect(taus, thresholds)
  const trimmed = await tiesOf(parents, density, 'trimmed')
  for (const [t, checkpoint] of trimmed.entries()) {
    const flat = await vectorOf(parents, checkpoint)
    expect(flat.filter((v) => v !== 0).length).toBeGreaterThan(0.1 * n)
    let worst = 0
    for (let i = 0; i < n; i++) worst = Math.max(worst, Math.abs((flat[i] as number) - (taus[t]?.[i] as number)))
    expect(worst).toBeLessThan(2e-7)
  }
  const [merged] = await tiesOf(parents, density, 'merged')
  const mean = disjointMean(taus)
  const flat = await vectorOf(parents, merged as NonNullable<typeof merged>)
  expect(flat.every((v, i) => Math.abs(v - (mean[i] as number)) < 2e-7)).toBe(true)
  await parents.close()
})
