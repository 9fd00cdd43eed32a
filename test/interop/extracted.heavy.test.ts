// LoRAs that Basil takes out of fine-tuned models, as real peft loads them: the merged model is the pre-trained one
// with B A, at the full rank and with the rest saved the fine-tuned model; and Basil's own merge gives the same.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, describe, expect, test } from 'vitest'

import { formSchema } from '../../src-main/contract/checkpoint.ts'
import { type Extracted, type Extraction, extractionSchema } from '../../src-main/contract/extraction.ts'
import { openWeights } from '../../src-main/engine/weights/parents.ts'
import { readParameter } from '../../src-main/engine/weights/slices.ts'
import { openSource } from '../../src-main/files/source.ts'
import { convert } from '../../src-main/worker/convert.ts'
import { extractLora } from '../../src-main/worker/extract-lora.ts'
import { resultOf } from '../engine/measures/memory.ts'
import { converse, pythonWith } from './python.ts'

const python = pythonWith('newest', 'peft', 'transformers', 'open_clip')
const folder = mkdtempSync(join(tmpdir(), 'basil-extracted-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Case {
  name: string
  kind: string // of the class that peft adapts
  of: string // whose files are given
  asked: Partial<Extraction>
  lost: RegExp | null // of a name that is not held; null: all are
}
interface Loaded {
  sum: number
  tuned: Record<string, number>
  forward: number
  unexpected: string[]
}
const whole = { rank: 'full', saveRest: true } as const
const cases: Case[] = [
  { name: 'clip, full', kind: 'clip', of: 'clip', asked: whole, lost: /^logit_scale$/ },
  { name: 'clip, rank 4', kind: 'clip', of: 'clip', asked: { rank: 4 }, lost: /./ },
  { name: 'clip, 0.9 of each', kind: 'clip', of: 'clip', asked: { rank: 0.9, saveRest: true }, lost: /./ },
  { name: 'clip, of open_clip', kind: 'clip', of: 'open_clip', asked: whole, lost: /^logit_scale$/ },
  {
    name: 'open_clip itself',
    kind: 'open_clip',
    of: 'open_clip',
    asked: { ...whole, layout: 'open_clip' },
    lost: /^(visual\.(proj|class_embedding|positional_embedding)|positional_embedding|text_projection|logit_scale)$/,
  },
  { name: 'llama', kind: 'llama', of: 'llama', asked: whole, lost: null },
  { name: 'gpt2, turned', kind: 'gpt2', of: 'gpt2', asked: whole, lost: null },
]

describe.runIf(python)('peft', async () => {
  if (!python) return
  const peft = converse(python, join(import.meta.dirname, 'cases', 'extracted.py'))
  await peft.ask({ do: 'make', folder })
  const at = (...path: string[]): string => join(folder, ...path)
  for (const which of ['base', 'tuned']) {
    const form = formSchema.parse({ layout: 'huggingface' })
    const out = at(`${which}-of-open_clip.safetensors`)
    await resultOf(convert({ file: at('open_clip', which, 'model.safetensors'), out, overwrite: false, form }))
  }
  const results: Extracted[] = []
  for (const { name, of, asked } of cases)
    results.push(
      await resultOf(
        extractLora(
          extractionSchema.parse({
            pretrained: at(of, 'base'),
            finetuned: at(of, 'tuned', 'model.safetensors'),
            out: at(`adapter of ${name}`),
            modules: null,
            layout: null,
            dtype: 'float32',
            saveRest: false,
            ...asked,
          }),
        ),
      ),
    )
  const placed = ({ kind, of }: Case, which: string): string =>
    kind === of ? at(of, which, 'model.safetensors') : at(`${which}-of-${of}.safetensors`)
  const found: Loaded[] = []
  for (const one of cases) {
    const files = { base: placed(one, 'base'), tuned: placed(one, 'tuned'), adapter: at(`adapter of ${one.name}`) }
    found.push((await peft.ask({ do: 'load', kind: one.kind, ...files })) as Loaded)
  }
  peft.close()

  test.each(cases.map((one, i) => ({ ...one, i })))('$name', async ({ i, of, name, lost, asked }) => {
    const { sum, tuned, forward, unexpected } = found[i] as Loaded
    expect(unexpected).toEqual([])
    expect(sum).toBeLessThan(1e-6)
    expect(forward).toBeLessThan(1e-5)
    const apart = Object.entries(tuned).filter(([, error]) => error > 1e-6)
    for (const [tensor] of apart) expect(lost === null ? '' : tensor).toMatch(lost ?? /^/)
    if (lost === null) expect(apart).toEqual([])
    const told = results[i] as (typeof results)[number]
    if (asked.rank === 'full') expect(told.layerError).toBeLessThan(1e-5)
    // Basil's own merge of the folder
    const set = await openWeights(at(of, 'base', 'model.safetensors'), [told.file], openSource)
    const theirs = await openWeights(
      at(of, 'base', 'model.safetensors'),
      [at(of, 'tuned', 'model.safetensors')],
      openSource,
    )
    const [mine, expected] = [set.vectors[0], theirs.vectors[0]]
    if (!mine || !expected) throw new Error(name)
    let [left, all] = [0, 0]
    for (const parameter of set.parameters.keys()) {
      const [a, b, base] = [
        await readParameter(mine, parameter),
        await readParameter(expected, parameter),
        await readParameter(set.base, parameter),
      ]
      for (const [k, v] of a.entries()) {
        left += (v - (b[k] as number)) ** 2
        all += ((b[k] as number) - (base[k] as number)) ** 2
      }
    }
    expect(Math.abs(Math.sqrt(left / all) - told.error)).toBeLessThan(1e-5)
    await Promise.all([set.close(), theirs.close()])
  })
})
