// A LoRA taken out of a CLIP tower and merged again is the fine-tuned model; the folder has its card and its parents'
// hashes, is whole or not there, and takes no other's place. And adapters of several ranks merge as models do.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { type Extracted, type Extraction, extractionSchema } from '../../src-main/contract/extraction.ts'
import { vectorsAfter } from '../../src-main/engine/merging/vectors-after.ts'
import { openSet, openWeights } from '../../src-main/engine/weights/parents.ts'
import { readParameter } from '../../src-main/engine/weights/slices.ts'
import { hashCheckpoint, openSource } from '../../src-main/files/source.ts'
import { extractLora } from '../../src-main/worker/extract-lora.ts'
import { filled, type Shapes } from '../engine/layouts/models.ts'
import { bytesOf, moved, resultOf } from '../engine/measures/memory.ts'
import { folder as golden } from '../golden/fixture.ts'

const base = join(golden, 'pretrained.safetensors')
const tuned = join(golden, 'finetuned-alpha.safetensors')

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'basil-lora-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

const extracted = (out: string, asked: Partial<Extraction> = {}): Promise<Extracted> =>
  resultOf(
    extractLora(
      extractionSchema.parse({
        ...{ pretrained: base, finetuned: tuned, out, rank: 'full', modules: null, layout: null },
        ...{ dtype: 'float32', saveRest: true, ...asked },
      }),
    ),
  )

/** |adapted - fine-tuned| over |fine-tuned - pre-trained|. */
async function apart(adapter: string, pretrained = base, finetuned = tuned): Promise<number> {
  const set = await openSet(pretrained, [adapter, finetuned], openSource)
  let [left, all] = [0, 0]
  for (const name of set.parameters.keys()) {
    const [a, b, still] = await Promise.all(
      [...set.vectors, set.base].map((checkpoint) => readParameter(checkpoint, name)),
    )
    for (const [i, v] of (b ?? []).entries()) {
      left += ((a?.[i] as number) - v) ** 2
      all += (v - (still?.[i] as number)) ** 2
    }
  }
  await set.close()
  return Math.sqrt(left / all)
}

test('at the full rank, with the rest saved, Basil makes the fine-tuned model of it again; with less, what is told', async () => {
  const here = folder()
  const whole = await extracted(join(here, 'whole'))
  expect(whole.layers.map(({ module }) => module)).toContain('vision_model.encoder.layers.1.self_attn.v_proj')
  expect(whole.layerError).toBeLessThan(1e-5)
  expect(whole.rest.filter(({ fate }) => fate === 'lost')).toEqual([])
  expect(await apart(whole.file)).toBeLessThan(1e-5)
  const few = await extracted(join(here, 'few'), { rank: 4, saveRest: false, dtype: 'bfloat16' })
  expect(few.layers.every(({ rank, shape }) => rank <= Math.min(4, ...shape))).toBe(true)
  expect(few.error).toBeGreaterThan(0.01)
  expect(await apart(few.file)).toBeCloseTo(few.error, 4)
  const norms = few.rest.reduce((sum, { norm }) => sum + (norm ?? 0) ** 2, 0)
  expect(few.layers.reduce((sum, { norm }) => sum + norm ** 2, norms)).toBeCloseTo(few.norm ** 2, 9)
})

test('the folder has factors, page and card with the hashes of both parents, and nothing is left beside it', async () => {
  const here = folder()
  const found = await extracted(join(here, 'lora'), { rank: 0.9, saveRest: false, modules: ['q_proj', 'fc1'] })
  expect(readdirSync(here)).toEqual(['lora'])
  expect(readdirSync(join(here, 'lora')).sort()).toEqual([
    'README.md',
    'adapter_config.json',
    'adapter_model.safetensors',
  ])
  const page = JSON.parse(readFileSync(join(here, 'lora', 'adapter_config.json'), 'utf8'))
  expect(page.target_modules.every((name: string) => /\.(q_proj|fc1)$/.test(name))).toBe(true)
  expect(found.layers.every(({ error }) => 1 - error ** 2 > 0.9 - 1e-6)).toBe(true)
  const [one, other] = [(await hashCheckpoint(base)).sha256, (await hashCheckpoint(tuned)).sha256]
  expect([found.pretrained.sha256, found.finetuned.sha256]).toEqual([one, other])
  const card = readFileSync(found.card, 'utf8')
  for (const text of [one, other, 'PeftModel.from_pretrained', 'are not held']) expect(card).toContain(text)
  expect(card).not.toContain(here)
  expect((await hashCheckpoint(found.file)).sha256).toBe(found.sha256)
})

test('a target that is there, models that do not differ, and modules that did not move are refused', async () => {
  const here = folder()
  mkdirSync(join(here, 'taken'))
  writeFileSync(join(here, 'taken', 'a'), 'mine')
  await expect(extracted(join(here, 'taken'))).rejects.toMatchObject({ record: { code: 'target-exists' } })
  for (const asked of [{ finetuned: base }, { modules: ['no_such_module'] }])
    await expect(extracted(join(here, 'none'), asked)).rejects.toMatchObject({ record: { code: 'not-supported' } })
  expect(readdirSync(here)).toEqual(['taken'])
})

test('adapters of ranks 1, 3 and all merge densely and by KnOTS as the models that they stand for', async () => {
  const here = folder()
  const shapes: Shapes = [
    ['layers.0.q_proj.weight', [12, 8]],
    ['layers.0.up.weight', [8, 12]],
  ]
  const still = filled(shapes, 'F32', 1, true)
  const files = [join(here, 'base.safetensors'), join(here, 'tuned.safetensors')] as const
  writeFileSync(files[0], await bytesOf(still, null))
  const [adapters, dense]: [string[], string[]] = [[], []]
  for (const [i, rank] of ([1, 3, 'full'] as const).entries()) {
    writeFileSync(files[1], await bytesOf(moved(still, i + 2, 0.1), null))
    const out = join(here, `rank ${rank}`)
    const { file, layers } = await extracted(out, { pretrained: files[0], finetuned: files[1], rank, saveRest: false })
    if (rank !== 'full') expect(layers.map((layer) => layer.rank)).toEqual([rank, rank])
    adapters.push(file)
  }
  const set = await openWeights(files[0], adapters, openSource)
  for (const [k, vector] of set.vectors.entries()) {
    const tensors = []
    for (const tensor of still)
      tensors.push({ ...tensor, bytes: new Uint8Array((await readParameter(vector, tensor.name)).buffer) })
    dense.push(join(here, `dense ${k}.safetensors`))
    writeFileSync(dense[k] as string, await bytesOf(tensors, null))
  }
  const models = await openWeights(files[0], dense, openSource)
  for (const steps of [[], [{ method: 'knots', parameters: {} }], [{ method: 'ties', parameters: {} }]]) {
    const [ours, theirs] = [await vectorsAfter(set, steps), await vectorsAfter(models, steps)]
    expect(ours.vectors).toHaveLength(steps.length ? 1 : 3)
    for (const [k, vector] of ours.vectors.entries())
      for (const [name] of shapes) {
        const other = theirs.vectors[k]
        expect(other && (await readParameter(other, name))).toEqual(await readParameter(vector, name))
      }
  }
  await Promise.all([set.close(), models.close()])
})
