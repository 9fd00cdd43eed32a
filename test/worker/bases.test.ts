// Bases outside of a merge: the report says what the files do; tasks are added and taken away by their coefficients;
// any method merges the files; and memory does not grow with the number of tasks.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, expect, test } from 'vitest'

import { type BasesReport, basesRequestSchema } from '../../src-main/contract/bases.ts'
import { merges } from '../../src-main/engine/merging/index.ts'
import { partOf } from '../../src-main/engine/merging/merge.ts'
import { productsOf } from '../../src-main/engine/merging/spectral/bases.ts'
import { vectorsAfter } from '../../src-main/engine/merging/vectors-after.ts'
import { openWeights, type WeightSet } from '../../src-main/engine/weights/parents.ts'
import { readParameter } from '../../src-main/engine/weights/slices.ts'
import { openSource } from '../../src-main/files/source.ts'
import { bases } from '../../src-main/worker/bases.ts'
import { filled, type Shapes } from '../engine/layouts/models.ts'
import { bytesOf, folderOf, moved, plain, resultOf } from '../engine/measures/memory.ts'

const folder = mkdtempSync(join(tmpdir(), 'basil-bases-'))
afterAll(() => rmSync(folder, { recursive: true }))

const shapes: Shapes = [
  ['a.weight', [9, 8]],
  ['a.bias', [9]],
]
const still = filled(shapes, 'F32', 1, true)
const models = [2, 3, 4, 5].map((seed) => moved(still, seed, 0.1))
const place = (name: string): string => join(folder, `${name}.safetensors`)
writeFileSync(place('base'), await bytesOf(still, null))
for (const [t, model] of models.entries()) writeFileSync(place(`${t}`), await bytesOf(model, null))
const vectors = models.map((_, t) => place(`${t}`))

const found = (parameters: Record<string, unknown>, out: string | null = null): Promise<BasesReport> =>
  resultOf(bases(basesRequestSchema.parse({ pretrained: place('base'), vectors, parameters, out })))

/** theta - theta_pre of every element. */
async function tausOf(set: WeightSet): Promise<number[][]> {
  return Promise.all(
    set.vectors.map(async (vector) => {
      const parts: number[] = []
      for (const [name] of shapes) {
        const base = plain(still).get(name) as number[]
        parts.push(...Array.from(await readParameter(vector, name), (v, i) => v - (base[i] as number)))
      }
      return parts
    }),
  )
}
const combined = (rows: readonly number[][], c: readonly number[]): number[] =>
  (rows[0] as number[]).map((_, i) => rows.reduce((sum, row, k) => sum + (c[k] as number) * (row[i] as number), 0))
const length = (row: readonly number[]): number => Math.hypot(...row)

test('each error is that of the files put together again, and the bound of the paper is kept by every kind', async () => {
  const set = await openWeights(place('base'), vectors, openSource)
  const taus = await tausOf(set)
  await set.close()
  const whole = taus.reduce((sum, tau) => sum + length(tau) ** 2, 0)
  for (const by of ['autoencoder', 'pca', 'subset', 'orthogonal']) {
    const out = join(folder, by)
    const report = await found({ bases: 2, by, steps: 50 }, out)
    const files = report.bases.map(({ file }) => file as string)
    expect(readdirSync(out).sort()).toEqual(['bases.json', 'basis-1-of-2.safetensors', 'basis-2-of-2.safetensors'])
    const written = await openWeights(place('base'), files, openSource)
    const own = await tausOf(written)
    await written.close()
    let left = 0
    for (const [t, { coefficients, error, norm }] of report.vectors.entries()) {
      const tau = taus[t] as number[]
      const again = combined(own, coefficients)
      const lacking = length(tau.map((v, i) => v - (again[i] as number)))
      left += lacking ** 2
      expect(norm).toBeCloseTo(length(tau), 6)
      expect(error).toBeCloseTo(lacking / length(tau), 4)
    }
    expect(report.error).toBeCloseTo(left / whole, 5)
    expect(report.paper.error).toBeCloseTo(left / 16, 6)
    expect(report.paper.bound).toBeLessThan(report.paper.error + 1e-12)
    if (by === 'pca') expect(report.paper.bound).toBeCloseTo(report.paper.error, 9)
    expect(report.spectrum.reduce((a, b) => a + b, 0)).toBeCloseTo(whole, 6)
    expect(report.bytes).toEqual({ bases: 2 * 81 * 4, coefficients: 8 * 2 * 4, vectors: 4 * 81 * 4 })
    expect(readFileSync(join(out, 'bases.json'), 'utf8')).not.toContain(folder)
  }
  await expect(found({ bases: 2 }, join(folder, 'pca'))).rejects.toMatchObject({ record: { code: 'target-exists' } })
})

test('as many bases as tasks give all of them back: a sum of tasks, one less another, and any method on the files', async () => {
  const report = await found({ bases: 4, by: 'orthogonal' }, join(folder, 'all'))
  const files = report.bases.map(({ file }) => file as string)
  const [own, tasks] = [
    await openWeights(place('base'), files, openSource),
    await openWeights(place('base'), vectors, openSource),
  ]
  const [basis, taus] = [await tausOf(own), await tausOf(tasks)]
  for (const c of [
    [0.4, 0.4, 0.4, 0.4],
    [1, -1, 0, 0.5],
  ]) {
    const through = files.map((_, k) =>
      report.vectors.reduce((sum, { coefficients }, t) => sum + (c[t] as number) * (coefficients[k] as number), 0),
    )
    for (const [i, v] of combined(basis, through).entries()) expect(v).toBeCloseTo(combined(taus, c)[i] as number, 5)
  }
  for (const method of ['ties', 'tsv-m', 'wise-ft', 'magmax']) {
    const inOne = await vectorsAfter(tasks, [
      { method: 'bases', parameters: { bases: 4, by: 'orthogonal' } },
      { method, parameters: {} },
    ])
    const onFiles = await vectorsAfter(own, [{ method, parameters: {} }])
    expect(inOne.vectors.length).toBe(onFiles.vectors.length)
    for (const [k, vector] of onFiles.vectors.entries())
      for (const [i, v] of (await readParameter(vector, 'a.weight')).entries())
        expect((await readParameter(inOne.vectors[k] ?? vector, 'a.weight'))[i]).toBeCloseTo(v, 5)
  }
  await Promise.all([own.close(), tasks.close()])
})

test.each([2, 8, 48])(
  'of %i tasks a fixed number of elements is held: slices shrink, or vectors are read in turn',
  async (tasks) => {
    const wide: Shapes = [['w', [2 ** 17 + 5]]]
    const one = filled(wide, 'F32', 1, true)
    const names = Array.from({ length: tasks }, (_, t) => `${t}`)
    const bytes = await bytesOf(one, null)
    const { open } = folderOf(Object.fromEntries(['base', ...names].map((name) => [name, bytes])))
    const set = await openWeights('base', names, open)
    const places = new Map<number, number>() // elements of all vectors at a place
    const seen = set.vectors.map((vector) => ({
      ...vector,
      file: {
        ...vector.file,
        readRange: (name: string, offset: number, length: number, into?: Uint8Array) => {
          places.set(offset, (places.get(offset) ?? 0) + length / 4)
          return vector.file.readRange(name, offset, length, into)
        },
      },
    }))
    await productsOf({ ...set, vectors: seen })
    expect(Math.max(...places.values())).toBeLessThanOrEqual(2 ** 20)
    expect([...places.values()].reduce((a, b) => a + b, 0)).toBe(tasks * (2 ** 17 + 5))
    const bases = merges.find(({ card }) => card.name === 'bases')
    const combine = await bases?.prepare(set, { bases: 2, by: 'subset' })
    let [present, most] = [0, 0]
    const part = await partOf(
      set,
      [...names.keys()],
      { name: 'w', first: 0, count: 9 },
      {
        ...{ ofModels: false, weights: [], isScaled: false },
        inTurn: bases?.inTurn ?? false,
      },
    )
    expect(part.vectors).toEqual([])
    await combine?.({
      ...part,
      read: async (place) => {
        most = Math.max(most, ++present)
        return part.read(place).finally(() => present--)
      },
    })
    expect(most).toBe(1)
    await set.close()
  },
)
