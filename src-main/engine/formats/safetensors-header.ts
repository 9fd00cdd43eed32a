// The header of safetensors: {name: {dtype, shape, data_offsets}, "__metadata__": {key: text}}, each key once and no
// other. It is read once and forward, and every tensor is handed on as it is read, so that a header of a stranger costs
// no more than what is kept of it.
import { type ByteSource, beyondLimit, damaged, shown } from './source.ts'
import { type StrictJson, strictJson } from './strict-json.ts'
import { mostDimensions } from './tensor-file.ts'

const mostTold = 100_000 // entries of its metadata

/** Of a tensor, as it stands there. */
export interface Entry {
  type: string
  shape: number[]
  offsets: readonly [begin: number, end: number]
}

export interface Header<T> {
  tensors: Map<string, T>
  metadata: Record<string, string>
}

/** `place` makes of an entry what is kept of it. Throws an Error with the place where it is no such JSON. */
export function readHeader<T>(
  source: ByteSource,
  bytes: Uint8Array,
  place: (name: string, entry: Entry) => T,
): Header<T> {
  const json = strictJson(bytes)
  const tensors = new Map<string, T>()
  const metadata: Record<string, string> = Object.create(null)
  const isNone = (): never => json.fail('"{" was expected')
  let isTold = false
  json.object((name) => {
    if (name === '__metadata__' ? isTold : tensors.has(name)) twice(json, name)
    if (name === '__metadata__') {
      isTold = true
      json.object(metadataReader(source, json, metadata), isNone)
    } else tensors.set(name, place(name, readEntry(source, json, name)))
  }, isNone)
  json.end()
  return { tensors, metadata }
}

function metadataReader(source: ByteSource, json: StrictJson, into: Record<string, string>): (key: string) => void {
  let told = 0
  return (key) => {
    if (key in into) twice(json, key)
    if (told++ === mostTold)
      throw beyondLimit(source, `its metadata has more than ${mostTold} entries, the most that Basil reads`)
    into[key] = json.text('what it says of itself')
  }
}

function readEntry(source: ByteSource, json: StrictJson, name: string): Entry {
  let type: string | undefined
  let shape: number[] | undefined
  let offsets: number[] | undefined
  const isOther = (): never => json.fail(`tensor ${shown(name)} must have dtype, shape and data_offsets alone`)
  const tooMany = (): never => json.fail(`tensor ${shown(name)} has more than two data offsets`)
  json.object((key) => {
    if (key === 'dtype' && type === undefined) type = json.text('its dtype')
    else if (key === 'shape' && shape === undefined)
      shape = json.wholeNumbers('its shape', mostDimensions, () => tooDeep(source, name))
    else if (key === 'data_offsets' && offsets === undefined)
      offsets = json.wholeNumbers('its data_offsets', 2, tooMany)
    else if (key === 'dtype' || key === 'shape' || key === 'data_offsets') twice(json, key)
    else isOther()
  }, isOther)
  const [begin, end] = offsets ?? []
  if (type === undefined || shape === undefined || begin === undefined || end === undefined)
    throw damaged(source, 'safetensors', `tensor ${shown(name)} must have dtype, shape and two data_offsets`)
  return { type, shape, offsets: [begin, end] }
}

function twice(json: StrictJson, key: string): never {
  return json.fail(`the key ${shown(key)} stands twice`)
}

function tooDeep(source: ByteSource, name: string): never {
  throw beyondLimit(
    source,
    `tensor ${shown(name)} has more than ${mostDimensions} dimensions, the most that Basil reads`,
  )
}
