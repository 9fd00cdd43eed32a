// Towers that no shape describes: features, text features and logits of CLIP models that transformers (of today and of
// the field's days) and open_clip saved with their configurations are those programs' own within 1e-4, H/14, g/14 and
// bigG/14 in their own widths among them.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { formSchema } from '../../src-main/contract/checkpoint.ts'
import { type Backend, openBackend } from '../../src-main/engine/devices/backend.ts'
import { convert } from '../../src-main/worker/convert.ts'
import { look } from '../../src-main/worker/inspect.ts'
import { relativeError } from '../golden/fixture.ts'
import { expectedOf, imageFeatures, type Numbers, textFeatures } from '../golden/towers.ts'
import { generated, pythonWith } from './python.ts'

const whole = ['heads', 'sharded', 'gelu', 'epsilon', 'each-its-own', 'old-end', 'other-end', 'defaults']
const ofOpenClip = ['open_clip', 'open_clip-quick', 'H', 'g', 'bigG']

describe.each(['field', 'newest'] as const)('of the %s Python', (which) => {
  const python = pythonWith(which, 'torch', 'safetensors', 'transformers', 'open_clip')
  describe.skipIf(!python)('', () => {
    const folder = mkdtempSync(join(tmpdir(), 'basil-towers-'))
    let backend: Backend
    beforeAll(async () => {
      generated(python as string, 'towers.py', folder)
      backend = await openBackend({ prefer: 'wasm' })
    })
    afterAll(() => {
      backend.close()
      rmSync(folder, { recursive: true })
    })

    const fileIn = (name: string): string => {
      const index = join(folder, name, 'model.safetensors.index.json')
      const [own] = readdirSync(join(folder, name)).filter((file) => /model\.safetensors$/.test(file))
      return existsSync(index) ? index : join(folder, name, own as string)
    }

    test.each([...whole, 'flat', ...ofOpenClip])('%s: image features', async (name) => {
      const expected = await expectedOf(join(folder, name))
      const found = await imageFeatures(backend, fileIn(name), expected.get('pixel_values') as Numbers)
      expect(relativeError(found, (expected.get('image_embeds') as Numbers).values)).toBeLessThan(1e-4)
    })

    test.each([...whole, ...ofOpenClip])('%s: text features', async (name) => {
      const expected = await expectedOf(join(folder, name))
      const found = await textFeatures(backend, fileIn(name), expected.get('input_ids') as Numbers)
      expect(relativeError(found, (expected.get('text_embeds') as Numbers).values)).toBeLessThan(1e-4)
    })

    test.each(whole)(
      '%s: logits, and again after it became a file of open_clip and lies without its configuration',
      async (name) => {
        const expected = await expectedOf(join(folder, name))
        const numbers = (of: string): Numbers => expected.get(of) as Numbers
        const converted = join(folder, `${name}.safetensors`)
        const form = formSchema.parse({ layout: 'open_clip' })
        for await (const _ of convert({ file: fileIn(name), out: converted, overwrite: false, form }));
        expect((await look(converted)).warnings).toBeUndefined()
        for (const file of [fileIn(name), converted]) {
          const image = await imageFeatures(backend, file, numbers('pixel_values'))
          const text = await textFeatures(backend, file, numbers('input_ids'))
          const [images, texts] = [unitRows(image, 3), unitRows(text, 3)]
          const [scale] = numbers('logit_scale').values
          const logits = images.flatMap((u) =>
            texts.map((w) => (scale as number) * u.reduce((sum, x, e) => sum + x * (w[e] as number), 0)),
          )
          logits.forEach((logit, i) =>
            expect(Math.abs(logit - (numbers('logits').values[i] as number))).toBeLessThan(1e-4),
          )
        }
      },
    )
  })
})

function unitRows(values: Float32Array, rows: number): number[][] {
  const width = values.length / rows
  return Array.from({ length: rows }, (_, n) => {
    const row = [...values.subarray(n * width, (n + 1) * width)]
    const norm = Math.hypot(...row)
    return row.map((x) => x / norm)
  })
}
