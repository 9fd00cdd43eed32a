// What every merge of the list keeps to: its card and its mathematics have one name and one order; what it gives is as
// many vectors as it names, the same in whatever slices and in whatever order they are read; and a merge that takes
// vectors alone makes of one what it makes of it among others.
import { describe, expect, test } from 'vitest'

import { merges as cards } from '../../../src-main/contract/merges/index.ts'
import { allowed, parametersOf, typed } from '../../../src-main/contract/merges/parameters.ts'
import { givenBy, namesAfter, stepInWords } from '../../../src-main/contract/merges/step.ts'
import { merges } from '../../../src-main/engine/merging/index.ts'
import { vectorsAfter } from '../../../src-main/engine/merging/vectors-after.ts'
import { openWeights } from '../../../src-main/engine/weights/parents.ts'
import { type Checkpoint, readParameter, readSlice } from '../../../src-main/engine/weights/slices.ts'
import { filled, type Shapes } from '../layouts/models.ts'
import { bytesOf, folderOf, moved } from '../measures/memory.ts'

const shapes: Shapes = [
  ['a.weight', [40, 30]],
  ['a.bias', [40]],
  ['b.weight', [7, 11]],
]
const base = filled(shapes, 'F32', 1, true)
const files = { base: await bytesOf(base, null) } as Record<string, Uint8Array>
for (const [i, name] of ['one', 'two', 'three'].entries()) files[name] = await bytesOf(moved(base, i + 2, 0.1), null)
const open = (...vectors: string[]) => openWeights('base', vectors, folderOf(files).open)

async function whole(vectors: readonly Checkpoint[]): Promise<number[][]> {
  const all: number[][] = []
  for (const vector of vectors) {
    const values: number[] = []
    for (const [name] of shapes) values.push(...(await readParameter(vector, name)))
    all.push(values)
  }
  return all
}

/** Those that look at images have a suite of their own (statistics). */
const ofWeights = merges.filter(({ card }) => !card.needs.statistics)

test('the cards and the mathematics are one list, and names are told apart', () => {
  expect(merges.map(({ card }) => card)).toEqual(cards)
  expect(new Set(cards.map(({ name }) => name)).size).toBe(cards.length)
})

test('TIES over a whole model, with weights that differ by tensor: each has its own, whichever is read first', async () => {
  const set = await open('one', 'two')
  const weight = [{ filter: 'b.', value: 3 }, { value: 0.5 }]
  const step = { method: 'ties', parameters: { scope: 'model' as const }, weights: [weight, 1] }
  const [first] = (await vectorsAfter(set, [step])).vectors
  const forwards = await whole([first as Checkpoint])
  const [other] = (await vectorsAfter(set, [step])).vectors
  const backwards = new Map<string, number[]>()
  for (const [name] of [...shapes].reverse()) backwards.set(name, [...(await readParameter(other as Checkpoint, name))])
  expect(forwards.flat()).toEqual(shapes.flatMap(([name]) => backwards.get(name) ?? []))
  await set.close()
})

describe.each(ofWeights.map((merge) => ({ name: merge.card.name, merge })))('$name', ({ merge }) => {
  const { card } = merge
  const count = Math.max(card.needs.least, Math.min(3, card.needs.most ?? 3))
  const names = ['one', 'two', 'three'].slice(0, count)
  const step = { method: card.name, parameters: {} }

  test('gives what it names, whatever is read first and however much of it', async () => {
    const set = await open(...names)
    const after = await vectorsAfter(set, [step])
    expect(after.vectors.map(({ file }) => file.source.name)).toEqual(namesAfter(names, [step]))
    if (givenBy(step) !== 'each') expect(after.vectors).toHaveLength(1)
    const expected = await whole(after.vectors)
    expect(expected.flat().every(Number.isFinite)).toBe(true)
    const other = await vectorsAfter(set, [step])
    const found = new Map<string, Float32Array>()
    for (const [name, shape] of [...shapes].reverse())
      for (const [k, vector] of [...other.vectors.entries()].reverse()) {
        const size = shape.reduce((a, b) => a * b, 1)
        const values = new Float32Array(size)
        for (const first of [Math.floor(size / 3), 0]) {
          const n = first ? size - first : Math.floor(size / 3)
          values.set(await readSlice(vector, name, first, n, new Float32Array(n)), first)
        }
        found.set(`${k} ${name}`, values)
      }
    expect(
      expected.map((_, k) => shapes.flatMap(([name]) => [...(found.get(`${k} ${name}`) as Float32Array)])),
    ).toEqual(expected)
    await set.close()
  })

  if (merge.of === 'alone')
    test('makes of a vector alone what it makes of it among others', async () => {
      const [set, lone] = [await open(...names), await open('two')]
      const [all, own] = [await vectorsAfter(set, [step]), await vectorsAfter(lone, [step])]
      const among = all.vectors.filter(({ file }) => /^two\b/.test(file.source.name))
      expect(await whole(among)).toEqual(await whole(own.vectors))
      await set.close()
      await lone.close()
    })

  test('says of every parameter what it is, and takes its defaults', () => {
    const parsed = card.parameters.parse({})
    for (const of of parametersOf(card)) {
      expect(of.description.length).toBeGreaterThan(3)
      if (of.default !== undefined) expect(typed(of, String(of.default))).toEqual(parsed[of.name])
      expect(stepInWords(step)).toContain(`${of.name} ${parsed[of.name]}`)
      expect(allowed(of)).not.toMatch(/undefined/)
    }
    expect(card.parameters.safeParse({ ...parsed, neverHeardOf: 1 }).success).toBe(false)
  })
})
