// PyTorch checkpoints: what a pickle can do (hold values) and what it cannot (anything else), and what mutants of them
// give: an error with a reason, or tensors of the size they say.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import fc from 'fast-check'
import { unzipSync, zipSync } from 'fflate'
import { expect, test } from 'vitest'

import { BasilError } from '../../../src-main/contract/errors.ts'
import { openTensorFile } from '../../../src-main/engine/formats/open.ts'
import { unpickle } from '../../../src-main/engine/formats/pytorch/pickle.ts'
import { stateOf } from '../../../src-main/engine/formats/pytorch/state.ts'
import { sourceOf } from './bytes.ts'
import {
  archive,
  dictionary,
  global,
  int,
  pickled,
  plain,
  type Step,
  stepsOf,
  tensor,
  text,
  tuple,
} from './pickle-steps.ts'

const golden = (name: string): Buffer => readFileSync(join(import.meta.dirname, '../../golden/formats', name))
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

/** Opens and reads everything; an error must be one with a reason. */
async function survives(bytes: Uint8Array, what: string): Promise<'read' | 'refused'> {
  try {
    const file = await openTensorFile(sourceOf(bytes, 'mutant.pt'))
    for (const [name, info] of file.tensors) expect((await file.read(name)).length).toBe(info.bytes)
    return 'read'
  } catch (error) {
    if (!(error instanceof BasilError)) throw new Error(`${what}: ${error instanceof Error ? error.stack : error}`)
    expect(['file-damaged', 'format-unknown', 'tensor-dtype', 'not-supported']).toContain(error.record.code)
    return 'refused'
  }
}

const edges = [0, 1, 2, 127, 128, 255, 256, 65535, 2 ** 31 - 1, -1, -(2 ** 31)]
const otherSteps: Step[] = [
  ...plain('(012N)]}.abdelstu\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94QRo\xff'),
  ...edges.map(int),
  ...['data', '0', '_modules', '__proto__', '', 'state_dict'].map(text),
  ...[
    'torch FloatStorage',
    'torch HalfStorage',
    'collections OrderedDict',
    'os system',
    'torch._utils _rebuild_parameter',
  ].map(global),
]

test('2,000 pickles with steps replaced, dropped, doubled or swapped: read or refused, never anything else', async () => {
  const files = [
    'checkpoints/state_dict.pt',
    'checkpoints/views.pt',
    'checkpoints/module.pt',
    'checkpoints/nested.pt',
    'more/scripted.pt',
  ]
  const parsed = files.map((name) => {
    const entries = unzipSync(golden(name))
    const pickle = Object.keys(entries).find((entry) => entry.endsWith('data.pkl')) as string
    return { entries, pickle, steps: stepsOf(Buffer.from(entries[pickle] as Uint8Array)).steps }
  })
  const change = fc.record({
    kind: fc.constantFrom('replace', 'drop', 'double', 'swap'),
    at: fc.nat(),
    other: fc.nat(),
  })
  const seen = { read: 0, refused: 0 }
  await fc.assert(
    fc.asyncProperty(
      fc.nat(files.length - 1),
      fc.array(change, { minLength: 1, maxLength: 3 }),
      async (which, changes) => {
        const { entries, pickle, steps } = parsed[which] as (typeof parsed)[number]
        const mutant = changes.reduce((before, c) => mutated(before, c), steps)
        seen[
          await survives(
            zipSync({ ...entries, [pickle]: pickled(mutant) }, { level: 0 }),
            JSON.stringify({ which, changes }),
          )
        ]++
      },
    ),
    { seed: 11, numRuns: 2000 },
  )
  expect(seen.read).toBeGreaterThan(100) // the mutants are near enough to files to get far
  expect(seen.refused).toBeGreaterThan(500)
})

function mutated(steps: Step[], { kind, at, other }: { kind: string; at: number; other: number }): Step[] {
  const i = at % steps.length
  const j = other % steps.length
  const copy = [...steps]
  if (kind === 'replace') copy[i] = otherSteps[other % otherSteps.length] as Step
  else if (kind === 'drop') copy.splice(i, 1)
  else if (kind === 'double') copy.splice(i, 0, steps[j] as Step)
  else [copy[i], copy[j]] = [steps[j] as Step, steps[i] as Step]
  return copy
}

test('2,000 archives with a field of a header, or a step of the legacy form, set to an edge: read or refused', async () => {
  const zipped = ['checkpoints/state_dict.pt', 'more/traced.pt', 'more/compressed.npz'].map(golden)
  const legacy = golden('checkpoints/state_dict-legacy.pt')
  await fc.assert(
    fc.asyncProperty(fc.nat(3), fc.nat(), fc.constantFrom(...edges, 8, 9, 0x01, 0x2000), async (which, at, edge) => {
      const bytes = Buffer.from(zipped[which] ?? legacy)
      const fields =
        which < 3
          ? headerFields(bytes)
          : [...Array(legacy.length - 8).keys()].map((offset) => ({ offset, width: 1 + (offset % 4) }))
      const { offset, width } = fields[at % fields.length] as (typeof fields)[number]
      bytes.writeUIntLE((edge >>> 0) % 256 ** width, offset, width)
      await survives(bytes, JSON.stringify({ which, offset, width, edge }))
    }),
    { seed: 13, numRuns: 2000 },
  )
})

/** Every number in the local headers, the directory and its end. */
function headerFields(bytes: Buffer): { offset: number; width: number }[] {
  const kinds: [number, [number, number][]][] = [
    [
      0x04034b50,
      [
        [4, 2],
        [6, 2],
        [8, 2],
        [14, 4],
        [18, 4],
        [22, 4],
        [26, 2],
        [28, 2],
      ],
    ],
    [
      0x02014b50,
      [
        [4, 2],
        [6, 2],
        [8, 2],
        [10, 2],
        [16, 4],
        [20, 4],
        [24, 4],
        [28, 2],
        [30, 2],
        [32, 2],
        [42, 4],
        [46, 1],
        [48, 1],
      ],
    ],
    [
      0x06054b50,
      [
        [4, 2],
        [6, 2],
        [8, 2],
        [10, 2],
        [12, 4],
        [16, 4],
        [20, 2],
      ],
    ],
    [
      0x06064b50,
      [
        [4, 4],
        [16, 4],
        [24, 4],
        [32, 4],
        [40, 4],
        [48, 4],
        [52, 4],
      ],
    ],
    [
      0x07064b50,
      [
        [4, 4],
        [8, 4],
        [12, 4],
        [16, 4],
      ],
    ],
  ]
  const fields: { offset: number; width: number }[] = []
  for (let at = 0; at + 4 <= bytes.length; at++)
    for (const [signature, places] of kinds)
      if (bytes.readUInt32LE(at) === signature)
        for (const [place, width] of places)
          if (at + place + width <= bytes.length) fields.push({ offset: at + place, width })
  return fields
}
