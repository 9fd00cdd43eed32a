// Adapters as peft saves them, seen as their base with them: equal to what its merge_and_unload makes of each,
// whatever layout the base lies in.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, describe, expect, test } from 'vitest'

import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { canonical, inLayout } from '../../src-main/engine/layouts/index.ts'
import { adaptedFile } from '../../src-main/engine/weights/low-rank/adapted.ts'
import { openWeights } from '../../src-main/engine/weights/parents.ts'
import { readSlice } from '../../src-main/engine/weights/slices.ts'
import { openSource } from '../../src-main/files/source.ts'
import { product } from '../../src-main/numbers/vectors.ts'
import { generated, pythonWith } from './python.ts'

const python = pythonWith('newest', 'peft', 'transformers')
const folder = mkdtempSync(join(tmpdir(), 'basil-peft-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.runIf(python)('adapters of peft', () => {
  const made = python ? generated(python, 'peft_adapters.py', folder) : ''
  const cases = python
    ? (JSON.parse(readFileSync(join(made, 'cases.json'), 'utf8')) as { kind: string; base: string }[])
    : []
  test.each(cases)('$kind, of $base', async ({ kind, base }) => {
    const at = (...path: string[]): string => join(made, ...path)
    const set = await openWeights(at(base, 'model.safetensors'), [at(kind, 'adapter_model.safetensors')], openSource)
    const merged = canonical(await openTensorFile(await openSource(at(kind, 'merged.safetensors'))))
    let moved = 0
    for (const [name, shape] of set.parameters) {
      const count = product(shape)
      const [still, ours, theirs] = (await Promise.all(
        [set.base, ...set.vectors, { file: merged, prefix: '' }].map((checkpoint) =>
          readSlice(checkpoint, name, 0, count, new Float32Array(count)),
        ),
      )) as [Float32Array, Float32Array, Float32Array]
      for (let i = 0; i < count; i++)
        if (Math.abs((ours[i] as number) - (theirs[i] as number)) > 1e-6)
          throw new Error(`${name}[${i}]: ${ours[i]}, peft ${theirs[i]}`)
      if (ours.some((v, i) => v !== still[i])) moved++
      // a part is what the whole has there
      const [first, some] = [Math.floor(count / 3), Math.ceil(count / 5)]
      const part = await readSlice(set.vectors[0] as never, name, first, some, new Float32Array(some))
      expect(part).toEqual(ours.slice(first, first + some))
    }
    expect(moved).toBeGreaterThan(0)
    await Promise.all([set.close(), merged.source.close()])
  })

  test('trained on a Hugging Face model, of a base that lies in another layout: q, k and v move in its fused in_proj', async () => {
    const opened = async (...path: string[]) => openTensorFile(await openSource(join(made, ...path)))
    const base = canonical(inLayout(canonical(await opened('clip', 'model.safetensors')), 'open_clip'))
    expect(base.layout).toBe('open_clip')
    const adapter = await opened('plain', 'adapter_model.safetensors')
    const ours = await adaptedFile(adapter, base)
    const theirs = canonical(await opened('plain', 'merged.safetensors'))
    for (const [name, shape] of ours.parameters) {
      const count = product(shape)
      const [mine, other] = (await Promise.all(
        [ours, theirs].map((file) => readSlice({ file, prefix: '' }, name, 0, count, new Float32Array(count))),
      )) as [Float32Array, Float32Array]
      expect(mine.findIndex((v, i) => Math.abs(v - (other[i] as number)) > 1e-6)).toBe(-1)
    }
    await Promise.all([base, adapter, theirs].map((file) => file.source.close()))
  })
})
