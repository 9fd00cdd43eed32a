// MATLAB's .mat of level 5 (save -v6, -v7): 128 bytes of header, then elements of (type, bytes, data, padding to 8);
// miCOMPRESSED holds one element under zlib. miMATRIX is flags, dimensions, name and, by class, numbers, characters,
// cells or structs, column by column. Numbers may be stored as a smaller type than their class. -v7.3 is HDF5, and is
// not read. Ours: of a file the variables that are asked for are read, and no size in it is believed.
import { BasilError } from '../../../contract/errors.ts'
import { byteAt, product } from '../../../numbers/vectors.ts'
import { type ByteSource, damaged, regionOf, shown } from '../../formats/source.ts'
import { unpack } from './deflated.ts'

export type MatValue = MatNumbers | MatText | MatCells | MatStructs

export interface MatNumbers {
  kind: 'numbers'
  dims: number[]
  data: ArrayLike<number> // column-major
}
export interface MatText {
  kind: 'text'
  dims: number[]
  text: string
}
export interface MatCells {
  kind: 'cells'
  dims: number[]
  cells: MatValue[]
}
export interface MatStructs {
  kind: 'structs'
  dims: number[]
  fields: string[]
  values: MatValue[] // of the fields of the first, then of the second
}

const [miMatrix, miCompressed] = [14, 15]
const [cellClass, structClass, charClass] = [1, 2, 4]
const [smallestNumber, largestNumber] = [6, 15] // classes double to uint64
const deepest = 8
const mostValues = 5_000_000

/** Whether a file that begins so, with 128 bytes or more, is one of MATLAB. */
export function looksLikeMat(head: Uint8Array): boolean {
  return new TextDecoder('latin1').decode(head.subarray(0, 6)) === 'MATLAB' && head.length >= 128
}

/**
 * The variables that `wanted` names, as far as they are there. Throws file-damaged, and not-supported for -v7.3 and
 * what no data set needs.
 */
export async function readMat(source: ByteSource, wanted: readonly string[]): Promise<Map<string, MatValue>> {
  const head = await source.read(0, Math.min(source.size, 128))
  checkHeader(source, head)
  const found = new Map<string, MatValue>()
  for (let at = 128; at + 8 <= source.size; ) {
    const tag = await source.read(at, 8)
    const [type, bytes] = [word(tag, 0), word(tag, 4)]
    if (at + 8 + bytes > source.size) throw damaged(source, 'MAT', `the element at ${at} ends past the end of the file`)
    const region = regionOf(source, at + 8, bytes)
    if (type === miCompressed) {
      // Of other variables only the beginning would be needed; the files read here have few.
      const size = (first: Uint8Array): number => 8 + word(first, 4)
      const element = await unpack(source, region, { kind: 'MAT', how: 'zlib', headBytes: 8, size })
      if (word(element, 0) === miMatrix) keep(source, element.subarray(8), wanted, found)
    } else if (type === miMatrix) {
      if (bytes > 2 ** 31) throw damaged(source, 'MAT', `the element at ${at} claims ${bytes} bytes`)
      keep(source, await region.read(0, bytes), wanted, found)
    }
    at += 8 + bytes + (type === miCompressed ? 0 : -bytes & 7)
  }
  return found
}

function checkHeader(source: ByteSource, head: Uint8Array): void {
  if (!looksLikeMat(head)) throw damaged(source, 'MAT', 'it does not begin as MATLAB begins')
  const view = new DataView(head.buffer, head.byteOffset, head.length)
  const order = view.getUint16(126)
  const version = view.getUint16(124, order === 0x494d)
  if (version === 0x0200)
    throw unsupported(source, 'it is of version 7.3, which is HDF5', 'save it again with "-v7", or by scipy.io.savemat')
  if (order === 0x4d49) throw unsupported(source, 'its numbers are big-endian', 'save it again on a present machine')
  if (order !== 0x494d || version !== 0x0100) throw damaged(source, 'MAT', `its version is 0x${version.toString(16)}`)
}

function keep(source: ByteSource, matrix: Uint8Array, wanted: readonly string[], found: Map<string, MatValue>): void {
  const budget = { values: mostValues }
  const reader = new Elements(source, matrix)
  const header = reader.header()
  if (wanted.includes(header.name)) found.set(header.name, valueOf(source, reader, header, 0, budget))
}

interface MatrixHeader {
  type: number // its class
  complex: boolean
  dims: number[]
  count: number
  name: string
}

/** The elements of a matrix, one behind the other, never past their end. */
class Elements {
  readonly #source: ByteSource
  readonly #bytes: Uint8Array
  #at = 0

  constructor(source: ByteSource, bytes: Uint8Array) {
    this.#source = source
    this.#bytes = bytes
  }

  /** Up to four bytes may stand in the tag itself. */
  next(): { type: number; data: Uint8Array } {
    if (this.#at + 8 > this.#bytes.length) throw damaged(this.#source, 'MAT', 'a matrix ends in the middle')
    const first = word(this.#bytes, this.#at)
    const small = first >>> 16
    const [type, size, start] = small
      ? [first & 0xffff, small, this.#at + 4]
      : [first, word(this.#bytes, this.#at + 4), this.#at + 8]
    if (start + size > this.#bytes.length || small > 4)
      throw damaged(this.#source, 'MAT', `an element of ${size} bytes ends past its matrix`)
    this.#at = small ? this.#at + 8 : start + size + (-size & 7)
    return { type, data: this.#bytes.subarray(start, start + size) }
  }

  header(): MatrixHeader {
    const flags = this.next().data
    const dims = [...numbers(this.#source, this.next()).values()]
    const name = new TextDecoder('latin1').decode(this.next().data)
    const count = product(dims)
    if (
      flags.length < 8 ||
      dims.length < 2 ||
      dims.length > 32 ||
      dims.some((d) => d < 0) ||
      !Number.isSafeInteger(count)
    )
      throw damaged(this.#source, 'MAT', `the variable ${shown(name)} has the dimensions [${dims.slice(0, 8)}]`)
    return { type: byteAt(flags, 0), complex: (byteAt(flags, 1) & 8) !== 0, dims, count, name }
  }
}

function valueOf(
  source: ByteSource,
  reader: Elements,
  header: MatrixHeader,
  depth: number,
  budget: { values: number },
): MatValue {
  const { type, dims, count, name } = header
  if (depth > deepest) throw damaged(source, 'MAT', `the variable ${shown(name)} is nested too deep`)
  if (--budget.values < 0) throw damaged(source, 'MAT', 'it holds more values than any data set needs')
  if (type === cellClass) return { kind: 'cells', dims, cells: inner(source, reader, count, depth, budget) }
  if (type === structClass) {
    const length = numbers(source, reader.next())[0] ?? 0
    const names = new TextDecoder('latin1').decode(reader.next().data)
    if (!(length > 0)) throw damaged(source, 'MAT', `the fields of ${shown(name)} have names of ${length} bytes`)
    const fields = Array.from({ length: Math.floor(names.length / length) }, (_, i) =>
      (names.slice(i * length).split('\0', 1)[0] as string).slice(0, length),
    )
    return { kind: 'structs', dims, fields, values: inner(source, reader, count * fields.length, depth, budget) }
  }
  if (type === charClass) return { kind: 'text', dims, text: characters(reader.next()) }
  if (type < smallestNumber || type > largestNumber || header.complex)
    throw unsupported(
      source,
      `the variable ${shown(name)} is of class ${type}${header.complex ? ', complex' : ''}`,
      'save plain numbers, texts, cells or structs',
    )
  const data = numbers(source, reader.next())
  if (data.length !== count)
    throw damaged(source, 'MAT', `the variable ${shown(name)} has ${data.length} numbers, not [${dims}]`)
  return { kind: 'numbers', dims, data }
}

function inner(
  source: ByteSource,
  reader: Elements,
  count: number,
  depth: number,
  budget: { values: number },
): MatValue[] {
  const values: MatValue[] = []
  for (let i = 0; i < count; i++) {
    const { type, data } = reader.next()
    if (type !== miMatrix) throw damaged(source, 'MAT', `a cell holds an element of type ${type}`)
    if (data.length === 0) values.push({ kind: 'numbers', dims: [0, 0], data: [] })
    else {
      const element = new Elements(source, data)
      values.push(valueOf(source, element, element.header(), depth + 1, budget))
    }
    if (values.length > budget.values) throw damaged(source, 'MAT', 'it holds more values than any data set needs')
  }
  return values
}

/** miINT8 to miUINT64; bytes without a copy. */
function numbers(
  source: ByteSource,
  { type, data }: { type: number; data: Uint8Array },
): Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array {
  if (type === 2) return data
  const width = { 1: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8 }[type]
  if (width === undefined || data.length % width !== 0)
    throw damaged(source, 'MAT', `${data.length} bytes of numbers are of type ${type}`)
  const { buffer } = new Uint8Array(data)
  if (type === 1) return new Int8Array(buffer)
  if (type === 3) return new Int16Array(buffer)
  if (type === 4) return new Uint16Array(buffer)
  if (type === 5) return new Int32Array(buffer)
  if (type === 6) return new Uint32Array(buffer)
  if (type === 7) return new Float32Array(buffer)
  if (type === 9) return new Float64Array(buffer)
  return Float64Array.from(type === 12 ? new BigInt64Array(buffer) : new BigUint64Array(buffer), Number)
}

/** miUINT8 and miUTF8 as UTF-8, miUINT16 and miUTF16 as UTF-16. */
function characters({ type, data }: { type: number; data: Uint8Array }): string {
  return new TextDecoder(type === 4 || type === 17 ? 'utf-16le' : 'utf-8').decode(data)
}

function word(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(at, true)
}

function unsupported(source: ByteSource, why: string, next: string): BasilError {
  return new BasilError({
    code: 'not-supported',
    what: 'This .mat file is of a kind that Basil does not read',
    where: source.name,
    why,
    next,
  })
}
