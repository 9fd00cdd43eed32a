// How a tower is computed where no file says it: by the shapes of known models, or by its width alone, which is told.
import { expect, test } from 'vitest'

import { look } from '../../../src-main/worker/inspect.ts'
import { huggingFace, openClip, type Size, sizes } from '../layouts/models.ts'
import { model, opened, size, text, tower } from './beside.ts'

const wide = (like: Omit<Size, 'text'>): Size => ({ ...like, text: { ...text, width: 1024, layers: 1 } })
const large = { patch: 14, tokens: 257, embed: 1024 }
test.each<[string, Size, number, string]>([
  ['ViT-B/32', sizes['ViT-B/32'], 12, 'quick-gelu'],
  ['ViT-B/16', sizes['ViT-B/16'], 12, 'quick-gelu'],
  ['ViT-L/14', sizes['ViT-L/14'], 16, 'quick-gelu'],
  ['ViT-L/14@336px', sizes['ViT-L/14@336px'], 16, 'quick-gelu'],
  ['ViT-H/14', wide({ ...large, width: 1280, layers: 32 }), 16, 'gelu'],
  ['ViT-g/14', wide({ ...large, width: 1408, layers: 40, mlp: 6144 }), 16, 'gelu'],
  ['ViT-bigG/14', wide({ ...large, width: 1664, layers: 48, mlp: 8192, embed: 1280 }), 16, 'gelu'],
])(
  '%s at full size, by its header: heads are known, the activation is said to be assumed',
  async (name, like, heads, activation) => {
    for (const shapes of [openClip(like, 'none'), huggingFace(like, 'vision with projection')]) {
      const path = model(shapes)
      const found = await look(path)
      expect(found.architecture).toMatchObject({ name, heads, activation, mlp: like.mlp ?? 4 * like.width })
      expect(found.towers?.vision?.heads).toEqual({
        value: heads,
        from: `known shape ${name.replace(/\/.*/, '')}`,
        assumed: false,
      })
      expect(found.warnings).toEqual([
        expect.stringMatching(
          new RegExp(
            `${activation} is used \\(assumed, as in .*: where it was trained with others, every number is wrong`,
          ),
        ),
      ])
      expect((await opened(path)).architecture.heads).toBe(heads)
    }
  },
)

test('where width alone decides, it is said before any number, and a width that 64 does not divide is refused, not rounded', async () => {
  const found = await look(model(tower))
  expect(found.warnings).toEqual([
    expect.stringMatching(
      /no known model has its shape. Its width of 64 alone stands for 1 attention heads, and quick-gelu is a guess too.*"attentionHeads"/,
    ),
  ])
  const odd = model(openClip({ ...size, width: 200 }, 'none'))
  await expect(opened(odd)).rejects.toMatchObject({
    record: { code: 'not-supported', why: '3 attention heads do not divide its width of 200' },
  })
})
