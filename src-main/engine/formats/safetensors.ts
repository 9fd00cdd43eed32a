// safetensors: 8 bytes little-endian header length, a JSON header {name: {dtype, shape, data_offsets}}, then the tensors'
// bytes without holes. Reading runs no code and takes no more memory than the tensor asked for; every rule of the format
// is checked before a byte of data is read, because files come from strangers.
import { type Dtype, dtypes } from './dtype.ts'
import { type ByteSource, damaged as damagedFile, shown } from './source.ts'
import { parseStrict, type StrictValue } from './strict-json.ts'
import { infoOf, type TensorFile, type TensorInfo } from './tensor-file.ts'

const longestHeader = 16 * 2 ** 20 // a 600-tensor CLIP header is 68 KB

export function looksLikeSafetensors(head: Uint8Array): boolean {
  return head.length >= 9 && head[8] === 0x7b && head[5] === 0 && head[6] === 0 && head[7] === 0
}

export async function openSafetensors(source: ByteSource): Promise<TensorFile> {
  const damaged = (why: string): never => {
    throw damagedFile(source, 'safetensors', why)
  }
  if (source.size < 10) damaged(`it has ${source.size} bytes, too few for a header`)
  const head = await source.read(0, 8)
  const length = Number(new DataView(head.buffer, head.byteOffset, 8).getBigUint64(0, true))
  if (length > longestHeader) damaged(`its header claims ${length} bytes; ${longestHeader} is the most that is read`)
  if (8 + length > source.size) damaged(`its header claims ${length} bytes, but the file has ${source.size}`)
  const header = await source.read(8, length)
  if (header[0] !== 0x7b) damaged('its header does not begin with "{"')
  let root: StrictValue
  try {
    root = parseStrict(new TextDecoder('utf-8', { fatal: true }).decode(header))
  } catch (error) {
    return damaged(`its header cannot be read: ${error instanceof Error ? error.message : error}`)
  }
  if (!(root instanceof Map)) return damaged('its header is not an object')

  const tensors = new Map<string, TensorInfo & { offset: number }>() // from the start of the file
  const metadata: Record<string, string> = Object.create(null)
  for (const [name, value] of root) {
    if (name === '__metadata__') readMetadata(value)
    else tensors.set(name, readInfo(name, value))
  }
  checkCover()
  return {
    source,
    format: 'safetensors',
    tensors,
    metadata,
    read: async (name, into) => {
      const info = infoOf(tensors, name, source)
      return source.read(info.offset, info.bytes, into)
    },
    readRange: async (name, offset, length, into) => source.read(infoOf(tensors, name, source).offset + offset, length, into),
  }

  function readMetadata(value: StrictValue): void {
    for (const [key, text] of value instanceof Map ? value : damaged('its metadata is not an object')) {
      if (typeof text !== 'string') damaged(`its metadata "${key.slice(0, 80)}" is not a text`)
      metadata[key] = text as string
    }
  }

  function readInfo(name: string, value: StrictValue): TensorInfo & { offset: number } {
    if (!(value instanceof Map) || value.size !== 3) return damaged(`tensor ${shown(name)} must have dtype, shape and data_offsets alone`)
    const dtype = value.get('dtype')
    const shape = value.get('shape')
    const offsets = value.get('data_offsets')
    if (typeof dtype !== 'string' || !Object.hasOwn(dtypes, dtype))
      return damaged(`tensor ${shown(name)} has the unknown type ${JSON.stringify(dtype)?.slice(0, 40)}`)
    if (!isIntegers(shape)) return damaged(`tensor ${shown(name)} has no shape of whole numbers`)
    if (!isIntegers(offsets) || offsets.length !== 2) return damaged(`tensor ${shown(name)} has no two data offsets`)
    const [begin, end] = offsets as [number, number]
    let elements = 1
    for (const size of shape) {
      elements *= size
      if (!Number.isSafeInteger(elements)) damaged(`tensor ${shown(name)} has more elements than can be counted`)
    }
    const bytes = elements * dtypes[dtype as Dtype]
    if (end < begin || end - begin !== bytes)
      damaged(`tensor ${shown(name)} of shape [${shape}] needs ${bytes} bytes, its offsets give ${end - begin}`)
    if (8 + length + end > source.size)
      damaged(`tensor ${shown(name)} ends ${8 + length + end - source.size} bytes past the end of the file`)
    return { name, dtype: dtype as Dtype, shape, offset: 8 + length + begin, bytes }
  }

  /** The tensors lie one behind the other and fill the file: no hole, no overlap, nothing behind. */
  function checkCover(): void {
    let end = 8 + length
    for (const info of [...tensors.values()].sort((a, b) => a.offset - b.offset || a.bytes - b.bytes)) {
      if (info.offset !== end)
        damaged(`tensor ${shown(info.name)} ${info.offset < end ? 'overlaps the one before it' : 'leaves a hole before it'}`)
      end = info.offset + info.bytes
    }
    if (end !== source.size) damaged(`${source.size - end} bytes stand behind the last tensor`)
  }
}

function isIntegers(value: StrictValue | undefined): value is number[] {
  return Array.isArray(value) && value.every((v) => typeof v === 'number')
}
