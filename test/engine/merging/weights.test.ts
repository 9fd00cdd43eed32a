// Weights of the models and values that differ from tensor to tensor, through every tensor of a small model:
// theta_pre + lambda sum_t w_t,b tau_t. And a merge's memory does not grow with the number of its models.
import { expect, test } from 'vitest'

import { differs } from '../../../src-main/contract/merges/valued.ts'
import { vectorsAfter } from '../../../src-main/engine/merging/vectors-after.ts'
import { groupsOf, mergedSlices, slice } from '../../../src-main/engine/weights/merge.ts'
import { openWeights } from '../../../src-main/engine/weights/parents.ts'
import { readParameter } from '../../../src-main/engine/weights/slices.ts'
import { filled as table } from '../../../src-main/numbers/table.ts'
import { filled, type Shapes } from '../layouts/models.ts'
import { bytesOf, folderOf, moved, plain } from '../measures/memory.ts'

const shapes: Shapes = [
  ['layers.0.weight', [8, 6]],
  ['layers.1.weight', [8, 6]],
  ['layers.2.weight', [8, 6]],
  ['norm.bias', [8]],
]
const base = filled(shapes, 'F32', 1, true)
const tuned = [2, 3].map((seed) => moved(base, seed, 0.1))

test('each vector is multiplied by its weight of each tensor before the merge sees it', async () => {
  const files = Object.fromEntries(
    await Promise.all(
      [base, ...tuned].map(async (model, i): Promise<[string, Uint8Array]> => [`${i}`, await bytesOf(model, null)]),
    ),
  )
  const set = await openWeights('0', ['1', '2'], folderOf(files).open)
  const weights = [0.5, [{ filter: 'layers', value: { gradient: [0, 2] } }, { value: -1 }]]
  expect(differs(weights)).toBe(true)
  const { vectors } = await vectorsAfter(set, [{ method: 'task-arithmetic', parameters: {}, weights }])
  const expected: Record<string, number> = {
    'layers.0.weight': 0,
    'layers.1.weight': 1,
    'layers.2.weight': 2,
    'norm.bias': -1,
  }
  for (const [name] of shapes)
    for (const [t, vector] of vectors.entries()) {
      const [still, theirs] = [plain(base).get(name) ?? [], plain(tuned[t] ?? []).get(name) ?? []]
      const w = t === 0 ? 0.5 : (expected[name] as number)
      const found = await readParameter(vector, name)
      expect([...found], name).toEqual(still.map((b, i) => Math.fround(b + w * ((theirs[i] as number) - b))))
    }
  await set.close()
})

test.each([2, 8, 20])('of %i models no more than seven slices are held at a time', async (models) => {
  const wide: Shapes = [['w', [3 * slice + 5]]]
  const still = filled(wide, 'F32', 1, true)
  const one = await bytesOf(still, null)
  const names = Array.from({ length: models }, (_, k) => `${k}`)
  const { open } = folderOf(Object.fromEntries([['base', one], ...names.map((name) => [name, one])]))
  const buffers = new Set<ArrayBufferLike>()
  const set = await openWeights('base', names, open)
  const watched = [set.base, ...set.vectors].map((checkpoint) => ({
    ...checkpoint,
    file: {
      ...checkpoint.file,
      readRange: (name: string, offset: number, length: number, into?: Uint8Array) => {
        if (into) buffers.add(into.buffer)
        return checkpoint.file.readRange(name, offset, length, into)
      },
    },
  }))
  const [first, ...vectors] = watched
  const seen = { ...set, base: first as (typeof watched)[number], vectors }
  let count = 0
  for await (const { values } of mergedSlices(seen, groupsOf(seen, 'scalar'), table(models, 1, 0.1)))
    count += values.length
  expect(count).toBe(3 * slice + 5)
  expect(buffers.size).toBeLessThanOrEqual(7)
  await set.close()
})
