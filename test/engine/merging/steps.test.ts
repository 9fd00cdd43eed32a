// Steps one behind the other that both compute on the float64 device: the second reads what the first gives while it is
// at work there itself. It is the same as doing the second with the first one's models from files.
import { expect, test } from 'vitest'

import { withDoubles } from '../../../src-main/engine/devices/double/open.ts'
import { vectorsAfter } from '../../../src-main/engine/merging/vectors-after.ts'
import { openWeights, type WeightSet } from '../../../src-main/engine/weights/parents.ts'
import { readParameter } from '../../../src-main/engine/weights/slices.ts'
import { element } from '../../../src-main/numbers/vectors.ts'
import { type Full, filled, type Shapes } from '../layouts/models.ts'
import { bytesOf, folderOf, moved } from '../measures/memory.ts'

const shapes: Shapes = [
  ['a.weight', [6, 5]],
  ['b.weight', [4, 9]],
]
const base = filled(shapes, 'F32', 1, true)

async function setOf(models: Record<string, Full[]>): Promise<WeightSet> {
  const files: Record<string, Uint8Array> = { base: await bytesOf(base, null) }
  for (const [name, tensors] of Object.entries(models)) files[name] = await bytesOf(tensors, null)
  return openWeights('base', Object.keys(models), folderOf(files).open)
}

/** Of each vector the parameters' values. */
const valuesOf = ({ vectors }: WeightSet) =>
  Promise.all(
    vectors.map(async (vector) =>
      Promise.all(shapes.map(async ([name]) => (await readParameter(vector, name)).slice())),
    ),
  )

test('a merge of matrices reads vectors that another merge of matrices makes, all at once and in any order', async () => {
  const set = await setOf({ one: moved(base, 2, 0.1), two: moved(base, 3, 0.1), three: moved(base, 4, 0.1) })
  const first = { method: 'bases', parameters: { bases: 2, by: 'pca' } }
  for (const second of ['tsv-m', 'iso-c', 'knots', 'wudi-closed']) {
    const step = { method: second, parameters: {} }
    const found = await valuesOf(await vectorsAfter(set, [{ method: 'tsv-m', parameters: {} }, step]))
    const middle = await valuesOf(await vectorsAfter(set, [{ method: 'tsv-m', parameters: {} }]))
    const written = base.map((tensor, i) => ({
      ...tensor,
      bytes: new Uint8Array(middle[0]?.[i]?.buffer as ArrayBuffer),
    }))
    const alone = await setOf({ merged: written })
    expect(found).toEqual(await valuesOf(await vectorsAfter(alone, [step])))
    const three = await valuesOf(await vectorsAfter(set, [first, step, step]))
    expect(three.flat().every((values) => values.every(Number.isFinite))).toBe(true)
    await alone.close()
  }
  await set.close()
})

test('work within work has its scope on top, waits in its own line, and is waited for', async () => {
  const said: string[] = []
  let inner: Promise<void> | undefined
  const outer = withDoubles(async (device) => {
    const mine = device.matrix(1, 3, [1, 2, 3])
    const within = async (name: string, by: number): Promise<void> =>
      withDoubles(async (same) => {
        expect(same).toBe(device)
        const theirs = same.matrix(1, 3, [by, by, by])
        await Promise.resolve()
        said.push(`${name} ${same.values(theirs).join()}`)
      })
    await Promise.all([within('one', 4), within('two', 5)])
    inner = within('left', 6) // not waited for
    return [...device.values(mine)]
  })
  const next = withDoubles((device) => {
    said.push('next')
    return element(device.values(device.matrix(1, 1, [7])), 0)
  })
  expect(await outer).toEqual([1, 2, 3])
  expect(await next).toBe(7)
  await inner
  expect(said).toEqual(['one 4,4,4', 'two 5,5,5', 'left 6,6,6', 'next'])
})

test('work that fails within work fails both, and the next is done', async () => {
  const failing = withDoubles(() =>
    withDoubles(() => {
      throw new Error('no such number')
    }),
  )
  await expect(failing).rejects.toThrow('no such number')
  expect(await withDoubles((device) => device.matrix(2, 2).rows)).toBe(2)
})
