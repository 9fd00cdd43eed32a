// The parts of a safetensors file, for making mutants of it: the claimed length, the header as a tree of written
// tokens, the data. One part can be made wrong and the rest stays well formed. And the seed files that mutants are made
// of.
import { dtypes } from '../../src-main/engine/formats/dtype.ts'

/** JSON as it is written: text stands as it is. Keys are written too, quotes included. */
export type Node = { text: string } | { items: Node[] } | { entries: [key: string, value: Node][] }
export type Entries = [key: string, value: Node][]

export interface Draft {
  entries: Entries
  data: Uint8Array
  space: { at: number; text: string } | null // put between the header's tokens
  around: [before: string, after: string]
  claimed: ((length: bigint) => bigint) | null
  bytes: ((bytes: Uint8Array) => Uint8Array) | null
}

const { C128: _, ...types } = dtypes // for which the format has no name
export const sizes: Record<string, number> = types

export const text = (written: string): Node => ({ text: written })
export const list = (numbers: readonly number[]): Node => ({ items: numbers.map((n) => text(String(n))) })
export const quoted = (name: string): string => JSON.stringify(name)

type Given = [name: string, dtype: string, shape: number[]]

function draftOf(tensors: readonly Given[], more: Partial<Draft> & { metadata?: Record<string, string> } = {}): Draft {
  let end = 0
  const entries: Entries = tensors.map(([name, dtype, shape]) => {
    const begin = end
    end += shape.reduce((a, b) => a * b, 1) * (sizes[dtype] as number)
    const fields: Entries = [
      ['"dtype"', text(quoted(dtype))],
      ['"shape"', list(shape)],
      ['"data_offsets"', list([begin, end])],
    ]
    return [quoted(name), { entries: fields }]
  })
  const { metadata, ...rest } = more
  const told: Entries = metadata
    ? [['"__metadata__"', { entries: Object.entries(metadata).map(([k, v]) => [quoted(k), text(quoted(v))]) }]]
    : []
  const data = Uint8Array.from({ length: end }, (_, i) => (i * 37 + 11) % 256)
  return { entries: [...told, ...entries], data, space: null, around: ['', ''], claimed: null, bytes: null, ...rest }
}

const layer = (i: number): Given[] => [
  [`visual.transformer.resblocks.${i}.ln_1.weight`, 'F32', [4]],
  [`visual.transformer.resblocks.${i}.attn.in_proj_weight`, 'F32', [12, 4]],
  [`visual.transformer.resblocks.${i}.attn.in_proj_bias`, 'F32', [12]],
]

export const seeds: (() => Draft)[] = [
  () => draftOf([]),
  () => draftOf([], { metadata: { format: 'pt' } }),
  () => draftOf([['a', 'F32', [2]]]),
  () => draftOf([['a', 'F32', []]], { metadata: {} }),
  () => draftOf([['a', 'F32', [0]]]),
  () =>
    draftOf([
      ['a', 'F32', [2, 0, 3]],
      ['b', 'U8', [5]],
    ]),
  () =>
    draftOf([
      ['a', 'U8', [3]],
      ['b', 'F32', [1]],
      ['c', 'U8', [1]],
    ]),
  () => draftOf(Object.keys(sizes).map((dtype): Given => [dtype, dtype, [2, 6]])), // 9 bytes of floats of 6 bits
  () => draftOf(Object.keys(sizes).map((dtype): Given => [dtype, dtype, [4]])),
  () => draftOf(Object.keys(sizes).map((dtype): Given => [`empty.${dtype}`, dtype, [0]])),
  () =>
    draftOf(
      [
        ['b', 'F16', [4]],
        ['a', 'BF16', [2, 2]],
      ],
      { metadata: { format: 'pt', role: 'pre-trained' } },
    ),
  () =>
    draftOf([
      ['ключ', 'F32', [1]],
      ['名前', 'F32', [1]],
      ['😀', 'F32', [1]],
    ]),
  () =>
    draftOf([
      ['', 'U8', [1]],
      [' ', 'U8', [1]],
      ['a"b\\c', 'U8', [1]],
      ['\t', 'U8', [1]],
    ]),
  () =>
    draftOf(
      [
        ['__proto__', 'U8', [2]],
        ['constructor', 'U8', [2]],
      ],
      { metadata: { __proto__x: '1' } },
    ),
  () => draftOf([['a', 'I64', [1, 1, 1, 1, 1, 1, 1, 3]]]),
  () =>
    draftOf([
      ['positional_embedding', 'F32', [5, 4]],
      ['position_ids', 'I64', [1, 5]],
    ]),
  () => draftOf(Array.from({ length: 4 }, (_, i) => layer(i)).flat(), { metadata: { format: 'pt' } }),
  () => draftOf(Array.from({ length: 40 }, (_, i): Given => [`t.${i}`, 'BF16', [i % 4]])),
  () =>
    draftOf(
      [
        ['a', 'F32', [2]],
        ['b', 'F32', [2]],
      ],
      { around: ['', '   '] },
    ),
  () =>
    draftOf(
      [
        ['a', 'F32', [2]],
        ['b', 'F32', [2]],
      ],
      { around: ['', '\n\n'] },
    ),
  () =>
    draftOf([
      ['labels.mnist', 'I32', [3]],
      ['images.mnist', 'U8', [3, 3, 2, 2]],
      ['head.mnist', 'F32', [2, 4]],
    ]),
]

export const isTensor = ([key]: Entries[number]): boolean => key !== '"__metadata__"'

/** The tensor that a number stands for; nothing is changed where there is none. */
export function tensorOf({ entries }: Draft, index: number): { key: string; fields: Entries; at: number } | undefined {
  const tensors = entries.filter(isTensor)
  const entry = tensors[index % Math.max(1, tensors.length)]
  return entry && 'entries' in entry[1]
    ? { key: entry[0], fields: entry[1].entries, at: entries.indexOf(entry) }
    : undefined
}

export function field(fields: Entries, name: string): Entries[number] | undefined {
  return fields.find(([key]) => key === `"${name}"`)
}

export function numbersOf(fields: Entries, name: string): { items: Node[]; values: number[] } | undefined {
  const value = field(fields, name)?.[1]
  if (!value || !('items' in value)) return undefined
  return { items: value.items, values: value.items.map((item) => ('text' in item ? Number(item.text) : Number.NaN)) }
}

export function setField(fields: Entries, name: string, value: Node): void {
  const found = field(fields, name)
  if (found) found[1] = value
}

export function assembled({ entries, data, space, around, claimed, bytes }: Draft): Uint8Array {
  const tokens = tokensOf({ entries })
  if (space) tokens.splice(space.at % (tokens.length + 1), 0, space.text)
  const header = new TextEncoder().encode(around[0] + tokens.join('') + around[1])
  const file = new Uint8Array(8 + header.length + data.length)
  const length = BigInt(header.length)
  new DataView(file.buffer).setBigUint64(0, claimed?.(length) ?? length, true)
  file.set(header, 8)
  file.set(data, 8 + header.length)
  return bytes?.(file) ?? file
}

function tokensOf(node: Node): string[] {
  if ('text' in node) return [node.text]
  const inside =
    'items' in node ? node.items.map(tokensOf) : node.entries.map(([key, value]) => [key, ':', ...tokensOf(value)])
  const [open, close] = 'items' in node ? ['[', ']'] : ['{', '}']
  return [open as string, ...inside.flatMap((part, i) => (i ? [',', ...part] : part)), close as string]
}
