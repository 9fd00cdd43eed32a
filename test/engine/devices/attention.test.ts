// Attention and its way back, on every engine, against float64.
import { afterAll, beforeAll, describe, test } from 'vitest'

import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import type { Ops } from '../../../src-main/engine/devices/ops.ts'
import { type Close, closeOn } from './close.ts'
import { kernelEngines, uploads } from './engines.ts'
import type { Numbers } from './reference.ts'
import * as reference from './reference.ts'

describe.each(await kernelEngines())('$name', ({ options }) => {
  let backend: Backend
  const { matrix } = uploads(() => backend.ops)
  let ops: Ops
  let on: Close
  beforeAll(async () => {
    backend = await openBackend(options)
    ops = backend.ops
    on = closeOn(ops)
  })
  afterAll(() => backend.close())

  test.each([
    [1, 1, 1, 4],
    [2, 5, 1, 3],
    [3, 17, 2, 128],
    [2, 50, 12, 60],
    [1, 50, 3, 192],
    [5, 17, 4, 20],
    [1, 65, 2, 12],
  ])('attends: %i images, %i tokens, %i heads, width %i, and its gradient', async (images, tokens, heads, width) => {
    const draw = reference.stream(tokens * heads)
    const rows = images * tokens
    const shape = { images, tokens, heads }
    const [qkv, dy] = [draw(rows * 3 * width), draw(rows * width)]
    const want = reference.attention(qkv, images, tokens, heads, width)
    const input = matrix(qkv, [rows, 3 * width])
    const { y, saved } = ops.attention(input, shape)
    await on.close(y, want.y, [rows, width])
    const loss = (moved: Numbers) => reference.inner(dy, reference.attention(moved, images, tokens, heads, width).y)
    await on.closeSlopes(ops.attentionGradient(matrix(dy, [rows, width]), input, saved, shape), loss, qkv, 40)
  })
})
