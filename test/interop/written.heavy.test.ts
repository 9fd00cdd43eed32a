// What Basil writes, opened by the programs it is written for: torch and safetensors give the same bits, open_clip and
// transformers load it and compute the same features. The lines that load it are those a model card gives.
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Form, formSchema } from '../../src-main/contract/checkpoint.ts'
import { dtypes } from '../../src-main/engine/formats/dtype.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { writeCheckpoint } from '../../src-main/engine/formats/writing/checkpoint.ts'
import { loadingLines } from '../../src-main/workbench/export/card-loading.ts'
import { convert } from '../../src-main/worker/convert.ts'
import { look } from '../../src-main/worker/inspect.ts'
import { written as safetensors, sourceOf } from '../engine/formats/bytes.ts'
import { expectedTensor, folder as golden, relativeError } from '../golden/fixture.ts'
import { type Digest, torchNames } from './digest.ts'
import { type Conversation, converse, pythonWith } from './python.ts'

const types = ['F64', 'F32', 'F16', 'BF16', 'I64', 'I32', 'I16', 'I8', 'U8', 'BOOL'] as const
const shapes = [[], [0], [7], [3, 0, 2], [2, 3, 5]]

for (const which of ['field', 'newest'] as const) {
  const python = pythonWith(which, 'torch', 'safetensors', 'open_clip', 'transformers')
  describe.skipIf(!python)(`in the ${which} Python`, () => inPython(python as string))
}

function inPython(python: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'basil-interop-'))
  let program: Conversation
  beforeAll(() => {
    program = converse(python, join(import.meta.dirname, 'reads.py'))
  })
  afterAll(() => {
    program.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const digest = async (file: string): Promise<Digest> => (await program.ask({ do: 'digest', file })) as Digest

  async function converted(file: string, out: string, form: Partial<Form>): Promise<string> {
    const target = join(folder, out)
    for await (const _ of convert({ file, out: target, overwrite: false, form: formSchema.parse(form) }));
    return target
  }

  test.for([
    ['state_dict', 'all.pt'],
    ['safetensors', 'all.safetensors'],
  ] as const)('every type and shape of a %s has the bits it was given', async ([container, name]) => {
    const given = types.flatMap((dtype) =>
      shapes.map((shape) => {
        const bytes = new Uint8Array(shape.reduce((a, b) => a * b, 1) * dtypes[dtype]).map((_, i) =>
          dtype === 'BOOL' ? i % 2 : (i * 37 + 11) % 251,
        )
        return { name: `ü.${dtype}.${shape}`, dtype, shape, bytes }
      }),
    )
    const view = await openTensorFile(sourceOf(await safetensors(given)))
    const chunks: Uint8Array[] = []
    for await (const chunk of writeCheckpoint(view, container, { 'basil.recipe': '{}' })) chunks.push(chunk)
    writeFileSync(join(folder, name), Buffer.concat(chunks))
    const expected = given.map((t) => [
      t.name,
      [torchNames[t.dtype], t.shape, createHash('sha256').update(t.bytes).digest('hex')],
    ])
    expect(await digest(join(folder, name))).toEqual(Object.fromEntries(expected))
  })

  test.for([
    ['open_clip', 'safetensors', 'tower.safetensors'],
    ['open_clip', 'state_dict', 'tower.pt'],
    ['image encoder', 'state_dict', 'encoder.pt'],
    ['huggingface', 'safetensors', 'hf.safetensors'],
    ['huggingface', 'state_dict', 'hf.bin'],
  ] as const)(
    'a tower in the layout %s, as %s, gives the recorded features by the lines of its card',
    async ([layout, container, name]) => {
      const file = await converted(join(golden, 'pretrained.safetensors'), name, { layout, container })
      const code = loadingLines({ file: name, container, written: await look(file) }).join('\n')
      const asked = { do: 'features', folder, code, images: join(golden, 'tasks.safetensors'), name: 'images.alpha' }
      const features = (await program.ask(asked)) as number[]
      expect(relativeError(features, await expectedTensor('features.pretrained.alpha'))).toBeLessThan(1e-5)
    },
  )

  test.for(['safetensors', 'state_dict'] as const)(
    'the classes of transformers take what is written, as %s, whole or of a tower',
    async (container) => {
      const part = (name: string): string => join(folder, `${name}-${container}.pt`)
      const written = (name: string): string => `${name}.${container === 'safetensors' ? 'safetensors' : 'bin'}`
      const tower = 'visual[.](class|pos|conv|ln|trans)'
      const parts = { [part('projected')]: `${tower}|visual[.]proj$`, [part('tower')]: tower }
      await program.ask({ do: 'make', file: part('all'), parts })
      for (const [name, kind, extra] of [
        ['all', 'CLIPModel', 0],
        ['all', 'CLIPVisionModel', 39],
        ['all', 'CLIPVisionModelWithProjection', 38],
        ['projected', 'CLIPVisionModelWithProjection', 0],
        ['projected', 'CLIPVisionModel', 1],
        ['tower', 'CLIPVisionModel', 0],
      ] as const) {
        const target = await converted(part(name), written(`${name}-${kind}`), { layout: 'huggingface', container })
        const told = await program.ask({ do: 'loads', open_clip_file: part('all'), huggingface_file: target, kind })
        expect(told, `${name} as ${kind}`).toMatchObject({
          missing: [],
          unexpected: { length: extra },
          difference: expect.closeTo(0, 4),
        })
      }
      const file = written('tower-CLIPVisionModel')
      const lines = loadingLines({ file, container, written: await look(join(folder, file)) })
      const asked = {
        do: 'features',
        folder,
        code: lines.join('\n'),
        images: join(golden, 'tasks.safetensors'),
        name: 'images.alpha',
      }
      expect(((await program.ask(asked)) as number[]).length % 128).toBe(0)
    },
  )

  test('a whole CLIP model of open_clip is one of transformers, and comes back to the same bits', async () => {
    const original = join(folder, 'whole.pt')
    await program.ask({ do: 'make', file: original })
    for (const container of ['safetensors', 'state_dict'] as const) {
      const ending = container === 'safetensors' ? 'safetensors' : 'pt'
      const theirs = await converted(original, `whole-hf.${ending}`, { layout: 'huggingface', container })
      const [image, text] = (await program.ask({
        do: 'agree',
        open_clip_file: original,
        huggingface_file: theirs,
      })) as [number, number]
      expect(image).toBeLessThan(1e-5)
      expect(text).toBeLessThan(1e-5)
      const back = await converted(theirs, `whole-back.${ending}`, { layout: 'open_clip', container })
      expect(await digest(back)).toEqual(await digest(original))
    }
    expect(await program.ask({ do: 'metadata', file: join(folder, 'whole-hf.safetensors') })).toMatchObject({
      format: 'pt',
    })
  })
}
