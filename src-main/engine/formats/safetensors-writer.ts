// Writes safetensors as a stream: the header first, then one tensor at a time, whole or in pieces, so that no more is
// held.
import { product } from '../../numbers/vectors.ts'
import { type Dtype, dtypes } from './dtype.ts'

export interface TensorToWrite {
  name: string
  dtype: Dtype
  shape: readonly number[]
}

/**
 * bytes(name) gives each tensor's little-endian bytes, or pieces of them in their order, when its turn comes. Tensors
 * are laid out in the order given.
 */
export async function* writeSafetensors(
  tensors: readonly TensorToWrite[],
  metadata: Record<string, string>,
  bytes: (name: string) => Promise<Uint8Array> | Uint8Array | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield safetensorsHead(tensors, metadata)
  for (const { name, dtype, shape } of tensors) {
    const given = await bytes(name)
    let length = 0
    for await (const data of given instanceof Uint8Array ? [given] : given) {
      length += data.length
      yield data
    }
    const expected = product(shape) * dtypes[dtype]
    if (length !== expected) throw new Error(`${name} has ${length} bytes instead of ${expected}`)
  }
}

/** The header, and the eight bytes with its length before it. */
export function safetensorsHead(tensors: readonly TensorToWrite[], metadata: Record<string, string>): Uint8Array {
  // so that a tensor named __proto__ is a name like any other
  const header: Record<string, unknown> = Object.create(null)
  header.__metadata__ = metadata
  let offset = 0
  for (const { name, dtype, shape } of tensors) {
    const size = product(shape) * dtypes[dtype]
    header[name] = { dtype, shape, data_offsets: [offset, offset + size] }
    offset += size
  }
  const text = new TextEncoder().encode(JSON.stringify(header))
  const padded = Math.ceil(text.length / 8) * 8 // tensors begin at a multiple of 8; spaces may stand behind the header
  const head = new Uint8Array(8 + padded).fill(0x20)
  new DataView(head.buffer).setBigUint64(0, BigInt(padded), true)
  head.set(text, 8)
  return head
}
