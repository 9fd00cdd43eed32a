// PyTorch's form of before 1.6, put together by hand: what may be wrong in each of its five pickles and in the storages
// behind.
import { expect, test } from 'vitest'

import { openTensorFile } from '../../../../src-main/engine/formats/open.ts'
import { sourceOf } from '../bytes.ts'
import { dictionary, global, int, pickled, plain, type Step, tensor, text } from '../pickle-steps.ts'

const magic: Step = { code: '\x8a', arg: Buffer.from('0a6cfc9c46f9206aa85019', 'hex') }
const facts = (little: boolean): Step[] => dictionary({ little_endian: plain(little ? '\x88' : '\x89') })
const keysOf = (...keys: string[]): Step[] => [...plain(']('), ...keys.map(text), ...plain('e')]
const storage = (elements: bigint, bytes = 96): Buffer => {
  const all = Buffer.alloc(8 + bytes, 1)
  all.writeBigInt64LE(elements)
  return all
}

interface Parts {
  first?: Step[]
  protocol?: Step[]
  machine?: Step[]
  object?: Step[]
  keys?: Step[]
  storages?: Buffer[]
}

function open({ first, protocol, machine, object, keys, storages }: Parts) {
  const pickles = [
    first ?? [magic],
    protocol ?? [int(1001)],
    machine ?? facts(true),
    object ?? dictionary({ w: tensor('k', 24, [4, 6], [6, 1]) }),
    keys ?? keysOf('k'),
  ]
  const parts = pickles.map((steps) => Buffer.concat([Buffer.of(0x80, 2), pickled([...steps, ...plain('.')])]))
  return openTensorFile(sourceOf(Buffer.concat([...parts, ...(storages ?? [storage(24n)])]), 'old.pt'))
}

test('the parts as they should be are read, and a pickle longer than the first read too', async () => {
  expect((await (await open({})).read('w')).length).toBe(96)
  const padded = dictionary({ w: tensor('k', 24, [24], [1]), source: [text('x'.repeat(600_000))] })
  expect([...(await open({ object: padded })).tensors.keys()]).toEqual(['w'])
})

const typed = (type: string): Step[] =>
  w(24).map((step) => (step.code === 'c' && step.arg.toString().includes('Storage') ? global(type) : step))
const w = (elements: number): Step[] => tensor('k', elements, [2], [1])
test.each<[string, Parts, string, RegExp]>([
  ['another number in front', { first: [int(7)] }, 'format-unknown', /does not begin with the number/],
  ['another protocol', { protocol: [int(1002)] }, 'file-damaged', /protocol is not 1001/],
  ['a big-endian machine', { machine: facts(false) }, 'format-unknown', /other order/],
  ['no list of storages', { keys: [int(1)] }, 'file-damaged', /list of storages/],
  ['a storage nobody named', { keys: keysOf('k', 'm') }, 'file-damaged', /list of storages/],
  ['a storage twice', { keys: keysOf('k', 'k') }, 'file-damaged', /list of storages/],
  ['a storage that is missing', { keys: keysOf() }, 'file-damaged', /missing/],
  ['a storage of another length', { storages: [storage(23n)] }, 'file-damaged', /has 23 elements, not 24/],
  ['a storage of negative length', { storages: [storage(-24n)] }, 'file-damaged', /has -24 elements/],
  ['a storage cut off', { storages: [storage(24n, 95)] }, 'file-damaged', /past the end of the file/],
  [
    'a storage of gigabytes that are not there',
    { object: dictionary({ w: w(2 ** 31 - 1) }), storages: [storage(2n ** 31n - 1n)] },
    'file-damaged',
    /past the end of the file/,
  ],
  [
    'a storage described twice',
    { object: dictionary({ w: w(24), v: w(12) }) },
    'file-damaged',
    /described in two ways/,
  ],
  ['a file that ends in its pickles', { keys: plain('('), storages: [] }, 'file-damaged', /cannot be read/],
])('refuses %s', async (_, parts, code, why) => {
  await expect(open(parts)).rejects.toMatchObject({
    record: { code, where: 'old.pt', why: expect.stringMatching(why) },
  })
})

test.each<[string, Parts, string, RegExp]>([
  [
    "pickles longer than Basil's limit",
    { keys: [text('x'.repeat(2 ** 25))] },
    'not-supported',
    /goes on for more than 33554432 bytes, the most/,
  ],
  [
    'a storage of a type to come',
    { object: dictionary({ w: typed('torch NewStorage') }) },
    'tensor-dtype',
    /stored as NewStorage/,
  ],
])('%s: named as what it is, not as damage', async (_, parts, code, why) => {
  await expect(open(parts)).rejects.toMatchObject({
    record: { code, where: expect.stringContaining('old.pt'), why: expect.stringMatching(why) },
  })
})
