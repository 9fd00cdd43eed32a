// The field's own files (R24): twelve of torch, open_clip, transformers and fusion_bench, by each of the two Pythons,
// and a model that mergekit wrote, hold for Basil what their writer held when it saved them, bit for bit.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, describe, expect, test } from 'vitest'

import { writeLlama } from '../engine/layouts/llama.ts'
import { countOf, tell } from '../faults/promises.ts'
import { type Digest, digestOf } from './digest.ts'
import { generated, pythonWith } from './python.ts'

const folder = mkdtempSync(join(tmpdir(), 'basil-field-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Which of the files hold something else for Basil. */
async function different(within: string, expected: Record<string, Digest>): Promise<string[]> {
  const wrong: string[] = []
  for (const [name, digest] of Object.entries(expected)) {
    const found = await digestOf(join(within, name)).catch((error: unknown) => error)
    const same = JSON.stringify(sorted(found)) === JSON.stringify(sorted(digest))
    if (!same) wrong.push(`${name}: ${JSON.stringify(found instanceof Error ? found.message : found).slice(0, 300)}`)
  }
  return wrong
}

const sorted = (digest: unknown): unknown => Object.entries(digest as object).sort(([a], [b]) => (a < b ? -1 : 1))

describe.each(['field', 'newest'] as const)('of the %s Python', (which) => {
  const python = pythonWith(which, 'torch', 'safetensors', 'transformers', 'open_clip')
  test.skipIf(!python)('every file holds what its writer held', async () => {
    const began = performance.now()
    const own = join(folder, which)
    mkdirSync(own)
    generated(python as string, 'field_files.py', own)
    const expected = JSON.parse(readFileSync(join(own, 'expected.json'), 'utf8')) as Record<string, Digest>
    const wrong = await different(own, expected)
    const count = Object.keys(expected).length
    tell('R24', began, {
      count,
      lost: 0,
      differ: wrong.length,
      besides: `${which} torch, open_clip, transformers, fusion_bench`,
    })
    expect(wrong).toEqual([])
    expect(count).toBeGreaterThanOrEqual(countOf('R24') >= 40 ? 12 : countOf('R24'))
  })
})

const mergekit = pythonWith('newest', 'torch', 'transformers', 'mergekit', 'immutables')
test.skipIf(!mergekit)('a model that mergekit wrote holds what its own reader finds in it', async () => {
  const began = performance.now()
  const own = join(folder, 'mergekit')
  mkdirSync(join(own, 'basil'), { recursive: true })
  for (const [seed, name] of ['base', 'one'].entries()) await writeLlama(join(own, name), { seed, layers: 2 })
  writeFileSync(
    join(own, 'linear.yaml'),
    'merge_method: linear\nmodels: [{model: base}, {model: one}]\nparameters: {weight: 1}\n',
  )
  generated(mergekit as string, 'merged_elsewhere.py', own)
  const script = `import json, sys; sys.path.insert(0, sys.argv[1])
from digests import digest
from safetensors.torch import load_file
print(json.dumps(digest(load_file(sys.argv[2]))))`
  const file = 'peer/linear/model.safetensors'
  const said = execFileSync(mergekit as string, ['-c', script, join(import.meta.dirname, 'cases'), join(own, file)], {
    encoding: 'utf8',
  })
  const wrong = await different(own, { [file]: JSON.parse(said) as Digest })
  tell('R24', began, { count: 1, lost: 0, differ: wrong.length, besides: 'mergekit' })
  expect(wrong).toEqual([])
})
