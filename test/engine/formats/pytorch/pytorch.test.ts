import { expect, test } from 'vitest'

import { openTensorFile } from '../../../../src-main/engine/formats/open.ts'
import { unpickle } from '../../../../src-main/engine/formats/pytorch/pickle.ts'
import { stateOf } from '../../../../src-main/engine/formats/pytorch/state.ts'
import { sourceOf } from '../bytes.ts'
import { archive, dictionary, global, int, pickled, plain, type Step, tensor, text, tuple } from '../pickle-steps.ts'

const checkpoint = (steps: Step[], floats = 24): Uint8Array =>
  archive(steps, { 0: new Uint8Array(Float32Array.from({ length: floats }, (_, i) => i).buffer) })
const read = async (steps: Step[], floats = 24) => openTensorFile(sourceOf(checkpoint(steps, floats), 'a.pt'))
const values = async (steps: Step[], name: string): Promise<number[]> => [
  ...new Float32Array((await (await read(steps)).read(name)).slice().buffer),
]

test('values of all the kinds that a pickle writes, in the protocols from text to frames', () => {
  const value = (bytes: string) => unpickle(Buffer.from(bytes, 'latin1')).value
  expect([
    value('I01\n.'),
    value('I00\n.'),
    value('I-12\n.'),
    value('L12345678901234567890L\n.'),
    value('F0.5\n.'),
  ]).toEqual([true, false, -12, 12345678901234567890n, 0.5])
  expect([value("S'text'\n."), value('Vtext\n.'), value('\x8c\x04text.'), value('N.')]).toEqual([
    'text',
    'text',
    'text',
    null,
  ])
  expect([
    value('\x8a\x00.'),
    value('\x8a\x01\xff.'),
    value('\x8a\x02\x00\x80.'),
    value('\x8a\x03\xff\xff\x00.'),
  ]).toEqual([0, -1, -32768, 65535])
  expect(value('(lp0\nI1\naI2\na.')).toEqual([1, 2])
  expect(value('\x80\x04\x95\x05\0\0\0\0\0\0\0](K\x07e.')).toEqual([7])
  expect(value('(Vkey\nK\x01d.')).toEqual(new Map([['key', 1]]))
})

test.each([
  ['a global of the system', 'cos\nsystem\n(X\x03\0\0\0cmdtR.'],
  ['a global found by name on the stack', '\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x03cmd\x85R.'],
  ['an old instance', '(S"cmd"\nios\nsystem\n.'],
  ['an old object', '(cos\nsystem\nS"cmd"\no.'],
  ['a new object with keyword arguments', 'cos\nsystem\n)}\x92.'],
  ["a name of JavaScript's own", 'cconstructor\nconstructor\n)R.'],
])('%s becomes an inert stub', (_, bytes) => {
  expect(unpickle(Buffer.from(bytes, 'latin1')).value?.constructor.name).toBe('Stub')
})

test.each([
  ['an end that never comes', ']', /no end/],
  ['a value where there is none', 'a.', /where there is none/],
  ['a value below the last mark', 'N(a.', /where there is none/],
  ['a mark where there is none', 't.', /mark where there is none/],
  ['a memory it never kept', 'h\x07.', /recalls 7/],
  ['an unknown opcode', '\xfe.', /byte 0 is 254/],
  ['an extension of a registry we do not have', '\x82\x01.', /opcode/],
  ['a protocol to come', '\x80\x09.', /protocol 9/],
  ['a text longer than the file', 'X\xff\xff\xff\x7fa.', /no end/],
  ['an integer longer than any', `\x8b\x00\x08\x00\x00${'\x01'.repeat(2048)}.`, /longer than 1024/],
  ['a key without a value', '}(Vkey\nu.', /without a value/],
  ['items of what is no dictionary', 'N(K\x01K\x02u.', /no dictionary/],
  ['an object outside that is no storage', 'Vkey\nQ.', /no storage/],
])('refuses %s', (_, bytes, reason) => {
  expect(() => unpickle(Buffer.from(bytes, 'latin1'))).toThrow(reason)
})

test('what grows out of little is stopped: steps, copies, shared branches, depth', () => {
  expect(() => unpickle(Buffer.from(`${'('.repeat(9_000_000)}.`))).toThrow(/more than 8000000 steps/)
  const copies = 'h\0h\x01b0'.repeat(2000)
  const large = `}q\x01(${Array.from({ length: 5000 }, (_, i) => `V${i}\nN`).join('')}u0`
  expect(() => unpickle(Buffer.from(`ca\nb\n)Rq\0${large}${copies}.`, 'latin1'))).toThrow(/more than 8000000 steps/)
  const doubling = pickled([...plain(']'), ...Array.from({ length: 40 }, () => plain('2\x86')).flat(), ...plain('.')])
  expect(() => stateOf(unpickle(doubling).value)).toThrow(/too much to look through/)
  expect(() => stateOf(unpickle(Buffer.from(`${']'.repeat(100)}${'a'.repeat(99)}.`)).value)).toThrow(
    /nested deeper than 64/,
  )
  // a list that holds itself
  expect(() => stateOf(unpickle(Buffer.from(']q\0h\0a.', 'latin1')).value)).toThrow(/nested deeper than 64/)
})

test('views come in their own order of elements, and a range of one as a range of that order', async () => {
  const steps = dictionary({
    transposed: tensor('0', 24, [6, 4], [1, 6]),
    column: tensor('0', 24, [4], [6], 2),
    repeated: tensor('0', 24, [2, 3], [0, 1], 5),
  })
  expect(await values(steps, 'transposed')).toEqual(
    Array.from({ length: 24 }, (_, i) => (i % 4) * 6 + Math.floor(i / 4)),
  )
  expect(await values(steps, 'column')).toEqual([2, 8, 14, 20])
  expect(await values(steps, 'repeated')).toEqual([5, 6, 7, 5, 6, 7])
  const file = await read(steps)
  const whole = await file.read('transposed')
  for (let first = 0; first < 24; first++)
    for (let last = first; last <= 24; last++)
      expect(await file.readRange('transposed', first * 4, (last - first) * 4)).toEqual(
        whole.slice(first * 4, last * 4),
      )
})

test.each([
  ['past its storage', tensor('0', 24, [6, 5], [5, 1]), /ends past the 96 bytes/],
  ['past its storage by its offset', tensor('0', 24, [24], [1], 1), /ends past/],
  ['of a storage of another size', tensor('0', 25, [24], [1]), /has 96 bytes, not 100/],
  ['of a storage that is not there', tensor('1', 24, [24], [1]), /no entry "a\/data\/1"/],
  ['with a stride too few', tensor('0', 24, [4, 6], [1]), /not as many strides/],
  ['with a negative size', tensor('0', 24, [-4], [1]), /size -4/],
  ['with a negative stride', tensor('0', 24, [4], [-1]), /stride -1/],
  ['with a negative offset', tensor('0', 24, [4], [1], -1), /offset -1/],
  ['of more elements than can be counted', tensor('0', 24, Array(4).fill(2 ** 30), Array(4).fill(0)), /can be counted/],
  ['in a key that leads out', tensor('../../0', 24, [24], [1]), /no entry/],
])('refuses a tensor %s', async (_, steps, reason) => {
  await expect(read(dictionary({ w: steps }))).rejects.toMatchObject({
    record: { code: 'file-damaged', where: 'a.pt', why: expect.stringMatching(reason) },
  })
})

test('two tensors of one name are refused; a dictionary around a state_dict is opened, and says what it left', async () => {
  const w = tensor('0', 24, [24], [1])
  await expect(read(dictionary({ 'a.b': w, a: dictionary({ b: w }) }))).rejects.toMatchObject({
    record: { why: expect.stringMatching(/two tensors named "a\.b"/) },
  })
  const file = await read(
    dictionary({ epoch: [int(3)], state_dict: dictionary({ 'module.a.b': w }), optimizer: dictionary({ m: w }) }),
  )
  expect([[...file.tensors.keys()], file.metadata]).toEqual([
    ['a.b'],
    { 'pytorch.taken': 'state_dict', 'pytorch.left': 'epoch, optimizer' },
  ])
  const plainly = await read(dictionary({ 'a.b': w, model: dictionary({ c: w }) }))
  expect([...plainly.tensors.keys()]).toEqual(['a.b', 'model.c'])
})

test('a module of a class that is nowhere: parameters, buffers that persist, modules by name', async () => {
  const w = tensor('0', 24, [24], [1])
  const module = (parts: Record<string, Step[]>): Step[] => [
    global('nowhere Model'),
    ...plain(')\x81'),
    ...dictionary(parts),
    ...plain('b'),
  ]
  const inner = module({
    _parameters: dictionary({ weight: w, bias: plain('N') }),
    _buffers: dictionary({}),
    _modules: dictionary({}),
  })
  const outer = module({
    _parameters: dictionary({}),
    _buffers: dictionary({ kept: w, passing: w }),
    _non_persistent_buffers_set: [
      global('builtins set'),
      ...tuple([...plain(']'), text('passing'), ...plain('a')]),
      ...plain('R'),
    ],
    _modules: dictionary({ layer: inner }),
    cache: w,
  })
  expect([...(await read(outer)).tensors.keys()]).toEqual(['kept', 'layer.weight'])
})
