// .mat files of level 5 as MATLAB writes them, for tests: numbers, texts, cells and structs, packed by zlib or not.
import { deflateSync } from 'node:zlib'

export type Cell =
  | { numbers: number[]; dims?: number[]; type?: 'U8' | 'U16' | 'F64' }
  | { text: string }
  | { cells: Cell[] }
  | { structs: Record<string, Cell>[] }

/** The header's text, then a variable an element. */
export function matFile(
  variables: Record<string, Cell>,
  { packed = true, text = 'MATLAB 5.0 MAT-file, for a test', version = 0x0100 } = {},
): Buffer {
  const head = Buffer.alloc(128, ' ')
  head.write(text)
  head.fill(0, 116, 124)
  head.writeUInt16LE(version, 124)
  head.write('IM', 126)
  return Buffer.concat([
    head,
    ...Object.entries(variables).map(([name, cell]) =>
      packed ? element(15, deflateSync(matrix(name, cell)), false) : matrix(name, cell),
    ),
  ])
}

/** Up to four bytes stand in the tag itself. */
export function element(type: number, data: Uint8Array, aligned = true): Buffer {
  if (aligned && data.length > 0 && data.length <= 4) {
    const small = Buffer.alloc(8)
    small.writeUInt32LE(data.length * 65536 + type)
    small.set(data, 4)
    return small
  }
  const tag = Buffer.alloc(8)
  tag.writeUInt32LE(type)
  tag.writeUInt32LE(data.length, 4)
  return Buffer.concat([tag, data, Buffer.alloc(aligned ? -data.length & 7 : 0)])
}

const words = (...values: number[]): Buffer => Buffer.from(Uint32Array.from(values).buffer)

export function matrix(name: string, cell: Cell): Buffer {
  if ('text' in cell) return wrapped(4, [1, cell.text.length], name, [element(4, Buffer.from(cell.text, 'utf16le'))])
  if ('cells' in cell)
    return wrapped(
      1,
      [1, cell.cells.length],
      name,
      cell.cells.map((inner) => matrix('', inner)),
    )
  if ('structs' in cell) {
    const fields = Object.keys(cell.structs[0] ?? {})
    const names = Buffer.alloc(32 * fields.length)
    for (const [i, field] of fields.entries()) names.write(field, 32 * i)
    const values = cell.structs.flatMap((struct) => fields.map((field) => matrix('', struct[field] as Cell)))
    return wrapped(2, [1, cell.structs.length], name, [element(5, words(32)), element(1, names), ...values])
  }
  const { numbers, dims = [1, numbers.length], type = 'U8' } = cell
  if (type === 'F64') return wrapped(6, dims, name, [element(9, Buffer.from(Float64Array.from(numbers).buffer))])
  if (type === 'U16') return wrapped(11, dims, name, [element(4, Buffer.from(Uint16Array.from(numbers).buffer))])
  return wrapped(9, dims, name, [element(2, Uint8Array.from(numbers))])
}

export function wrapped(type: number, dims: number[], name: string, content: Buffer[]): Buffer {
  return element(
    14,
    Buffer.concat([
      element(6, words(type, 0)),
      element(5, Buffer.from(Int32Array.from(dims).buffer)),
      element(1, Buffer.from(name)),
      ...content,
    ]),
  )
}
