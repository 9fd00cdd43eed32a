// safetensors: 8 bytes little-endian header length, a JSON header (safetensors-header.ts), then the tensors' bytes
// without holes. Reading runs no code and takes no more memory than the tensor asked for; every rule of the format is
// checked before a byte of data is read, because files come from strangers. What is beyond Basil's own limits is told
// as that.
import { BasilError } from '../../contract/errors.ts'
import { type Dtype, dtypes } from './dtype.ts'
import type { PlainFormat } from './format.ts'
import { type Entry, readHeader } from './safetensors-header.ts'
import { type ByteSource, beyondLimit, damaged as damagedFile, shown } from './source.ts'
import { infoOf, type TensorFile, type TensorInfo } from './tensor-file.ts'

// bytes that Basil reads: a 600-tensor CLIP header is 68 KB; the whole of it is parsed in one go
const longestHeader = 16 * 2 ** 20
const longestAllowed = 100e6 // bytes, the format's own limit

/** By the names in a header. */
const types: ReadonlyMap<string, Dtype> = new Map(
  (Object.keys(dtypes) as Dtype[]).filter((d) => d !== 'C128').map((dtype) => [dtype, dtype]),
)

export const safetensors: PlainFormat = {
  matches: (head) => head.length >= 9 && head[8] === 0x7b && head[5] === 0 && head[6] === 0 && head[7] === 0,
  isNamedForCertain: true,
  open,
}

type Placed = TensorInfo & { offset: number } // from the start of the file

/**
 * Throws file-damaged where a rule of the format is broken, and not-supported for a sound file beyond Basil's limits.
 */
async function open(source: ByteSource): Promise<TensorFile> {
  const header = await headerOf(source)
  const begin = 8 + header.length
  const { tensors, metadata } = wellFormed(source, () =>
    readHeader(source, header, (name, entry) => placed(source, begin, name, entry)),
  )
  checkCover(source, begin, [...tensors.values()])
  return {
    source,
    format: 'safetensors',
    tensors,
    metadata,
    read: async (name, into) => {
      const info = infoOf(tensors, name, source)
      return source.read(info.offset, info.bytes, into)
    },
    readRange: async (name, offset, length, into) =>
      source.read(infoOf(tensors, name, source).offset + offset, length, into),
  }
}

async function headerOf(source: ByteSource): Promise<Uint8Array> {
  if (source.size < 10) throw damaged(source, `it has ${source.size} bytes, too few for a header`)
  const head = await source.read(0, 8)
  const length = Number(new DataView(head.buffer, head.byteOffset, 8).getBigUint64(0, true))
  if (8 + length > source.size)
    throw damaged(source, `its header claims ${length} bytes, but the file has ${source.size}`)
  if (length > longestAllowed)
    throw damaged(source, `its header has ${length} bytes; the format allows ${longestAllowed}`)
  if (length > longestHeader)
    throw beyondLimit(
      source,
      `its header has ${length} bytes; Basil reads ${longestHeader} at most, though the format allows ${longestAllowed}`,
    )
  const header = await source.read(8, length)
  if (header[0] !== 0x7b) throw damaged(source, 'its header does not begin with "{"')
  return header
}

/** What is no JSON of this kind is damage like any other. */
function wellFormed<T>(source: ByteSource, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof BasilError) throw error
    throw damaged(source, `its header cannot be read: ${error instanceof Error ? error.message : error}`)
  }
}

/** Offsets in a header count from `start`, where the tensors begin. */
function placed(
  source: ByteSource,
  start: number,
  name: string,
  { type, shape, offsets: [begin, end] }: Entry,
): Placed {
  const dtype = types.get(type)
  if (!dtype) throw refused(source, name, `has the unknown type ${JSON.stringify(type.slice(0, 40))}`)
  let elements = 1
  for (const size of shape) {
    elements *= size
    if (!Number.isSafeInteger(elements)) throw refused(source, name, 'has more elements than can be counted')
  }
  const bytes = elements * dtypes[dtype]
  if (!Number.isInteger(bytes))
    throw refused(source, name, `of shape [${shape}] and type ${dtype} does not end with a whole byte`)
  if (end < begin || end - begin !== bytes)
    throw refused(source, name, `of shape [${shape}] needs ${bytes} bytes, its offsets give ${end - begin}`)
  if (start + end > source.size)
    throw refused(source, name, `ends ${start + end - source.size} bytes past the end of the file`)
  return { name, dtype, shape, offset: start + begin, bytes }
}

/** The tensors lie one behind the other and fill the file: no hole, no overlap, nothing behind. */
function checkCover(source: ByteSource, begin: number, tensors: Placed[]): void {
  let end = begin
  for (const info of tensors.sort((a, b) => a.offset - b.offset || a.bytes - b.bytes)) {
    if (info.offset !== end)
      throw refused(source, info.name, info.offset < end ? 'overlaps the one before it' : 'leaves a hole before it')
    end = info.offset + info.bytes
  }
  if (end !== source.size) throw damaged(source, `${source.size - end} bytes stand behind the last tensor`)
}

const refused = (source: ByteSource, tensor: string, why: string): BasilError =>
  damaged(source, `tensor ${shown(tensor)} ${why}`)

const damaged = (source: ByteSource, why: string): BasilError => damagedFile(source, 'safetensors', why)
