// What PyTorch calls to make a tensor again (torch._utils), written by hand: views with the signs they are marked with,
// and newer element types in storages of bytes. What stands around a tensor, and what is not read at all, is in
// pytorch-wrapped.test.ts.
import { describe, expect, test } from 'vitest'

import { dictionary, int, plain, type Step, text, tuple } from '../pickle-steps.ts'
import { called, float32, hexOf, no, opened, storage, typed, yes } from '../rebuild-steps.ts'

const marked = (type: string, elements: number, marks: Step[], ...more: Step[][]): Step[] =>
  called(
    'torch._utils _rebuild_tensor_v2',
    storage(type, elements),
    int(0),
    tuple(int(2)),
    tuple(int(1)),
    plain('\x89N'),
    marks,
    ...more,
  )
describe('signs that are turned lazily', () => {
  const [neg, conj] = [dictionary({ neg: yes }), dictionary({ conj: yes })]
  test.each<[string, string, Step[], string, string]>([
    ['float32', 'torch FloatStorage', neg, '0000803f000000c0', '000080bf00000040'],
    ['a marked zero and a NaN', 'torch FloatStorage', neg, '000000000000c07f', '000000800000c0ff'],
    ['float64', 'torch DoubleStorage', neg, '000000000000f03f00000000000000c0', '000000000000f0bf0000000000000040'],
    ['float16', 'torch HalfStorage', neg, '003c00c0', '00bc0040'],
    ['bfloat16', 'torch BFloat16Storage', neg, '803f00c0', '80bf0040'],
    ['int64', 'torch LongStorage', neg, '0100000000000000feffffffffffffff', 'ffffffffffffffff0200000000000000'],
    ['int16, the smallest stays', 'torch ShortStorage', neg, '00010080', '00ff0080'],
    [
      'complex64',
      'torch ComplexFloatStorage',
      neg,
      '0000803f00000040000080bf00000000',
      '000080bf000000c00000803f00000080',
    ],
    [
      'a conjugate of complex64',
      'torch ComplexFloatStorage',
      conj,
      '0000803f00000040000080bf00000000',
      '0000803f000000c0000080bf00000080',
    ],
    [
      'a negative conjugate of complex128',
      'torch ComplexDoubleStorage',
      dictionary({ conj: yes, neg: yes }),
      '000000000000f03f0000000000000040'.repeat(2),
      '000000000000f0bf0000000000000040'.repeat(2),
    ],
    [
      'what is marked as not negative',
      'torch FloatStorage',
      dictionary({ neg: no, other: no }),
      '0000803f000000c0',
      '0000803f000000c0',
    ],
  ])('%s', async (_, type, marks, stored, expected) => {
    const file = await opened(marked(type, 2, marks), Buffer.from(stored, 'hex'))
    expect(await hexOf(file)).toBe(expected)
    const item = expected.length / 4
    expect(Buffer.from(await file.readRange('layer.w', item, item)).toString('hex')).toBe(expected.slice(2 * item))
  })

  test('of a view that is gathered', async () => {
    const view = called(
      'torch._utils _rebuild_tensor_v2',
      storage('torch FloatStorage', 4),
      int(0),
      tuple(int(2), int(2)),
      tuple(int(1), int(2)),
      plain('\x89N'),
      neg,
    )
    expect(await hexOf(await opened(view))).toBe(Buffer.from(float32(-1, -3, -2, -4)).toString('hex'))
  })

  test.each<[string, Step[], RegExp]>([
    ['of a truth value', marked('torch BoolStorage', 4, neg), /marked "neg" as BOOL, which Basil cannot apply/],
    ['of the conjugate of a real number', marked('torch FloatStorage', 4, conj), /marked "conj" as F32/],
    ['of a kind to come', marked('torch FloatStorage', 4, dictionary({ toString: yes })), /marked "toString"/],
    [
      'with a value that is no truth value',
      marked('torch FloatStorage', 4, dictionary({ neg: [int(1)] })),
      /marked "neg"/,
    ],
    [
      'that is no dictionary',
      marked('torch FloatStorage', 4, [text('neg')]),
      /marked in a way that Basil does not know/,
    ],
    [
      'with one argument more',
      marked('torch FloatStorage', 4, neg, [int(1)]),
      /made with more arguments than Basil knows/,
    ],
  ])('a mark %s is refused by name', async (_, steps, why) => {
    await expect(opened(steps)).rejects.toMatchObject({
      record: { code: 'tensor-dtype', where: 'a.pt: layer.w', why: expect.stringMatching(why) },
    })
  })
})

test.each([
  ['torch float8_e4m3fn', 'F8_E4M3'],
  ['torch float8_e5m2', 'F8_E5M2'],
  ['torch float8_e4m3fnuz', 'F8_E4M3FNUZ'],
  ['torch float8_e5m2fnuz', 'F8_E5M2FNUZ'],
  ['torch float8_e8m0fnu', 'F8_E8M0'],
  ['torch uint8', 'U8'],
])('%s in a storage of bytes is %s, in its order of elements', async (name, dtype) => {
  const file = await opened(typed(name, 6, [2, 2], [1, 3], 1), Uint8Array.of(9, 1, 2, 3, 4, 5))
  expect(file.tensors.get('layer.w')).toMatchObject({ dtype, shape: [2, 2], bytes: 4 })
  expect(await hexOf(file)).toBe('01040205')
})

test('a file of complex numbers and of bytes with two numbers each is listed whole', async () => {
  const complex = marked('torch ComplexFloatStorage', 2, dictionary({}))
  const listed = await opened(complex, new Uint8Array(16))
  expect(listed.tensors.get('layer.w')).toMatchObject({ dtype: 'C64', shape: [2], bytes: 16 })
  const pairs = await opened(typed('torch float4_e2m1fn_x2', 4, [1, 3], [3, 1], 1), Uint8Array.of(1, 2, 3, 4))
  expect(pairs.tensors.get('layer.w')).toMatchObject({ dtype: 'F4', shape: [1, 6], bytes: 3 }) // numbers, not bytes
  expect(await hexOf(pairs)).toBe('020304')
})
