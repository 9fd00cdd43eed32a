// Causal attention on every engine against float64: a token sees itself and those before it, and the way back and the
// forward mode, which know of it by what attention saved alone, follow.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import { kernelEngines, uploads } from './engines.ts'
import type { Numbers } from './reference.ts'
import * as reference from './reference.ts'

const most = 1e-5

describe.each(await kernelEngines())('$name', ({ options }) => {
  let backend: Backend
  const { matrix } = uploads(() => backend.ops)
  beforeAll(async () => {
    backend = await openBackend(options)
  })
  afterAll(() => backend.close())

  test.each([
    [1, 1, 1, 4],
    [2, 5, 1, 3],
    [2, 9, 2, 128],
    [1, 77, 3, 60],
  ])('%i texts, %i tokens, %i heads, width %i', async (images, tokens, heads, width) => {
    const { ops } = backend
    const draw = reference.stream(tokens + heads)
    const rows = images * tokens
    const shape = { images, tokens, heads, causal: true }
    const [qkv, dy, moved] = [draw(rows * 3 * width), draw(rows * width), draw(rows * 3 * width)]
    const attend = (x: Numbers) => reference.attention(x, images, tokens, heads, width, true)
    const input = matrix(qkv, [rows, 3 * width])
    const { y, saved } = ops.attention(input, shape)
    expect(reference.relativeError(await ops.read(y), attend(qkv).y)).toBeLessThanOrEqual(most)

    const gradient = await ops.read(ops.attentionGradient(matrix(dy, [rows, width]), input, saved, shape))
    const step = Math.ceil(qkv.length / 30)
    const picked = Array.from({ length: Math.ceil(qkv.length / step) }, (_, i) => i * step)
    const slopes = picked.map((i) => reference.slope((x) => reference.inner(dy, attend(x).y), qkv, i))
    const gradients = picked.map((i) => gradient[i] as number)
    expect(reference.relativeError(gradients, slopes)).toBeLessThanOrEqual(most)

    // < dy, J moved > both ways: the tangent holds every entry to the gradient.
    const tangent = await ops.read(ops.attentionTangent(matrix(moved, [rows, 3 * width]), input, saved, shape))
    const forward = reference.inner(dy, Float64Array.from(tangent))
    const back = reference.inner(moved, Float64Array.from(gradient))
    expect(Math.abs(forward - back)).toBeLessThanOrEqual(most * Math.sqrt(rows * width) * Math.max(1, Math.abs(back)))
  })

  test('what follows a token does not change it, to the bit', async () => {
    const { ops } = backend
    const shape = { images: 1, tokens: 11, heads: 2, causal: true }
    const first = reference.stream(4)(11 * 48)
    const other = Float64Array.from(first, (value, i) => (i < 6 * 48 ? value : value + 1))
    const rows = async (x: Numbers): Promise<number[]> => [
      ...(await ops.read(ops.attention(matrix(x, [11, 48]), shape).y)),
    ]
    const [one, two] = [await rows(first), await rows(other)]
    expect(two.slice(0, 6 * 16)).toEqual(one.slice(0, 6 * 16))
    expect(two.slice(6 * 16)).not.toEqual(one.slice(6 * 16))
  })
})
