// safetensors: 8 bytes little-endian header length, a JSON header {name: {dtype, shape, data_offsets}}, then the
// tensors' bytes without holes. Reading runs no code and takes no more memory than the tensor asked for; every rule of
// the format is checked before a byte of data is read, because files come from strangers. What is beyond Basil's own
// limits is told as that.
import { BasilError } from '../../contract/errors.ts'
import { type Dtype, dtypes } from './dtype.ts'
import type { PlainFormat } from './format.ts'
import { type ByteSource, beyondLimit, damaged as damagedFile, shown } from './source.ts'
import { strictJson } from './strict-json.ts'
import { infoOf, mostDimensions, type TensorFile, type TensorInfo } from './tensor-file.ts'

// bytes that Basil reads: a 600-tensor CLIP header is 68 KB; the whole of it is parsed in one go
const longestHeader = 16 * 2 ** 20
const mostTold = 100_000 // entries of its metadata
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
  const damaged = (why: string): never => {
    throw damagedFile(source, 'safetensors', why)
  }
  if (source.size < 10) damaged(`it has ${source.size} bytes, too few for a header`)
  const head = await source.read(0, 8)
  const length = Number(new DataView(head.buffer, head.byteOffset, 8).getBigUint64(0, true))
  if (8 + length > source.size) damaged(`its header claims ${length} bytes, but the file has ${source.size}`)
  if (length > longestAllowed) damaged(`its header has ${length} bytes; the format allows ${longestAllowed}`)
  if (length > longestHeader)
    throw beyondLimit(
      source,
      `its header has ${length} bytes; Basil reads ${longestHeader} at most, though the format allows ${longestAllowed}`,
    )
  const header = await source.read(8, length)
  if (header[0] !== 0x7b) damaged('its header does not begin with "{"')
  const tensors = new Map<string, Placed>()
  const metadata: Record<string, string> = Object.create(null)
  try {
    readHeader()
  } catch (error) {
    if (error instanceof BasilError) throw error
    damaged(`its header cannot be read: ${error instanceof Error ? error.message : error}`)
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
    readRange: async (name, offset, length, into) =>
      source.read(infoOf(tensors, name, source).offset + offset, length, into),
  }

  function readHeader(): void {
    const json = strictJson(header)
    const twice = (key: string): never => json.fail(`the key ${shown(key)} stands twice`)
    let isTold = false
    let told = 0
    const isNone = (): never => json.fail('"{" was expected')
    json.object((name) => {
      if (name === '__metadata__' ? isTold : tensors.has(name)) twice(name)
      if (name === '__metadata__') {
        isTold = true
        json.object(readText, isNone)
      } else tensors.set(name, readInfo(name))
    }, isNone)
    json.end()

    function readText(key: string): void {
      if (key in metadata) twice(key)
      if (told++ === mostTold)
        throw beyondLimit(source, `its metadata has more than ${mostTold} entries, the most that Basil reads`)
      metadata[key] = json.text('what it says of itself')
    }

    function readInfo(name: string): Placed {
      let dtype: string | undefined
      let shape: number[] | undefined
      let offsets: number[] | undefined
      const isOther = (): never => json.fail(`tensor ${shown(name)} must have dtype, shape and data_offsets alone`)
      json.object((key) => {
        if (key === 'dtype' && dtype === undefined) dtype = json.text('its dtype')
        else if (key === 'shape' && shape === undefined)
          shape = json.wholeNumbers('its shape', mostDimensions, () => tooDeep(name))
        else if (key === 'data_offsets' && offsets === undefined)
          offsets = json.wholeNumbers('its data_offsets', 2, () =>
            json.fail(`tensor ${shown(name)} has more than two data offsets`),
          )
        else if (key === 'dtype' || key === 'shape' || key === 'data_offsets') twice(key)
        else isOther()
      }, isOther)
      if (dtype === undefined || shape === undefined || offsets?.length !== 2)
        return damaged(`tensor ${shown(name)} must have dtype, shape and two data_offsets`)
      return placed(name, dtype, shape, offsets as [number, number])
    }
  }

  function placed(name: string, type: string, shape: number[], [begin, end]: [number, number]): Placed {
    const dtype =
      types.get(type) ?? damaged(`tensor ${shown(name)} has the unknown type ${JSON.stringify(type.slice(0, 40))}`)
    let elements = 1
    for (const size of shape) {
      elements *= size
      if (!Number.isSafeInteger(elements)) damaged(`tensor ${shown(name)} has more elements than can be counted`)
    }
    const bytes = elements * dtypes[dtype]
    if (!Number.isInteger(bytes))
      damaged(`tensor ${shown(name)} of shape [${shape}] and type ${dtype} does not end with a whole byte`)
    if (end < begin || end - begin !== bytes)
      damaged(`tensor ${shown(name)} of shape [${shape}] needs ${bytes} bytes, its offsets give ${end - begin}`)
    if (8 + length + end > source.size)
      damaged(`tensor ${shown(name)} ends ${8 + length + end - source.size} bytes past the end of the file`)
    return { name, dtype, shape, offset: 8 + length + begin, bytes }
  }

  function tooDeep(name: string): never {
    throw beyondLimit(
      source,
      `tensor ${shown(name)} has more than ${mostDimensions} dimensions, the most that Basil reads`,
    )
  }

  /** The tensors lie one behind the other and fill the file: no hole, no overlap, nothing behind. */
  function checkCover(): void {
    let end = 8 + length
    for (const info of [...tensors.values()].sort((a, b) => a.offset - b.offset || a.bytes - b.bytes)) {
      if (info.offset !== end)
        damaged(
          `tensor ${shown(info.name)} ${info.offset < end ? 'overlaps the one before it' : 'leaves a hole before it'}`,
        )
      end = info.offset + info.bytes
    }
    if (end !== source.size) damaged(`${source.size - end} bytes stand behind the last tensor`)
  }
}
