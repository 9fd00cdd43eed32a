// A file that is walked from its beginning to its end in small reads. While they stay close to each other, more is read
// at once, up to a MiB, as asking for each of a million parts would take minutes; where what lies between them is
// large, it is passed over. The last two such pieces are at hand, so that a look back costs nothing.
import type { ByteSource } from '../../formats/source.ts'

const [least, most] = [2 ** 12, 2 ** 20] // bytes read at once
const close = 2 ** 16 // bytes passed over that are read rather than skipped

interface Piece {
  start: number
  bytes: Uint8Array
}

/** The bytes it gives are to be used before the next read, not kept. */
export function readAhead(source: ByteSource): Pick<ByteSource, 'read'> {
  let [last, before]: Piece[] = [nothing, nothing]
  let length = least
  const within = ({ start, bytes }: Piece, at: number, wanted: number): Uint8Array | undefined =>
    at >= start && at + wanted <= start + bytes.length ? bytes.subarray(at - start, at - start + wanted) : undefined
  return {
    read: async (at, wanted) => {
      const there = within(last as Piece, at, wanted) ?? within(before as Piece, at, wanted)
      if (there) return there
      const end = (last as Piece).start + (last as Piece).bytes.length
      length = at <= end + close && at >= (last as Piece).start ? Math.min(most, 2 * length) : least
      before = last
      last = { start: at, bytes: await source.read(at, Math.max(wanted, Math.min(length, source.size - at))) }
      return last.bytes.subarray(0, wanted)
    },
  }
}

const nothing: Piece = { start: 0, bytes: new Uint8Array() }
