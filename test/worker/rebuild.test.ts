// A rebuilt model: parents that changed are refused whatever state they are in, and nothing is left at or beside the
// target.
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { runId } from '../../src-main/contract/branded.ts'
import { formSchema } from '../../src-main/contract/checkpoint.ts'
import type { Recipe } from '../../src-main/contract/run/recipe.ts'
import { hashFile } from '../../src-main/files/hash.ts'
import { look } from '../../src-main/worker/inspect.ts'
import { rebuild } from '../../src-main/worker/rebuild.ts'
import { folder as golden } from '../golden/fixture.ts'
import { halfwayOf } from './recipes.ts'

const form = formSchema.parse({})

/** Two parents of their own in a folder of their own, and the recipe of their halfway model. */
async function setting(): Promise<{ folder: string; out: string; recipe: Recipe; tuned: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'basil-rebuild-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const [pretrained, tuned] = ['pretrained.safetensors', 'finetuned-alpha.safetensors'].map((name) =>
    join(folder, name),
  ) as [string, string]
  for (const file of [pretrained, tuned]) copyFileSync(join(golden, basename(file)), file)
  const recipe = await halfwayOf(pretrained, tuned)
  return { folder, out: join(folder, 'merged.safetensors'), recipe, tuned }
}

test('says of the written file what its content says', async () => {
  const { out, recipe } = await setting()
  const exported = await rebuild({ recipe, out, overwrite: false, form })
  expect(await hashFile(out)).toEqual({ sha256: exported.sha256, bytes: exported.bytes })
})

test.each([
  ['without a run', { run: null }],
  ['of a run', { run: runId(1), iteration: 1, iterations: [[0.25]] }],
])('a model %s has the numbers’ type of its pre-trained model where no other is asked for', async (_, of) => {
  const sample = join(import.meta.dirname, '../../resources/sample')
  const files = ['pretrained', 'finetuned-mnist'].map((name) => join(sample, `${name}.safetensors`))
  const { folder } = await setting()
  const recipe: Recipe = { ...(await halfwayOf(files[0] ?? '', files[1] ?? '')), ...of }
  const out = join(folder, 'merged.safetensors')
  const { rounded } = await rebuild({ recipe, out, overwrite: false, form })
  const [base, merged] = [await look(files[0] ?? ''), await look(out)]
  expect([base.dtype, merged.dtype, rounded]).toEqual(['F16', 'F16', ['F16']])
  const types = (of: typeof base) => Object.fromEntries(of.tensors.map(({ name, dtype }) => [name, dtype]))
  expect(types(merged)).toEqual(types(base))
  await rebuild({ recipe, out, overwrite: true, form: { ...form, dtype: 'float32' } })
  expect((await look(out)).dtype).toBe('F32')
})

test.each([
  ['has other weights', (file: string) => copyFileSync(join(golden, 'finetuned-beta.safetensors'), file)],
  ['is no checkpoint any more', (file: string) => writeFileSync(file, 'something else')],
])('a parent that %s is told as changed, and leaves no file', async (_, change) => {
  const { folder, out, recipe, tuned } = await setting()
  change(tuned)
  await expect(rebuild({ recipe, out, overwrite: false, form })).rejects.toMatchObject({
    record: { code: 'file-changed', where: tuned },
  })
  expect(readdirSync(folder).sort()).toEqual(['finetuned-alpha.safetensors', 'pretrained.safetensors'])
})

test('a parent that is gone is told as missing', async () => {
  const { out, recipe, tuned } = await setting()
  rmSync(tuned)
  await expect(rebuild({ recipe, out, overwrite: false, form })).rejects.toMatchObject({
    record: { code: 'file-missing', where: tuned },
  })
  expect(existsSync(out)).toBe(false)
})
