// A zip archive as PyTorch and NumPy write them: its entries by name, and their bytes as regions, read when asked for.
// yauzl reads the directory; what it lets pass is refused here: encryption, a name twice, entries that overlap, a local
// header that says something else, sizes no deflate stream can have, bytes of another CRC-32. Names are keys of a map
// and never become paths.
import { crc32, createInflateRaw } from 'node:zlib'

import {
  type Entry,
  fromRandomAccessReaderPromise,
  type LocalFileHeader,
  parseExtraFields,
  RandomAccessReader,
  type ZipFile,
} from 'yauzl'

import { BasilError } from '../../contract/errors.ts'
import { type ByteSource, beyondLimit, damaged, type Region, regionOf, shown } from './source.ts'

export interface ZipArchive {
  names: string[]
  /**
   * Those with bytes in them, but no sum of them: what PyTorch writes where it was asked not to count, or not to write
   * data.
   */
  unsummed: ReadonlySet<string>
  /**
   * The bytes of an entry. Throws file-damaged where there is none of that name, or where it is not as the directory
   * says.
   */
  region(name: string): Promise<Region>
}

const mostEntries = 200_000
const deflateAtBest = 1032 // bytes out for one byte in
const chunk = 2 ** 16

export function looksLikeZip(head: Uint8Array): boolean {
  return head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && head[3] === 4
}

export async function openZip(source: ByteSource): Promise<ZipArchive> {
  const entries = new Map<string, Entry>()
  const zip = await refusing(source, () =>
    fromRandomAccessReaderPromise(new SourceReader(source), source.size, { autoClose: false }),
  )
  await refusing(source, async () => {
    for await (const entry of zip.eachEntry()) {
      if (entry.isEncrypted()) throw notUnpacked(source, `its entry ${shown(entry.fileName)} is encrypted`)
      if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8)
        throw notUnpacked(
          source,
          `its entry ${shown(entry.fileName)} is packed by method ${entry.compressionMethod}, which Basil does not know`,
        )
      if (entry.uncompressedSize > entry.compressedSize * deflateAtBest)
        throw new Error(
          `its entry ${shown(entry.fileName)} claims ${entry.uncompressedSize} bytes out of ${entry.compressedSize}`,
        )
      if (entries.has(entry.fileName)) throw new Error(`its entry ${shown(entry.fileName)} stands twice`)
      if (entries.size === mostEntries)
        throw beyondLimit(source, `it has more than ${mostEntries} entries, the most that Basil reads`)
      entries.set(entry.fileName, entry)
    }
    checkApart([...entries.values()])
  })
  const opened = new Map<string, Promise<Region>>()
  return {
    names: [...entries.keys()],
    unsummed: new Set(
      [...entries.values()]
        .filter(({ crc32, uncompressedSize }) => crc32 === 0 && uncompressedSize > 0)
        .map((e) => e.fileName),
    ),
    region: (name) => {
      const entry = entries.get(name)
      if (!entry) return Promise.reject(damaged(source, 'zip', `it has no entry ${shown(name)}`))
      const region = opened.get(name) ?? refusing(source, () => regionAt(source, zip, entry))
      opened.set(name, region)
      return region
    },
  }
}

function notUnpacked(source: ByteSource, why: string): BasilError {
  const next = 'unpack it and pack it anew, without a password and by deflate or not at all'
  return new BasilError({
    code: 'not-supported',
    what: 'Basil does not unpack this archive',
    where: source.name,
    why,
    next,
  })
}

/** No byte belongs to two entries: a small file could be a large tree. */
function checkApart(entries: Entry[]): void {
  let end = 0
  for (const entry of entries.sort((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader)) {
    const start = entry.relativeOffsetOfLocalHeader
    if (start < end) throw new Error(`its entry ${shown(entry.fileName)} overlaps another`)
    end = start + 30 + entry.fileNameLength + entry.compressedSize
  }
}

async function regionAt(source: ByteSource, zip: ZipFile, entry: Entry): Promise<Region> {
  const local = await zip.readLocalFileHeaderPromise(entry)
  const streamed = (local.generalPurposeBitFlag & 8) !== 0 // its sizes stand behind the data
  const { packed, unpacked } = sizesIn(local)
  const same =
    Buffer.from(local.fileName).equals(entry.fileNameRaw) &&
    local.compressionMethod === entry.compressionMethod &&
    (streamed ||
      (packed === entry.compressedSize && unpacked === entry.uncompressedSize && local.crc32 === entry.crc32))
  if (!same) throw new Error(`its entry ${shown(entry.fileName)} is described in two ways`)
  const stored = regionOf(source, local.fileDataStart, entry.compressedSize)
  return checked(source, entry, entry.compressionMethod === 0 ? stored : inflated(source, entry, stored))
}

/** A size of 2^32 - 1 stands for eight bytes in an extra field. */
function sizesIn({ compressedSize, uncompressedSize, extraField }: LocalFileHeader): {
  packed: number
  unpacked: number
} {
  const wide = parseExtraFields(extraField).find(({ id }) => id === 1)?.data ?? Buffer.alloc(0)
  let at = 0
  const sizeOf = (size: number): number => {
    if (size !== 0xffffffff || at + 8 > wide.length) return size
    at += 8
    return Number(wide.readBigUInt64LE(at - 8))
  }
  const unpacked = sizeOf(uncompressedSize)
  return { packed: sizeOf(compressedSize), unpacked }
}

/**
 * An entry that is read whole, at once or by reads one behind the other, must have the CRC-32 its directory gives.
 * Where only a part is read there is nothing to hold it against: the sum is that of all bytes, and reading all for a
 * part would cost what ranges are for.
 */
function checked(source: ByteSource, { fileName, crc32: told }: Entry, region: Region): Region {
  if (told === 0) return region // there is none
  let next = 0 // how far reads have gone on from the start
  let sum: Promise<number> = Promise.resolve(0)
  return {
    size: region.size,
    read: async (offset, length, into) => {
      const reading = region.read(offset, length, into)
      if (offset === 0) [next, sum] = [0, Promise.resolve(0)]
      if (offset !== next) return reading
      const before = sum
      sum = reading.then(async (bytes) => crc32(bytes, await before))
      sum.catch(() => undefined) // is told by the read itself
      next += length
      const isWhole = next === region.size
      const found = await sum
      if (isWhole && found !== told)
        throw damaged(source, 'zip', `its entry ${shown(fileName)} has the CRC-32 ${found}, not ${told}`)
      return reading
    },
  }
}

/** Unpacked as it is read: a read that goes on behind the last one unpacks nothing twice, one before it begins anew. */
function inflated(source: ByteSource, { fileName, uncompressedSize: size }: Entry, packed: Region): Region {
  let pieces = inflate(packed)
  let piece: Uint8Array = new Uint8Array()
  let start = 0 // of the piece, in what is unpacked
  const read = async (offset: number, length: number, into?: Uint8Array): Promise<Uint8Array> => {
    const out = into?.subarray(0, length) ?? new Uint8Array(length)
    if (offset < start) {
      await pieces.return(undefined)
      ;[pieces, piece, start] = [inflate(packed), new Uint8Array(), 0]
    }
    for (;;) {
      const [from, to] = [Math.max(offset - start, 0), Math.min(offset + length - start, piece.length)]
      if (from < to) out.set(piece.subarray(from, to), start + from - offset)
      const end = start + piece.length
      // at the end of the entry, its end is looked for too
      if (end >= offset + length && offset + length < size) return out
      const next = end > size ? undefined : await pieces.next()
      if (next?.done && end === size) return out
      if (!next || next.done)
        throw new Error(`its entry ${shown(fileName)} does not unpack to the ${size} bytes it claims`)
      ;[piece, start] = [next.value, end]
    }
  }
  let turn: Promise<unknown> = Promise.resolve()
  return {
    size,
    read: (offset, length, into) => {
      const mine = turn.then(() => refusing(source, () => read(offset, length, into)))
      turn = mine.catch(() => undefined)
      return mine
    },
  }
}

async function* inflate(packed: Region): AsyncGenerator<Uint8Array, undefined> {
  const stream = createInflateRaw()
  const fed = (async () => {
    for (let at = 0; at < packed.size && !stream.destroyed; at += chunk)
      if (!stream.write(await packed.read(at, Math.min(chunk, packed.size - at))))
        await new Promise<void>((resolve) => stream.once('drain', resolve).once('close', resolve))
    stream.end()
  })()
  fed.catch((error: Error) => stream.destroy(error))
  try {
    yield* stream as AsyncIterable<Uint8Array>
  } finally {
    stream.destroy()
  }
}

/** yauzl's way to bytes. Small reads come out of a block: the directory is read by two an entry. */
class SourceReader extends RandomAccessReader {
  readonly #source: ByteSource
  #block: Uint8Array = new Uint8Array()
  #start = 0

  constructor(source: ByteSource) {
    super()
    this.#source = source
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    done: (error: Error | null) => void,
  ): void {
    this.#take(position, length).then((bytes) => {
      buffer.set(bytes, offset)
      done(null)
    }, done)
  }

  async #take(position: number, length: number): Promise<Uint8Array> {
    if (position < this.#start || position + length > this.#start + this.#block.length) {
      const wanted = Math.min(Math.max(length, chunk), Math.max(length, this.#source.size - position))
      this.#block = await this.#source.read(position, wanted)
      this.#start = position
    }
    return this.#block.subarray(position - this.#start, position - this.#start + length)
  }
}

/** What yauzl and zlib say of a file becomes file-damaged. */
async function refusing<T>(source: ByteSource, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof BasilError) throw error
    throw damaged(source, 'zip', error instanceof Error ? error.message.slice(0, 300) : String(error))
  }
}
