// Mutants of safetensors files for safetensors.test.ts: one to three changes of a seed file's parts, because random
// bytes alone die in the first rule. Sound changes are among them (a reshape, another type of the same size, tensors in
// another order): both readers must take those.
import fc from 'fast-check'

import {
  assembled,
  type Draft,
  field,
  isTensor,
  list,
  numbersOf,
  quoted,
  seeds,
  setField,
  sizes,
  tensorOf,
  text,
} from './safetensors-drafts.ts'

export interface Mutant {
  what: string
  isSound: boolean // nothing was changed that a sound file may not have; a name may stand twice
  bytes: Uint8Array
}

type Change = (draft: Draft) => void

const wrong = ['f32', 'F31', '', 'constructor', '__proto__', 'float32', 'F32 ', 'I128', 'C128', 'F8_E4M3FN', 'I4']

const which = fc.nat(50)
const byte = fc.nat(255)
const words = (list: string): string[] => list.split(' ')
const oddNumbers = [
  ...words('1.0 2.0 0.0 1e0 1e2 2E0 1e-1 -0 -1 -8 00 01 +1 .5 1. 0x1 1_0 NaN Infinity 1n 1e400 "1" true null [] {} ٣'),
  ...words('9007199254740991 9007199254740992 9007199254740993 4294967296 4611686018427387904 9223372036854775808'),
  ...words('18446744073709551615 18446744073709551616'),
  '',
]
const oddShapes = words(
  '[0,9007199254740993] [4294967296,4294967296,0] [0,4294967296,4294967296] [0,1e3] [4294967297,4294967297]',
)
const oddValues = words('null true 0 "" [] {} [[2]] "x" [0,8,16] [8] ["0","8"] {"F32":null} ["F32"]')
const oddNames = [
  ...words(
    '"" "a" "t.1" "__metadata__" "__proto__" "\\u005f_metadata__" "\\ud800" "\\udc00\\ud800" "\\ud83d\\ude00" "\\u0000" "\\x41" "\\/" "\\u00g0"',
  ),
  ...["'a'", 'a', '"a', '"\t"', '"\u0000"', '"\u007f"', '"\u2028"', `"${'n'.repeat(5000)}"`],
]
const spaces = [' ', '\n', '\t', '\r', '\f', '\v', '\u00a0', '\ufeff', '\0', '/**/', '//x\n', ',', ' \r\n\t ']

/** Changes after which the file is as sound as before. */
const sound: Record<string, fc.Arbitrary<Change>> = {
  reshape: which.map((i) => (draft) => {
    const fields = tensorOf(draft, i)?.fields
    const shape = fields && numbersOf(fields, 'shape')
    if (shape) setField(fields, 'shape', list([shape.values.reduce((a, b) => a * b, 1)]))
  }),
  'ones in a shape': fc.tuple(which, fc.nat(70)).map(([i, n]) => (draft) => {
    const shape = numbersOf(tensorOf(draft, i)?.fields ?? [], 'shape')
    shape?.items.push(...Array.from({ length: n }, () => text('1')))
  }),
  'another type of the size': fc.tuple(which, fc.constantFrom(...Object.keys(sizes))).map(([i, to]) => (draft) => {
    const fields = tensorOf(draft, i)?.fields ?? []
    const value = field(fields, 'dtype')?.[1]
    const from = value && 'text' in value ? sizes[value.text.slice(1, -1)] : undefined
    if (from !== undefined && from === sizes[to]) setField(fields, 'dtype', text(quoted(to)))
  }),
  'order of tensors': which.map((by) => (draft) => {
    draft.entries.push(...draft.entries.splice(0, by % Math.max(1, draft.entries.length)))
  }),
  'order of fields': fc.tuple(which, fc.nat(2)).map(([i, by]) => (draft) => {
    const fields = tensorOf(draft, i)?.fields
    fields?.push(...fields.splice(0, by))
  }),
  'places exchanged': fc.tuple(which, which).map(([i, j]) => (draft) => {
    const [a, b] = [tensorOf(draft, i)?.fields, tensorOf(draft, j)?.fields]
    const [x, y] = [a && field(a, 'data_offsets'), b && field(b, 'data_offsets')]
    if (x && y) [x[1], y[1]] = [y[1], x[1]]
  }),
  'spaces behind': fc.nat(40).map((n) => (draft) => {
    draft.around[1] += ' '.repeat(n)
  }),
  'a tensor of no bytes': fc
    .tuple(which, fc.constantFrom('[0]', '[4,0]', '[0,9007199254740991]', '[1,0,1]'))
    .map(([i, shape]) => (draft) => {
      const offsets = numbersOf(tensorOf(draft, i)?.fields ?? [], 'data_offsets')
      const at = offsets?.values[1] ?? 0
      draft.entries.push([
        `"nothing.${i}"`,
        {
          entries: [
            ['"dtype"', text('"F32"')],
            ['"shape"', text(shape)],
            ['"data_offsets"', list([at, at])],
          ],
        },
      ])
    }),
  'more metadata': fc.tuple(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 })).map(([k, v]) => (draft) => {
    const metadata = draft.entries.find((entry) => !isTensor(entry))?.[1]
    if (metadata && 'entries' in metadata) metadata.entries.push([quoted(k), text(quoted(v))])
  }),
}

/** Changes of one part, most of which break a rule. */
const breaking: Record<string, fc.Arbitrary<Change>> = {
  dtype: fc.tuple(which, fc.constantFrom(...Object.keys(sizes), ...wrong)).map(
    ([i, dtype]) =>
      (draft) =>
        setField(tensorOf(draft, i)?.fields ?? [], 'dtype', text(quoted(dtype))),
  ),
  'dtype and shape for each other': which.map((i) => (draft) => {
    const fields = tensorOf(draft, i)?.fields ?? []
    const offsets = numbersOf(fields, 'data_offsets')
    const bytes = offsets ? (offsets.values[1] as number) - (offsets.values[0] as number) : 0
    const names = Object.keys(sizes)
    const dtype = names[i % names.length] as string
    setField(fields, 'dtype', text(quoted(dtype)))
    // nearly the bytes where they do not divide
    setField(fields, 'shape', list([Math.floor(bytes / (sizes[dtype] as number))]))
  }),
  'a number of a shape': fc.tuple(which, which, fc.constantFrom(...oddNumbers)).map(([i, j, odd]) => (draft) => {
    const shape = numbersOf(tensorOf(draft, i)?.fields ?? [], 'shape')
    if (shape) shape.items[j % Math.max(1, shape.items.length)] = text(odd)
  }),
  'a shape': fc.tuple(which, fc.constantFrom(...oddShapes)).map(
    ([i, shape]) =>
      (draft) =>
        setField(tensorOf(draft, i)?.fields ?? [], 'shape', text(shape)),
  ),
  'a size': fc.tuple(which, which, fc.integer({ min: -2, max: 3 })).map(([i, j, by]) => (draft) => {
    const shape = numbersOf(tensorOf(draft, i)?.fields ?? [], 'shape')
    const at = j % Math.max(1, shape?.items.length ?? 1)
    if (shape) shape.items[at] = text(String((shape.values[at] ?? 1) + by))
  }),
  'a number of the offsets': fc
    .tuple(which, fc.nat(1), fc.constantFrom(...oddNumbers))
    .map(([i, j, odd]) => (draft) => {
      const offsets = numbersOf(tensorOf(draft, i)?.fields ?? [], 'data_offsets')
      if (offsets) offsets.items[j] = text(odd)
    }),
  'an offset': fc.tuple(which, fc.nat(1), fc.constantFrom(-8, -4, -1, 1, 4, 8, 1e6)).map(([i, j, by]) => (draft) => {
    const offsets = numbersOf(tensorOf(draft, i)?.fields ?? [], 'data_offsets')
    if (offsets) offsets.items[j] = text(String((offsets.values[j] as number) + by))
  }),
  'both offsets': fc.tuple(which, fc.constantFrom(-8, -4, -1, 1, 4, 8)).map(([i, by]) => (draft) => {
    const offsets = numbersOf(tensorOf(draft, i)?.fields ?? [], 'data_offsets')
    if (offsets) offsets.items.splice(0, 2, ...offsets.values.map((v) => text(String(v + by))))
  }),
  'offsets turned': which.map(
    (i) => (draft) => void numbersOf(tensorOf(draft, i)?.fields ?? [], 'data_offsets')?.items.reverse(),
  ),
  'a field of another kind': fc
    .tuple(which, fc.constantFrom('dtype', 'shape', 'data_offsets'), fc.constantFrom(...oddValues))
    .map(
      ([i, name, value]) =>
        (draft) =>
          setField(tensorOf(draft, i)?.fields ?? [], name, text(value)),
    ),
  'a field gone': fc.tuple(which, fc.nat(2)).map(
    ([i, j]) =>
      (draft) =>
        void tensorOf(draft, i)?.fields.splice(j, 1),
  ),
  'a field more': fc
    .tuple(which, fc.constantFrom('"x"', '"strides"', '"Dtype"', '"__proto__"', '""'), fc.constantFrom(...oddValues))
    .map(
      ([i, key, value]) =>
        (draft) =>
          void tensorOf(draft, i)?.fields.push([key, text(value)]),
    ),
  'a field twice': fc.tuple(which, fc.nat(2)).map(([i, j]) => (draft) => {
    const fields = tensorOf(draft, i)?.fields
    const again = fields?.[j]
    if (again) fields.push([...again])
  }),
  'a tensor as a list': which.map((i) => (draft) => {
    const found = tensorOf(draft, i)
    if (found) draft.entries[found.at] = [found.key, { items: found.fields.map(([, value]) => value) }]
  }),
  'a tensor of another kind': fc.tuple(which, fc.constantFrom(...oddValues)).map(([i, value]) => (draft) => {
    const found = tensorOf(draft, i)
    if (found) draft.entries[found.at] = [found.key, text(value)]
  }),
  'a tensor gone': which.map((i) => (draft) => {
    const found = tensorOf(draft, i)
    if (found) draft.entries.splice(found.at, 1)
  }),
  'a tensor twice': fc.tuple(which, which).map(([i, by]) => (draft) => {
    const found = tensorOf(draft, i)
    if (found) draft.entries.splice(by % (draft.entries.length + 1), 0, [found.key, { entries: found.fields }])
  }),
  'another name': fc.tuple(which, fc.constantFrom(...oddNames)).map(([i, key]) => (draft) => {
    const found = tensorOf(draft, i)
    if (found) draft.entries[found.at] = [key, { entries: found.fields }]
  }),
  'metadata of another kind': fc
    .constantFrom(
      ...oddValues,
      '{"a":1}',
      '{"a":null}',
      '{"a":{}}',
      '{"a":["b"]}',
      '{"a":"b","a":"c"}',
      '{"a":"\\ud800"}',
    )
    .map((value) => (draft) => {
      draft.entries = [['"__metadata__"', text(value)], ...draft.entries.filter(isTensor)]
    }),
  'metadata twice': fc
    .constantFrom('{}', '{"format":"tf"}')
    .map((value) => (draft) => void draft.entries.push(['"__metadata__"', text(value)])),
  'between tokens': fc.tuple(fc.nat(2000), fc.constantFrom(...spaces)).map(([at, between]) => (draft) => {
    draft.space = { at, text: between }
  }),
  'around the header': fc
    .tuple(fc.nat(1), fc.constantFrom(...spaces, '{}', '[]', 'x', '\0\0\0'))
    .map(([side, more]) => (draft) => {
      draft.around[side as 0 | 1] += more
    }),
  'the length': fc.oneof(
    fc.constantFrom(-8n, -2n, -1n, 1n, 2n, 8n).map(
      (by): Change =>
        (draft) => {
          draft.claimed = (length) => (length + by < 0n ? 0n : length + by)
        },
    ),
    fc.constantFrom(0n, 1n, 2n, 2n ** 24n + 1n, 100_000_001n, 2n ** 32n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n).map(
      (length): Change =>
        (draft) => {
          draft.claimed = () => length
        },
    ),
  ),
  'the data': fc.integer({ min: -9, max: 9 }).map((by) => (draft) => {
    const data = new Uint8Array(Math.max(0, draft.data.length + by))
    data.set(draft.data.subarray(0, data.length))
    draft.data = data
  }),
  'nested deep': fc.tuple(which, fc.constantFrom(5, 100, 200, 20_000)).map(([i, depth]) => (draft) => {
    tensorOf(draft, i)?.fields.push(['"x"', text('['.repeat(depth) + ']'.repeat(depth))])
  }),
}

/** Changes that know nothing of what they change. */
const blind: Record<string, fc.Arbitrary<Change>> = {
  'a byte': fc.tuple(fc.nat(), byte).map(([at, value]) => (draft) => {
    draft.bytes = (bytes) => bytes.with(at % bytes.length, value)
  }),
  'a byte more': fc.tuple(fc.nat(), byte).map(([at, value]) => (draft) => {
    draft.bytes = (bytes) =>
      Uint8Array.from([...bytes.slice(0, at % bytes.length), value, ...bytes.slice(at % bytes.length)])
  }),
  'cut off': fc.nat().map((at) => (draft) => {
    draft.bytes = (bytes) => bytes.slice(0, at % (bytes.length + 1))
  }),
}

type Chosen = { name: string; isSound: boolean; change: Change }
const oneOf = (kinds: Record<string, fc.Arbitrary<Change>>, isSound = false): fc.Arbitrary<Chosen> =>
  fc.oneof(...Object.entries(kinds).map(([name, kind]) => kind.map((change): Chosen => ({ name, isSound, change }))))

const changes = fc.oneof(
  { weight: 4, arbitrary: oneOf(sound, true) },
  { weight: 12, arbitrary: oneOf(breaking) },
  { weight: 1, arbitrary: oneOf(blind) },
)

export const mutants: fc.Arbitrary<Mutant> = fc
  .tuple(fc.nat(seeds.length - 1), fc.array(changes, { minLength: 1, maxLength: 3, size: 'max' }))
  .map(([seed, chosen]) => {
    const draft = (seeds[seed] as () => Draft)()
    for (const { change } of chosen) change(draft)
    const what = `seed file ${seed}: ${chosen.map(({ name }) => name).join(', then ')}`
    return { what, isSound: chosen.every((c) => c.isSound), bytes: assembled(draft) }
  })
