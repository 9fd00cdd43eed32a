// Reads a pickle's bytes in order, never past their end: numbers of fixed size, lines, counted texts.
import { PickleError, PickleLimit } from './values.ts'

/** The bytes at hand end before the pickle does; more of the file may hold the rest. */
export class PickleEnds extends PickleError {
  constructor() {
    super('the pickle has no end')
  }
}

const longestInteger = 1024 // bytes or digits; a weight's size has 8

export class Cursor {
  at: number
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = at
  }

  byte = (): number => this.#view.getUint8(this.#skip(1))
  uint16 = (): number => this.#view.getUint16(this.#skip(2), true)
  int32 = (): number => this.#view.getInt32(this.#skip(4), true)
  uint32 = (): number => this.#view.getUint32(this.#skip(4), true)
  float64 = (): number => this.#view.getFloat64(this.#skip(8)) // the one big-endian number of the format

  uint64(): number {
    const value = Number(this.#view.getBigUint64(this.#skip(8), true))
    return Number.isSafeInteger(value) ? value : this.#fail('a length is larger than 2^53')
  }

  /** A view of the bytes, not a copy. */
  take(length: number): Uint8Array {
    const start = this.#skip(length)
    return this.#bytes.subarray(start, start + length)
  }

  text = (length: number): string => this.#utf8.decode(this.take(length))

  /** Without its end. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.at)
    if (end < 0) throw new PickleEnds()
    const text = this.text(end - this.at)
    this.at++
    return text
  }

  /** Two's complement, least byte first; a number where it is safe as one. */
  integer(length: number): number | bigint {
    if (length > longestInteger) return this.#tooLong()
    let value = 0n
    for (const byte of this.take(length).toReversed()) value = (value << 8n) | BigInt(byte)
    return narrowed(BigInt.asIntN(8 * length, value))
  }

  /** A line of decimal digits. */
  decimal(): number | bigint {
    const text = this.line().replace(/L$/, '')
    return text.length > longestInteger
      ? this.#tooLong()
      : /^-?\d+$/.test(text)
        ? narrowed(BigInt(text))
        : this.#fail('an integer is not well formed')
  }

  #skip(length: number): number {
    const start = this.at
    if (length > this.#bytes.length - start) throw new PickleEnds()
    this.at = start + length
    return start
  }

  #tooLong(): never {
    throw new PickleLimit(`an integer is longer than ${longestInteger} bytes or digits`)
  }

  #fail(why: string): never {
    throw new PickleError(why)
  }
}

function narrowed(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
