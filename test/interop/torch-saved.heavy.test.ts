// What torch.save writes, of the field's PyTorch and of today's: every tensor has the bits that torch.load gives, and
// what Basil has no such thing for is refused as what it is.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Digest, digestOf } from './digest.ts'
import { generated, pythonWith } from './python.ts'

interface Expected {
  read: Record<string, Digest>
  refused: Record<string, string>
}

for (const which of ['field', 'newest'] as const) {
  const python = pythonWith(which, 'torch', 'numpy')
  describe.skipIf(!python)(`of the ${which} Python`, () => ofPython(python as string))
}

function ofPython(python: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'basil-saved-'))
  let expected: Expected
  beforeAll(() => {
    generated(python, 'torch_saved.py', folder)
    expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Expected
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('every tensor is that of torch.load', { timeout: 600_000 }, async () => {
    expect(Object.keys(expected.read).length).toBeGreaterThan(15)
    for (const [name, digest] of Object.entries(expected.read)) {
      const found = await digestOf(join(folder, name)).catch((error: unknown) => error)
      expect(found, name).toEqual(digest)
    }
  })

  test('what is no view of plain numbers is named', async () => {
    expect(Object.keys(expected.refused).length).toBeGreaterThan(4)
    for (const [name, why] of Object.entries(expected.refused))
      await expect(digestOf(join(folder, name)), name).rejects.toMatchObject({
        record: {
          code: expect.stringMatching(/^tensor-(dtype|missing)$/),
          where: expect.stringContaining(name),
          why: expect.stringContaining(why),
        },
      })
  })
}
