// CLIP models as transformers saves them, of before and after 5.6, which took "vision_model." and "text_model." from
// the names of a tower alone: one model in every class, container and form is one model, with the same bits; and models
// with names like CLIP's are none.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { canonical } from '../../src-main/engine/layouts/index.ts'
import { openParents, openSet } from '../../src-main/engine/weights/parents.ts'
import { openSource } from '../../src-main/files/source.ts'
import { look } from '../../src-main/worker/inspect.ts'
import { mergedBits } from '../engine/layouts/merged-bits.ts'
import { generated, pythonWith } from './python.ts'

for (const which of ['field', 'newest'] as const) {
  const python = pythonWith(which, 'torch', 'safetensors', 'transformers')
  describe.skipIf(!python)(`of the ${which} Python`, () => ofPython(python as string))
}

function ofPython(python: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'basil-clip-'))
  beforeAll(() => void generated(python, 'clip_models.py', folder), 600_000)
  afterAll(() => rmSync(folder, { recursive: true }))

  /** Every file of a model's folder; of one saved in shards, the index. */
  const filesOf = (model: string): string[] =>
    readdirSync(join(folder, model)).flatMap((name) => {
      const path = join(folder, model, name)
      if (!statSync(path).isDirectory()) return [path]
      const inside = readdirSync(path)
      return join(
        path,
        inside.find((file) => file.endsWith('.index.json')) ??
          (inside.find((file) => file.endsWith('.safetensors')) as string),
      )
    })

  async function contentsOf(path: string): Promise<Map<string, string>> {
    const source = await openSource(path)
    const file = canonical(await openTensorFile(source))
    expect(file.layout, path).toBe('huggingface')
    const found = new Map<string, string>()
    for (const { name, shape } of file.tensors.values())
      found.set(name, `${shape} ${Buffer.from(await file.read(name)).toString('hex')}`)
    await source.close()
    return found
  }

  test('every class, container and form of a model holds the same weights under the same names', async () => {
    const whole = await contentsOf(join(folder, 'base', 'CLIPModel', 'model.safetensors'))
    const files = filesOf('base')
    expect(files).toHaveLength(5 * 3 + 3)
    for (const path of files) {
      const found = await contentsOf(path)
      for (const [name, content] of found)
        if (!name.endsWith('position_ids')) expect(content, `${path} ${name}`).toBe(whole.get(name))
      const size = /sharded|CLIPModel/.test(path) ? whole.size : /[tT]ext/.test(path) ? 4 + 2 * 12 : 7 + 2 * 12
      const weights = [...found.keys()].filter((name) => !name.endsWith('position_ids'))
      expect(weights.length, path).toBe(size + (path.includes('WithProjection') ? 1 : 0))
      if (!/[tT]ext/.test(path))
        expect((await look(path)).architecture).toMatchObject({ width: 64, layers: 2, patchSize: 7, imageSize: 28 })
    }
  })

  test('an image tower of any class merges into the whole model, and towers among themselves, to the same bits', async () => {
    const base = join(folder, 'base', 'CLIPModel', 'model.safetensors')
    const towers = filesOf('tuned').filter((path) => /Vision|vision/.test(path))
    expect(towers).toHaveLength(7)
    const [projected, alone] = [/WithProjection/, /VisionModel[./-](?!With)|inner/].map((kind) =>
      towers.filter((path) => kind.test(path)),
    )
    for (const kind of [projected, alone] as string[][]) {
      expect(kind.length).toBeGreaterThan(2)
      const expected = await mergedBits(await openParents(base, [kind[0] as string], openSource))
      for (const path of kind) {
        expect(await mergedBits(await openParents(base, [path], openSource)), path).toEqual(expected)
        const own = path.replace('tuned', 'base')
        const among = await mergedBits(await openSet(own, [path], openSource))
        for (const [name, content] of among) expect(content, `${own} ${name}`).toBe(expected.get(name))
        expect(among.size).toBe(kind === projected ? 32 : 31)
      }
    }
  })

  test('models of other kinds are not taken for CLIP', async () => {
    const files = filesOf('others')
    expect(files).toHaveLength(6)
    for (const path of files) expect(await look(path), path).toMatchObject({ layout: 'unknown', architecture: null })
  })
}
