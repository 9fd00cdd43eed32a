// NumPy arrays and dictionaries as a pickle describes them, read off its inert stubs: an array is a call of
// _reconstruct whose state is (version, shape, dtype, Fortran order, bytes), or of _frombuffer (bytes, dtype, shape,
// order); a dtype is a call with its code ('u1'). Python 2 wrote its strings and the bytes of arrays alike, so strings
// are taken as bytes here.

import { unpickle } from '../../formats/pytorch/pickle.ts'
import { Global, PickleError, Stub, Tuple, type Value } from '../../formats/pytorch/values.ts'
import { type ByteSource, damaged } from '../../formats/source.ts'

const longestPickle = 2 ** 29 // CIFAR-100's has 155 MB

/** A pickled dictionary, its keys as text. Throws file-damaged where it is none; nothing in it is run. */
export async function readDictionary(source: ByteSource): Promise<Map<string, Value>> {
  if (source.size > longestPickle) throw damaged(source, 'pickle', `it has ${source.size} bytes`)
  const bytes = await source.read(0, source.size)
  try {
    const { value } = unpickle(bytes, 0, 'bytes')
    if (!(value instanceof Map)) throw new PickleError('it holds no dictionary')
    return new Map([...value].map(([key, entry]) => [textIn(key) ?? '', entry]))
  } catch (error) {
    throw error instanceof PickleError ? damaged(source, 'pickle', error.message) : error
  }
}

/** Texts and bytes as text; undefined for anything else. */
export function textIn(value: Value | undefined): string | undefined {
  return typeof value === 'string' ? value : value instanceof Uint8Array ? new TextDecoder().decode(value) : undefined
}

/** Rows of bytes, (n, width) uint8. Throws file-damaged for anything else. */
export function byteRows(source: ByteSource, name: string, value: Value | undefined, width: number): Uint8Array {
  const found = value instanceof Stub ? arrayOf(value) : undefined
  const shape = found?.shape
  if (
    !found ||
    !/^[|<=]?u1$/.test(found.dtype) ||
    found.fortran ||
    shape?.length !== 2 ||
    shape[1] !== width ||
    found.data.length !== (shape[0] ?? Number.NaN) * width
  )
    throw damaged(
      source,
      'pickle',
      `${name} is ${found ? `[${shape}] of ${found.dtype.slice(0, 8)}, ${found.data.length} bytes` : 'no array'}; (n, ${width}) uint8 is needed`,
    )
  return found.data
}

interface NumpyArray {
  shape: (number | undefined)[]
  dtype: string
  fortran: boolean
  data: Uint8Array
}

function arrayOf(stub: Stub): NumpyArray | undefined {
  const name = stub.of instanceof Global ? stub.of.name : ''
  const [state, args] = [itemsOf(stub.state), itemsOf(stub.args)]
  if (/^numpy\._?core\.multiarray _reconstruct$/.test(name)) return made(state[1], state[2], state[3], state[4])
  if (/^numpy\._?core\.numeric _frombuffer$/.test(name)) return made(args[2], args[1], textIn(args[3]) === 'F', args[0])
  return undefined
}

function made(
  shape: Value | undefined,
  dtype: Value | undefined,
  fortran: Value | undefined,
  data: Value | undefined,
): NumpyArray | undefined {
  const bytes = bytesIn(data)
  const code = dtype instanceof Stub ? textIn(itemsOf(dtype.args)[0]) : undefined
  if (!bytes || code === undefined) return undefined
  return {
    shape: itemsOf(shape).map((n) => (typeof n === 'number' ? n : undefined)),
    dtype: code,
    fortran: fortran === true,
    data: bytes,
  }
}

/** Python 3 writes bytes for old readers as _codecs.encode(text, 'latin1'). */
function bytesIn(value: Value | undefined): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value
  if (!(value instanceof Stub && value.of instanceof Global && value.of.name === '_codecs encode')) return undefined
  const [text, encoding] = itemsOf(value.args)
  return typeof text === 'string' && textIn(encoding) === 'latin1' ? Buffer.from(text, 'latin1') : undefined
}

function itemsOf(value: Value | undefined): readonly Value[] {
  return value instanceof Tuple ? value.items : Array.isArray(value) ? value : []
}
