// The field's own files (R24): twelve of torch, open_clip, transformers and fusion_bench hold for Basil what their
// writer held when it saved them, bit for bit. mergekit.heavy.test.ts has one of mergekit's; what today's releases
// write is in torch-saved, clip-models and checkpoints, and here too on a night.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, describe, expect, test } from 'vitest'

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

const pythons = countOf('R24') > 12 ? (['field', 'newest'] as const) : (['field'] as const)
describe.each(pythons)('of the %s Python', (which) => {
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
    expect(count).toBe(12)
  })
})
