// A tar archive's entries by name and place: its headers are walked once, what lies between them is not read. ustar,
// GNU's long names (L) and pax headers (path, size) are understood; of what is no plain file the name alone counts.
// Names never become paths. Ours, as tar-stream and its like read from the first byte to the last, and images are read
// in any order.

import { byteAt, sum } from '../../../numbers/vectors.ts'
import { type ByteSource, beyondLimit, damaged, shown } from '../../formats/source.ts'
import { readAhead } from './ahead.ts'

export interface TarEntry {
  name: string
  isFile: boolean // else a link or a folder, which has no bytes of its own
  offset: number
  size: number
}

const block = 512
const decoder = new TextDecoder()
const longestName = 2 ** 16
const longestFacts = 2 ** 20 // of pax, where macOS keeps a file's attributes too
const mostEntries = 10_000_000
const plain = new Set(['0', '\0', '7'])

/** Whether a file that begins so is a tar archive: its first header has its sum. */
export function looksLikeTar(head: Uint8Array): boolean {
  return (
    head.length >= block &&
    text(head.subarray(257, 262)) === 'ustar' &&
    headerSum(head) === octal(head.subarray(148, 156))
  )
}

/**
 * In the order of the archive; read: what its bytes are read by. Throws file-damaged where a header is not sound or an
 * entry ends past the end.
 */
export async function* tarEntries(source: ByteSource, { read } = readAhead(source)): AsyncGenerator<TarEntry> {
  const take = async (at: number, length: number): Promise<Uint8Array> => {
    if (at + length > source.size) throw damaged(source, 'tar', `it ends in the middle of an entry, at ${source.size}`)
    return read(at, length)
  }
  let [longName, longSize]: [string | undefined, number | undefined] = [undefined, undefined]
  let found = 0
  for (let at = 0; at < source.size; ) {
    const head = await take(at, Math.min(block, source.size - at))
    if (head.every((byte) => byte === 0)) return // two blocks of zeros end it, and what is behind them does not count
    const size = checked(source, head, at)
    const type = String.fromCharCode(byteAt(head, 156))
    const extended = type === 'L' || type === 'x'
    if (extended && size > (type === 'L' ? longestName : longestFacts))
      throw damaged(source, 'tar', `the name at ${at} has ${size} bytes`)
    // nothing follows a link, whatever size it says
    const own = extended ? size : /[1-6]/.test(type) ? 0 : (longSize ?? size)
    if (at + block + own > source.size) throw damaged(source, 'tar', `the entry at ${at} ends past the end of the file`)
    if (type === 'L') longName = text(await take(at + block, size))
    else if (type === 'x') {
      const facts = paxFacts(await take(at + block, size))
      longName = facts.get('path') ?? longName
      longSize = facts.has('size') ? whole(source, facts.get('size'), at) : longSize
    } else {
      const prefix =
        text(head.subarray(257, 262)) === 'ustar' && head[263] === 0x30 ? text(head.subarray(345, 500)) : ''
      const name = longName ?? (prefix ? `${prefix}/` : '') + text(head.subarray(0, 100))
      if (++found > mostEntries)
        throw beyondLimit(
          source,
          `it has more than ${mostEntries} entries, the most that Basil reads`,
          'divide it into several',
        )
      yield { name, isFile: plain.has(type), offset: at + block, size: own }
      longName = longSize = undefined
    }
    at += block + Math.ceil(own / block) * block
  }
  throw damaged(source, 'tar', 'it ends without the zeros that end an archive: what stood behind may be missing')
}

/** The size in a header whose sum is right. */
function checked(source: ByteSource, head: Uint8Array, at: number): number {
  if (head.length < block) throw damaged(source, 'tar', 'it ends in the middle of a header')
  if (headerSum(head) !== octal(head.subarray(148, 156)))
    throw damaged(source, 'tar', `the header at ${at} does not have the sum it claims`)
  const field = head.subarray(124, 136)
  const first = byteAt(field, 0)
  const size = first & 0x80 ? field.subarray(1).reduce((value, byte) => value * 256 + byte, first & 0x7f) : octal(field)
  if (!Number.isSafeInteger(size))
    throw damaged(source, 'tar', `the entry ${shown(text(head.subarray(0, 100)))} has no size that can be`)
  return size
}

/** Of all bytes of a header, with the sum's own as spaces. */
function headerSum(head: Uint8Array): number {
  return sum(head.subarray(0, 148)) + 8 * 0x20 + sum(head.subarray(156, block))
}

function octal(field: Uint8Array): number {
  const digits = text(field).trim()
  return digits === '' ? 0 : /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN
}

function text(field: Uint8Array): string {
  const end = field.indexOf(0)
  return decoder.decode(end < 0 ? field : field.subarray(0, end))
}

/** "LENGTH KEY=VALUE\n" lines. */
function paxFacts(bytes: Uint8Array): Map<string, string> {
  const facts = new Map<string, string>()
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at)
    const length = space < 0 ? 0 : Number(text(bytes.subarray(at, space)))
    if (!(Number.isInteger(length) && length > space - at)) break
    const [, key, value] = /^([^=]*)=(.*)\n$/s.exec(text(bytes.subarray(space + 1, at + length))) ?? []
    if (key !== undefined && value !== undefined) facts.set(key, value)
    at += length
  }
  return facts
}

function whole(source: ByteSource, digits: string | undefined, at: number): number {
  const size = /^\d{1,16}$/.test(digits ?? '') ? Number(digits) : Number.NaN
  if (!Number.isSafeInteger(size)) throw damaged(source, 'tar', `the entry at ${at} has no size that can be`)
  return size
}
