// Rows matched token by token, and layers put together anew, held against the same done by hand; and densities that
// models have of their own, against each model by itself.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Arrangement } from '../../../src-main/contract/run/recipe.ts'
import { vectorsAfter } from '../../../src-main/engine/merging/vectors-after.ts'
import { openWeights } from '../../../src-main/engine/weights/parents.ts'
import { readParameter, readSlice } from '../../../src-main/engine/weights/slices.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { llama, writeLlama } from '../layouts/llama.ts'
import { plain } from '../measures/memory.ts'

const folder = mkdtempSync(join(tmpdir(), 'basil-arranged-'))
const width = 8
const asked = {
  base: { seed: 1, layers: 3 },
  turned: { seed: 2, layers: 3, tokens: 'hgfedcbaxyZ' },
  padded: { seed: 3, layers: 3, tokens: 'abcdxZQ', rows: 10 },
}
const fileOf = (name: string): string => join(folder, name, 'model.safetensors')
beforeAll(async () => {
  for (const [name, one] of Object.entries(asked)) await writeLlama(join(folder, name), one)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const values = Object.fromEntries(Object.entries(asked).map(([name, one]) => [name, plain(llama(one))]))
const opened = (arrangement: Arrangement) =>
  openWeights(fileOf('base'), [fileOf('turned'), fileOf('padded')], openSource, undefined, arrangement)

/** The row of a token in a model, by hand. */
function rowOf(model: keyof typeof asked, tensor: string, token: string): number[] | undefined {
  const of = asked[model]
  const tokens = 'tokens' in of ? of.tokens : 'abcdefgh'
  const row = tokens.indexOf(token)
  return row < 0 ? undefined : values[model]?.get(tensor)?.slice(row * width, (row + 1) * width)
}

test('each model has all rows: its own, else the base’s, else the only one or the mean of those that there are', async () => {
  const set = await opened({ tokenizer: { source: 'union', base: 0 } })
  const tokens = 'abcdefghxyZQ'
  const models = ['base', 'turned', 'padded'] as const
  for (const tensor of ['model.embed_tokens.weight', 'lm_head.weight'])
    for (const [m, checkpoint] of [set.base, ...set.vectors].entries()) {
      const expected = [...tokens].flatMap((token) => {
        const own = rowOf(models[m] as 'base', tensor, token) ?? rowOf('base', tensor, token)
        if (own) return own
        const having = models.flatMap((model) => [rowOf(model, tensor, token)].filter((row) => row !== undefined))
        return Array.from({ length: width }, (_, i) =>
          Math.fround(having.reduce((sum, row) => sum + (row[i] as number), 0) / having.length),
        )
      })
      const found = await readParameter(checkpoint, tensor)
      expect([...found], `${tensor} of ${models[m]}`).toEqual(expected)
      const [first, count] = [13, 50] // across rows, from within one to within another
      const part = await readSlice(checkpoint, tensor, first, count, new Float32Array(count))
      expect([...part]).toEqual(expected.slice(first, first + count))
    }
  expect(set.arranged?.vocabulary?.plan.models.map(({ model: _, ...counts }) => counts)).toEqual([
    { tokens: 8, shared: 8, added: 4, dropped: 0 },
    { tokens: 11, shared: 11, added: 1, dropped: 0 },
    { tokens: 7, shared: 7, added: 5, dropped: 0 },
  ])
  await set.close()
})

test('without a base a row that some lack is the mean; another model’s tokens leave the rest out', async () => {
  const set = await opened({ tokenizer: { source: 2, base: null } })
  const embedding = await readParameter(set.base, 'model.embed_tokens.weight')
  const [x, z] = ['x', 'Z'].map((token) => {
    const [a, b] = [
      rowOf('turned', 'model.embed_tokens.weight', token),
      rowOf('padded', 'model.embed_tokens.weight', token),
    ]
    return a?.map((v, i) => Math.fround((v + (b?.[i] as number)) / 2))
  })
  expect([...embedding.subarray(4 * width, 5 * width)]).toEqual(x)
  expect([...embedding.subarray(5 * width, 6 * width)]).toEqual(z)
  expect(embedding).toHaveLength(7 * width)
  expect(set.arranged?.vocabulary?.plan).toMatchObject({
    tokens: 7,
    models: [{ shared: 4, added: 3, dropped: 4 }, {}, {}],
  })
  await set.close()
})

test('layers are numbered anew; what stands before them is the first part’s, what stands behind the last’s', async () => {
  const [a, b] = [
    { model: 0, from: 1, to: 3 },
    { model: 1, from: 0, to: 2 },
  ]
  const set = await openWeights(fileOf('base'), [fileOf('turned')], openSource, undefined, { layers: [[a, b]] })
  expect(set.arranged?.layers).toBe(4)
  const from: [string, string, string][] = [
    ['model.embed_tokens.weight', 'base', 'model.embed_tokens.weight'],
    ['model.layers.0.mlp.up_proj.weight', 'base', 'model.layers.1.mlp.up_proj.weight'],
    ['model.layers.1.mlp.up_proj.weight', 'base', 'model.layers.2.mlp.up_proj.weight'],
    ['model.layers.2.mlp.up_proj.weight', 'turned', 'model.layers.0.mlp.up_proj.weight'],
    ['model.layers.3.input_layernorm.weight', 'turned', 'model.layers.1.input_layernorm.weight'],
    ['model.norm.weight', 'turned', 'model.norm.weight'],
    ['lm_head.weight', 'turned', 'lm_head.weight'],
  ]
  for (const [name, model, theirs] of from)
    expect([...(await readParameter(set.base, name))], name).toEqual(values[model]?.get(theirs))
  await set.close()
  const beyond = openWeights(fileOf('base'), [], openSource, undefined, { layers: [[{ model: 0, from: 2, to: 4 }]] })
  await expect(beyond).rejects.toThrow(/has 3 layers/)
})

test.each(['ties', 'dare', 'della', 'breadcrumbs'])('of %s each model may have its own density', async (method) => {
  const set = await openWeights(fileOf('base'), [fileOf('turned'), fileOf('padded')], openSource, 'base')
  const more = {
    ...(method === 'ties' && { scope: 'tensor', output: 'trimmed' }),
    ...(method === 'della' && { epsilon: 0.05 }),
  }
  const after = async (given: object) =>
    (await vectorsAfter(set, [{ method, parameters: { ...more, ...given } }])).vectors
  const each = [{ density: 0.3 }, { density: [{ filter: 'mlp', value: 0.9 }, { value: 0.6 }] }]
  const { vectors } = await vectorsAfter(set, [{ method, parameters: { ...more, density: 0.5 }, each }])
  const alone = {
    0.3: await after({ density: 0.3 }),
    0.6: await after({ density: 0.6 }),
    0.9: await after({ density: 0.9 }),
  }
  for (const name of ['model.layers.1.mlp.up_proj.weight', 'model.layers.0.self_attn.q_proj.weight']) {
    const second = name.includes('mlp') ? alone[0.9] : alone[0.6]
    if (method === 'ties') {
      const changed = async (t: number, of: typeof vectors) => {
        const [still, own] = [
          await readParameter(set.base, name),
          await readParameter(of[t] as (typeof of)[number], name),
        ]
        return own.filter((v, i) => v !== still[i]).length
      }
      // which elements are left out by their sign depends on both: no more than trimming leaves
      expect(await changed(0, vectors)).toBeLessThanOrEqual(Math.ceil(0.3 * 128))
      expect(await changed(1, vectors)).toBeGreaterThan(await changed(0, vectors))
      continue
    }
    expect(await readParameter(vectors[0] as (typeof vectors)[number], name)).toEqual(
      await readParameter(alone[0.3][0] as (typeof vectors)[number], name),
    )
    expect(await readParameter(vectors[1] as (typeof vectors)[number], name)).toEqual(
      await readParameter(second[1] as (typeof vectors)[number], name),
    )
  }
  await set.close()
})
