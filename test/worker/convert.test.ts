// Models written in other forms: conversions that lose no bit, exports that are the default export converted, and what
// may go wrong on the way, after which the old file is there as it was.

import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { runId } from '../../src-main/contract/branded.ts'
import { containers, type Form, formSchema, writtenLayouts } from '../../src-main/contract/checkpoint.ts'
import type { Exported, Recipe } from '../../src-main/contract/run/recipe.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import type { TensorFile } from '../../src-main/engine/formats/tensor-file.ts'
import { inDtype } from '../../src-main/engine/formats/writing/in-dtype.ts'
import { canonical } from '../../src-main/engine/layouts/index.ts'
import { hashFile } from '../../src-main/files/hash.ts'
import { openSource } from '../../src-main/files/source.ts'
import { convert } from '../../src-main/worker/convert.ts'
import { rebuild } from '../../src-main/worker/rebuild.ts'
import { written } from '../engine/formats/bytes.ts'
import { folder as golden } from '../golden/fixture.ts'

const pretrained = join(golden, 'pretrained.safetensors')

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'basil-convert-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

async function converted(file: string, out: string, form: Partial<Form>, overwrite = false): Promise<Exported> {
  for await (const event of convert({ file, out, overwrite, form: formSchema.parse(form) }))
    if (event.type === 'result') return event.result
  throw new Error('no result')
}

async function opened(path: string): Promise<TensorFile> {
  const source = await openSource(path)
  onTestFinished(() => source.close())
  return openTensorFile(source)
}

/** Every tensor's type, shape and bytes, by name. */
async function contentOf(file: TensorFile): Promise<Record<string, [string, number[], string]>> {
  const found: Record<string, [string, number[], string]> = {}
  for (const { name, dtype, shape } of file.tensors.values())
    found[name] = [dtype, shape, Buffer.from(await file.read(name)).toString('base64')]
  return found
}

test.for(containers)('through Hugging Face and back, as %s, every bit is the same', async (container) => {
  const here = folder()
  const [theirs, back] = [join(here, 'theirs'), join(here, 'back')]
  const { tensors } = await converted(pretrained, theirs, { layout: 'huggingface', container })
  expect(tensors).toBe(32 + 2 * 4) // of two layers' in_proj weights and biases each became three
  expect((await opened(theirs)).tensors.get('visual_projection.weight')?.shape).toEqual([64, 128])
  await converted(theirs, back, { layout: 'open_clip', container })
  expect(await contentOf(await opened(back))).toEqual(await contentOf(await opened(pretrained)))
})

test('a converted file says where it came from, and keeps what was said before', async () => {
  const here = folder()
  const [first, second] = [join(here, 'first.pt'), join(here, 'second.safetensors')]
  await converted(pretrained, first, { container: 'state_dict', dtype: 'bfloat16' })
  writeFileSync(join(here, 'second.safetensors'), 'old')
  const exported = await converted(first, second, { layout: 'huggingface' }, true)
  expect(await hashFile(second)).toEqual({ sha256: exported.sha256, bytes: exported.bytes })
  const { sha256 } = await hashFile(first)
  const { metadata, tensors } = await opened(second)
  expect(JSON.parse(metadata['basil.converted'] ?? '')).toMatchObject({
    name: 'first.pt',
    sha256,
    layout: 'huggingface',
    dtype: null,
  })
  expect(JSON.parse((await opened(first)).metadata['basil.converted'] ?? '')).toMatchObject({
    dtype: 'bfloat16',
    name: basename(pretrained),
  })
  expect(new Set([...tensors.values()].map(({ dtype }) => dtype))).toEqual(new Set(['BF16']))
})

test.each(writtenLayouts)(
  'a model of unknown names is not said to be in the layout %s: refused before a byte is written, and told what goes',
  async (layout) => {
    const here = folder()
    const [file, out] = [join(here, 'other.safetensors'), join(here, 'out.safetensors')]
    const weight = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer)
    writeFileSync(file, await written([{ name: 'blocks.0.weight', dtype: 'F32', shape: [2, 2], bytes: weight }]))
    await expect(converted(file, out, { layout })).rejects.toMatchObject({
      record: {
        code: 'not-supported',
        where: 'other.safetensors',
        next: expect.stringMatching(/^keep the layout that the file has/),
      },
    })
    expect(readdirSync(here)).toEqual(['other.safetensors'])
    await converted(file, out, { dtype: 'float16' })
    expect((await opened(out)).tensors.get('blocks.0.weight')?.dtype).toBe('F16')

    const parent = { file, name: 'other.safetensors', sha256: (await hashFile(file)).sha256 }
    const recipe = { ...(await recipeIn(here)), pretrained: parent, vectors: [parent] }
    const form = formSchema.parse({})
    await expect(rebuild({ recipe, out, overwrite: true, form: { ...form, layout } })).rejects.toMatchObject({
      record: { code: 'not-supported' },
    })
    await rebuild({ recipe, out, overwrite: true, form })
    expect(await contentOf(await opened(out))).toEqual(await contentOf(await opened(file)))
  },
)

/** Two parents and the recipe of a model between them. */
async function recipeIn(here: string): Promise<Recipe> {
  const parent = async (name: string): Promise<Recipe['pretrained']> => {
    copyFileSync(join(golden, name), join(here, name))
    return { file: join(here, name), name, sha256: (await hashFile(join(here, name))).sha256 }
  }
  const [base, vectors] = [await parent('pretrained.safetensors'), [await parent('finetuned-alpha.safetensors')]]
  const told = {
    basil: '2',
    run: runId(3),
    name: 'between',
    method: 'task-arithmetic',
    grouping: 'scalar',
    iteration: 0,
    epoch: null,
  } as const
  return { ...told, pretrained: base, vectors, steps: [], groups: ['all'], start: [[0.3]], iterations: [] }
}

test('a run exported in any form is its default export converted', async () => {
  const here = folder()
  const recipe = await recipeIn(here)
  const plain = join(here, 'plain.safetensors')
  await rebuild({ recipe, out: plain, overwrite: false, form: formSchema.parse({}) })
  for (const layout of writtenLayouts)
    for (const container of containers)
      for (const dtype of [null, 'float16'] as const) {
        const out = join(here, `${layout} ${container} ${dtype}`)
        const form = { layout, container, dtype }
        await rebuild({ recipe, out, overwrite: false, form })
        const file = await opened(out)
        expect(await contentOf(canonical(file))).toEqual(
          await contentOf(inDtype(canonical(await opened(plain)), dtype)),
        )
        expect(JSON.parse(file.metadata['basil.recipe'] ?? '')).toMatchObject({ run: 3, start: [[0.3]] })
      }
})

test('without a layout the model is in that of the pre-trained one', async () => {
  const here = folder()
  const recipe = await recipeIn(here)
  await converted(pretrained, recipe.pretrained.file, { layout: 'huggingface', container: 'state_dict' }, true)
  const moved = {
    ...recipe,
    pretrained: { ...recipe.pretrained, sha256: (await hashFile(recipe.pretrained.file)).sha256 },
  }
  const [plain, theirs] = [join(here, 'plain'), join(here, 'theirs')]
  await rebuild({
    recipe: { ...recipe, pretrained: { ...recipe.pretrained, file: pretrained } },
    out: plain,
    overwrite: false,
    form: formSchema.parse({}),
  })
  await rebuild({ recipe: moved, out: theirs, overwrite: false, form: formSchema.parse({}) })
  expect([...(await opened(theirs)).tensors.keys()]).toContain('vision_model.encoder.layers.1.self_attn.k_proj.bias')
  expect(await contentOf(canonical(await opened(theirs)))).toEqual(await contentOf(canonical(await opened(plain))))
})

test.each([
  ['a target that is there', 'target-exists', { file: pretrained, form: {} }],
  [
    'a layout without names for what is in the file',
    'not-supported',
    { file: join(golden, 'tasks.safetensors'), form: { layout: 'huggingface' } as const },
  ],
  ['a file that is no checkpoint', 'format-unknown', { file: import.meta.filename, form: {} }],
  ['a file that is not there', 'file-missing', { file: join(golden, 'nothing'), form: {} }],
])('%s is refused, and what is there stays', async (what, code, { file, form }) => {
  const here = folder()
  const out = join(here, 'model.safetensors')
  writeFileSync(out, 'old')
  await expect(converted(file, out, form, what !== 'a target that is there')).rejects.toMatchObject({
    record: { code },
  })
  expect(readFileSync(out, 'utf8')).toBe('old')
  expect(readdirSync(here)).toEqual(['model.safetensors'])
})

test('a conversion nobody waits for any more ends and leaves nothing', async () => {
  const here = folder()
  const events = convert({ file: pretrained, out: join(here, 'a'), overwrite: false, form: formSchema.parse({}) })
  expect((await events.next()).value).toMatchObject({ type: 'progress', what: 'Writing' })
  await events.return(undefined)
  expect(readdirSync(here)).toEqual([])
})
