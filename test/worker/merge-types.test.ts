// Every merge on files of every kind of number: bfloat16 and float16 weights are merged as the float32 numbers that
// they are and rounded once, types may differ between the models, integers that are equal are copied to the byte, and
// those that are not are refused before anything is written.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { sha256 } from '../../src-main/contract/branded.ts'
import { formSchema } from '../../src-main/contract/checkpoint.ts'
import type { MergeCard } from '../../src-main/contract/merges/card.ts'
import { merges } from '../../src-main/contract/merges/index.ts'
import { type Dtype, toFloat32 } from '../../src-main/engine/formats/dtype.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { cast } from '../../src-main/engine/formats/writing/in-dtype.ts'
import { openSource } from '../../src-main/files/source.ts'
import { mergeRecipe } from '../../src-main/workbench/export/merge.ts'
import { rebuild } from '../../src-main/worker/rebuild.ts'
import { written } from '../engine/formats/bytes.ts'
import { type Full, filled, type Shapes } from '../engine/layouts/models.ts'
import { moved } from '../engine/measures/memory.ts'
import { temporaryFolder } from '../workbench/toy.ts'

const shapes: Shapes = [
  ['layers.0.weight', [6, 5]],
  ['layers.1.weight', [6, 5]],
  ['conv', [2, 3, 2]],
  ['bias', [6]],
]
const base = filled(shapes, 'F32', 1, true)
const originals = [base, moved(base, 2, 0.5), moved(base, 3, 0.5)]
type Half = 'BF16' | 'F16'

const ids = (value: bigint): Full => ({
  ...{ name: 'position_count', dtype: 'I64', shape: [2] },
  bytes: new Uint8Array(BigInt64Array.of(value, -3n).buffer),
})
/** Of two models that are not trained together, a constant that Basil has no fraction of. */
const flags: Full = { name: 'flags', dtype: 'U8', shape: [3], bytes: Uint8Array.of(1, 255, 0) }

const inType = (model: Full[], dtype: Half): Full[] =>
  model.map((tensor) => ({
    ...tensor,
    dtype,
    bytes: cast(toFloat32(tensor.bytes, 'F32'), dtype, () => tensor.name).slice(),
  }))
/** The same numbers, each as a float32. */
const widened = (model: Full[]): Full[] =>
  model.map((tensor) => ({
    ...tensor,
    dtype: 'F32',
    bytes: new Uint8Array(Float32Array.from(toFloat32(tensor.bytes, tensor.dtype)).buffer),
  }))

interface Found {
  dtype: Dtype
  bytes: Buffer
}

/** What a merge with its defaults makes of a base and two models, all but those of models by themselves. */
async function merged(card: MergeCard, models: Full[][]): Promise<{ tensors: Map<string, Found>; folder: string }> {
  const folder = join(temporaryFolder(), 'models')
  mkdirSync(folder)
  const names = ['base', 'one', 'two'].map((name) => `${name}.safetensors`)
  for (const [i, name] of names.entries()) writeFileSync(join(folder, name), await written(models[i] as Full[]))
  const [pretrained, ...vectors] = names.map((name) => ({ name, file: join(folder, name), sha256: sha256('') }))
  const { needs } = card
  const isOfDifferences = typeof needs.base === 'function' ? needs.base(card.parameters.parse({})) : needs.base
  const asked = {
    method: card.name,
    parameters: {},
    pretrained: isOfDifferences ? (pretrained ?? null) : null,
    vectors,
  }
  const out = join(folder, 'out.safetensors')
  await rebuild({ recipe: mergeRecipe(asked), out, overwrite: false, form: formSchema.parse({}) })
  const source = await openSource(out)
  const file = await openTensorFile(source)
  const tensors = new Map<string, Found>()
  for (const { name, dtype } of file.tensors.values())
    tensors.set(name, { dtype, bytes: Buffer.from(await file.read(name)) })
  await source.close()
  return { tensors, folder }
}

const cards = merges
  .filter(({ needs }) => needs.statistics === undefined)
  .map((card) => ({ name: card.name, card: card as MergeCard }))

test.each(cards)('$name: half-width weights are merged as what they are and rounded once', async ({ card }) => {
  for (const dtype of ['BF16', 'F16'] as const) {
    const narrow = originals.map((model) => inType(model, dtype))
    const extra = [ids(7n), flags]
    const found = (
      await merged(
        card,
        narrow.map((model) => [...model, ...extra]),
      )
    ).tensors
    const wide = (await merged(card, narrow.map(widened))).tensors
    expect([...found.keys()].sort()).toEqual([...shapes.map(([name]) => name), 'flags', 'position_count'].sort())
    for (const [name] of shapes) {
      const [own, expected] = [found.get(name), wide.get(name)]
      const values = toFloat32(expected?.bytes ?? Buffer.of(), 'F32')
      expect(values.every(Number.isFinite), name).toBe(true)
      expect(own?.dtype).toBe(dtype)
      expect(own?.bytes, name).toEqual(Buffer.from(cast(values, dtype, () => name)))
    }
    for (const { name, dtype: type, bytes } of extra)
      expect(found.get(name)).toEqual({ dtype: type, bytes: Buffer.from(bytes) })
  }
})

test.each(cards)('$name: models of three types, no number of which is lost', async ({ card }) => {
  const [still, one, two] = originals as [Full[], Full[], Full[]]
  const mixed = [still, inType(one, 'BF16'), inType(two, 'F16')]
  // a merge of models writes in the type of the first
  const found = (await merged(card, mixed)).tensors
  const wide = (await merged(card, mixed.map(widened))).tensors
  for (const [name] of shapes) {
    const { dtype, bytes } = found.get(name) ?? { dtype: 'F32', bytes: Buffer.of() }
    const values = toFloat32(wide.get(name)?.bytes ?? Buffer.of(), 'F32')
    expect(bytes, name).toEqual(Buffer.from(cast(values, dtype as Half | 'F32', () => name)))
  }
})

test.each(cards)('$name: integers that are not equal are refused by name', async ({ card }) => {
  const models = originals.map((model, i) => [...model, ids(i === 2 ? 8n : 7n)])
  const work = merged(card, models)
  await expect(work).rejects.toMatchObject({
    record: {
      code: 'buffers-differ',
      where: expect.stringContaining('position_count'),
      why: expect.stringContaining('never averaged'),
    },
  })
})

test('nothing is left of a merge that is refused', async () => {
  const folder = temporaryFolder()
  const names = ['base', 'one'].map((name) => `${name}.safetensors`)
  for (const [i, name] of names.entries())
    writeFileSync(join(folder, name), await written([...(originals[i] as Full[]), ids(BigInt(i))]))
  const [pretrained, one] = names.map((name) => ({ name, file: join(folder, name), sha256: sha256('') }))
  const recipe = mergeRecipe({
    ...{ method: 'task-arithmetic', parameters: {}, pretrained: pretrained ?? null, vectors: one ? [one] : [] },
  })
  const request = { recipe, out: join(folder, 'out.safetensors'), overwrite: false, form: formSchema.parse({}) }
  await expect(rebuild(request)).rejects.toMatchObject({ record: { code: 'buffers-differ' } })
  expect(readdirSync(folder).sort()).toEqual(names.sort())
})
