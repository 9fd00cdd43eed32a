// PyTorch's own file format of before 1.6, which torch.save can still write: pickles one behind the other - a magic
// number, the protocol, facts about the machine, the object, the keys of its storages - and then the storages in the
// order of the keys, each as its number of elements (int64) and the elements.
import { BasilError } from '../../../contract/errors.ts'
import type { PlainFormat } from '../format.ts'
import { type ByteSource, damaged, type Region, regionOf, shown } from '../source.ts'
import { unknownType } from '../strided.ts'
import type { TensorFile } from '../tensor-file.ts'
import { bigEndian, longestPickle, refusingPickle, stateFile } from './archive.ts'
import { PickleEnds } from './cursor.ts'
import { storageItem } from './element-types.ts'
import { type Unpickled, unpickle } from './pickle.ts'
import { stateOf } from './state.ts'
import { PickleError, PickleLimit, type Storage, type Value } from './values.ts'

const magic = 0x1950a86a20f9469cfc6cn
const firstRead = 2 ** 18

export const legacyPytorch: PlainFormat = {
  // a safetensors file may begin with a length of such bytes, but goes on with zeros, and 0 begins no step of a pickle
  matches: ([first, protocol = 0, step]) => first === 0x80 && protocol >= 2 && protocol <= 5 && step !== 0,
  open,
}

async function open(source: ByteSource): Promise<TensorFile> {
  const { object, keys, end } = await readPickles(source)
  const regions = await placeStorages(source, object.storages, keys, end)
  const state = refusingPickle(source, 'of the object', () => stateOf(object.value))
  return stateFile(source, 'pytorch-legacy', state, ({ key }) => regions.get(key) as Region)
}

interface Pickles {
  object: Unpickled
  keys: Value
  end: number
}

/** How long the pickles are is known only once they are read: more of the file is taken until their end is in it. */
async function readPickles(source: ByteSource): Promise<Pickles> {
  for (let length = firstRead; ; length *= 4) {
    const all = length >= Math.min(source.size, longestPickle)
    const bytes = await source.read(0, Math.min(length, source.size, longestPickle))
    const pickles = refusingPickle(source, 'at its beginning', () => {
      try {
        return picklesIn(source, bytes)
      } catch (error) {
        if (!(error instanceof PickleEnds)) throw error
        if (!all) return undefined
        throw source.size > longestPickle ? new PickleLimit(`it goes on for more than ${longestPickle} bytes`) : error
      }
    })
    if (pickles) return pickles
  }
}

function picklesIn(source: ByteSource, bytes: Uint8Array): Pickles {
  const first = unpickle(bytes)
  if (first.value !== magic) throw bare(source)
  const protocol = unpickle(bytes, first.end)
  if (protocol.value !== 1001) throw new PickleError('its protocol is not 1001')
  const machine = unpickle(bytes, protocol.end)
  if (!(machine.value instanceof Map) || machine.value.get('little_endian') !== true) throw bigEndian(source)
  const object = unpickle(bytes, machine.end)
  const keys = unpickle(bytes, object.end)
  return { object, keys: keys.value, end: keys.end }
}

/** Where each storage lies. Every storage named must be there, and no other. */
async function placeStorages(
  source: ByteSource,
  storages: Storage[],
  keys: Value,
  start: number,
): Promise<Map<string, Region>> {
  const named = new Map<string, Storage>()
  for (const storage of storages) {
    const before = named.get(storage.key) ?? storage
    if (before.type !== storage.type || before.elements !== storage.elements)
      throw damaged(source, 'PyTorch', `the storage ${shown(storage.key)} is described in two ways`)
    named.set(storage.key, storage)
  }
  const regions = new Map<string, Region>()
  let at = start
  for (const key of Array.isArray(keys) ? keys : [null]) {
    const storage = typeof key === 'string' ? named.get(key) : undefined
    if (!storage || regions.has(storage.key))
      throw damaged(source, 'PyTorch', 'its list of storages is not that of its tensors')
    const item = storageItem(storage)
    // where the next one begins is not known then
    if (item === undefined) throw unknownType(source, `storage ${storage.key}`, storage.type)
    const count = await source.read(at, 8)
    const elements = new DataView(count.buffer, count.byteOffset, 8).getBigInt64(0, true)
    if (elements !== BigInt(storage.elements))
      throw damaged(
        source,
        'PyTorch',
        `the storage ${shown(storage.key)} has ${elements} elements, not ${storage.elements}`,
      )
    if (at + 8 + storage.elements * item > source.size)
      throw damaged(source, 'PyTorch', `the storage ${shown(storage.key)} ends past the end of the file`)
    regions.set(storage.key, regionOf(source, at + 8, storage.elements * item))
    at += 8 + storage.elements * item
  }
  if (regions.size !== named.size) throw damaged(source, 'PyTorch', 'some of its storages are missing')
  return regions
}

function bare(source: ByteSource): BasilError {
  return new BasilError({
    code: 'format-unknown',
    what: 'This is a bare pickle, not a PyTorch checkpoint',
    where: source.name,
    why: 'it does not begin with the number PyTorch puts in front; whatever it would run is not run',
    next: 'save the model with torch.save or as safetensors',
  })
}
