// What stands around a tensor where PyTorch makes it again (torch._tensor): parameters, subclasses, DTensors that are
// whole; and all that Basil does not read, each refused by its name, never as damage.
import { expect, test } from 'vitest'

import { openTensorFile } from '../../../../src-main/engine/formats/open.ts'
import { sourceOf } from '../bytes.ts'
import { archive, dictionary, global, int, plain, type Step, tensor, text, tuple } from '../pickle-steps.ts'
import { called, float32, hexOf, no, opened, storage, typed, yes } from '../rebuild-steps.ts'

const w = tensor('0', 4, [2, 2], [2, 1])
const named = (type: string): Step[] => [global(type)]
const wrapper = (type: string, shape: number[], state: Step[]): Step[] =>
  called(
    'torch._tensor _rebuild_from_type_v2',
    named('torch._utils _rebuild_wrapper_subclass'),
    named(type),
    tuple(named(type), named('torch float32'), tuple(...shape.map(int)), tuple(...shape.map(() => int(1))), int(0)),
    state,
  )
const dTensor = 'torch.distributed.tensor DTensor'
const spec = (...placements: string[]): Step[] => [
  ...named('torch.distributed.tensor._dtensor_spec DTensorSpec'),
  ...plain(')\x81'),
  ...dictionary({
    placements: tuple(
      ...placements.map((p) => [...named(`torch.distributed.tensor.placement_types ${p}`), ...plain(')\x81')]),
    ),
  }),
  ...plain('b'),
]
const placed = (shape: number[], ...placements: string[]): Step[] =>
  wrapper(dTensor, shape, tuple(plain('N'), dictionary({ _local_tensor: w, _spec: spec(...placements) })))

test.each<[string, Step[]]>([
  ['a parameter', called('torch._utils _rebuild_parameter', w, yes, plain('N'))],
  [
    'a parameter with attributes',
    called('torch._utils _rebuild_parameter_with_state', w, yes, plain('N'), dictionary({ note: [text('x')] })),
  ],
  [
    'a class of its own',
    called(
      'torch._tensor _rebuild_from_type',
      named('torch._utils _rebuild_parameter'),
      named('a B'),
      tuple(w, yes),
      plain('N'),
    ),
  ],
  [
    'a device without storages',
    called('torch._utils _rebuild_device_tensor_from_cpu_tensor', w, named('torch float32'), [text('xla:0')], no),
  ],
  ['a DTensor on a mesh of one', placed([2, 2], 'Shard')],
  ['a DTensor in copies', placed([2, 2], 'Replicate', '_StridedShard')],
  [
    'a DTensor of an older PyTorch',
    wrapper(
      'torch.distributed._tensor.api DTensor',
      [2, 2],
      dictionary({ _local_tensor: w, _spec: spec('Replicate') }),
    ),
  ],
])('%s is the tensor it is made of', async (_, steps) => {
  expect(await hexOf(await opened(steps))).toBe(Buffer.from(float32(1, 2, 3, 4)).toString('hex'))
})

test.each<[string, Step[], RegExp, RegExp]>([
  [
    'a shard of a DTensor',
    placed([4, 2], 'Shard'),
    /a DTensor of shape \[4,2\], of which this file holds a part of shape \[2,2\]/,
    /full_tensor/,
  ],
  ['a DTensor that is a sum to be made', placed([2, 2], 'Partial'), /a DTensor of shape \[2,2\]/, /full_tensor/],
  ['a DTensor placed in an unknown way', placed([2, 2], 'Sharded3'), /a DTensor/, /full_tensor/],
  ['a DTensor without its part', wrapper(dTensor, [2, 2], plain('N')), /a DTensor of shape \[2,2\]$/, /full_tensor/],
  [
    'a class of several tensors',
    wrapper('torchao.quantization AffineQuantizedTensor', [2, 2], dictionary({ a: w })),
    /a torchao\.quantization\.AffineQuantizedTensor/,
    /plain tensor/,
  ],
  [
    'a class made in a way of its own',
    called(
      'torch._tensor _rebuild_from_type_v2',
      named('torch.nested._internal.nested_tensor _rebuild_njt'),
      named('torch.nested._internal.nested_tensor NestedTensor'),
      tuple(dictionary({ a: w })),
      plain('N'),
    ),
    /NestedTensor, made by torch\.nested\._internal\.nested_tensor\._rebuild_njt/,
    /plain tensor/,
  ],
  [
    'a class around itself',
    called(
      'torch._tensor _rebuild_from_type_v2',
      named('torch._tensor _rebuild_from_type_v2'),
      named('a B'),
      tuple(),
      plain('N'),
    ),
    /a a\.B, made by torch\._tensor/,
    /plain tensor/,
  ],
  ['sparse', called('torch._utils _rebuild_sparse_tensor', plain('N'), tuple(w, w)), /a sparse tensor/, /to_dense/],
  [
    'sparse, as of old',
    called('torch._utils _rebuild_sparse_csr_tensor', plain('N'), tuple(w, w)),
    /a sparse tensor/,
    /to_dense/,
  ],
  ['nested', called('torch._utils _rebuild_nested_tensor', w, w, w, w), /a nested tensor/, /to_padded_tensor/],
  [
    'quantised',
    called('torch._utils _rebuild_qtensor', storage('torch QInt8Storage', 4), int(0)),
    /quantised \(QInt8Storage\)/,
    /dequantize/,
  ],
  [
    'on the device "meta"',
    called('torch._utils _rebuild_meta_tensor_no_storage', named('torch float32')),
    /of which there are no values/,
    /load its weights/,
  ],
  ['of XLA', called('torch._utils _rebuild_device_tensor_from_numpy', plain('N')), /kept as a NumPy array/, /CPU/],
  [
    'of another type on its device',
    called('torch._utils _rebuild_device_tensor_from_cpu_tensor', w, named('torch float16')),
    /kept as F32, to be turned/,
    /plain/,
  ],
  [
    'a parameter of one that is not read',
    called('torch._utils _rebuild_parameter', called('torch._utils _rebuild_sparse_tensor')),
    /a sparse tensor/,
    /to_dense/,
  ],
  [
    'without a shape yet',
    called('torch.nn.parameter UninitializedParameter', yes),
    /never given a shape/,
    /run the model once/,
  ],
  [
    'made by a function to come',
    called('torch._utils _rebuild_tensor_v9', w),
    /made by torch\._utils\._rebuild_tensor_v9, which Basil does not know/,
    /float32/,
  ],
  ['of a type without numbers', typed('torch bits8', 4, [4], [1]), /stored as torch\.bits8/, /float32/],
  [
    'of two numbers a byte, out of order',
    typed('torch float4_e2m1fn_x2', 4, [2, 2], [1, 2]),
    /float4_e2m1fn_x2 that is out of order/,
    /contiguous/,
  ],
])('a tensor %s is named as what it is, not as damage', async (_, steps, why, next) => {
  await expect(opened(steps)).rejects.toMatchObject({
    record: {
      code: 'tensor-dtype',
      where: 'a.pt: layer.w',
      why: expect.stringMatching(why),
      next: expect.stringMatching(next),
    },
  })
})

test('tensors that are not read are looked for where the model is, as others are', async () => {
  const sparse = called('torch._utils _rebuild_sparse_tensor')
  const file = (steps: Step[]) => openTensorFile(sourceOf(archive(steps, { 0: float32(1, 2, 3, 4) }), 'a.pt'))
  await expect(file(dictionary({ epoch: [int(1)], state_dict: dictionary({ 'l.w': sparse }) }))).rejects.toMatchObject({
    record: { where: 'a.pt: l.w' },
  })
  const beside = await file(dictionary({ optimizer: dictionary({ m: sparse }), state_dict: dictionary({ 'l.w': w }) }))
  expect([...beside.tensors.keys()]).toEqual(['l.w'])
})

test.each([
  [
    'that makes terabytes of nothing',
    tensor('0', 4, Array(2).fill(2 ** 20), [0, 0]),
    /only 16 lie behind them, and Basil repeats no more/,
  ],
  [
    'of 65 dimensions',
    tensor('0', 4, Array(65).fill(1), Array(65).fill(1)),
    /more than 64 dimensions, the most that Basil reads/,
  ],
  ['of a name beyond any', dictionary({ ['n'.repeat(2000)]: w }), /a name in it is longer than 1024 letters/],
])("a tensor %s is beyond a limit of Basil's, which is no damage", async (_, steps, reason) => {
  await expect(opened(steps)).rejects.toMatchObject({
    record: { code: 'not-supported', where: 'a.pt', why: expect.stringMatching(reason) },
  })
})
