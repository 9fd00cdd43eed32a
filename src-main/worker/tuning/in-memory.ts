// Numbers in memory as a file of float32 tensors, for whoever writes files.
import { BasilError, reported } from '../../contract/errors.ts'
import type { TensorFile, TensorInfo } from '../../engine/formats/tensor-file.ts'

export interface Numbers {
  name: string
  shape: number[]
  values: Float32Array
}

/** what: it is, for messages. */
export function inMemory(what: string, given: readonly Numbers[]): TensorFile {
  const values = new Map(given.map((one) => [one.name, one.values]))
  const tensors = new Map(
    given.map(({ name, shape, values: { byteLength } }): [string, TensorInfo] => {
      return [name, { name, dtype: 'F32', shape, bytes: byteLength }]
    }),
  )
  const readRange: TensorFile['readRange'] = async (name, offset, length, into) => {
    const { buffer, byteOffset } = values.get(name) ?? new Float32Array()
    const bytes = new Uint8Array(buffer, byteOffset + offset, length)
    if (!into) return bytes
    into.set(bytes)
    return into.subarray(0, length)
  }
  const refuse = (): Promise<never> => Promise.reject(inNoFile(what))
  return {
    source: { path: what, name: what, size: 0, read: refuse, beside: refuse, close: async () => undefined },
    format: 'memory',
    tensors,
    metadata: {},
    read: (name, into) => readRange(name, 0, tensors.get(name)?.bytes ?? 0, into),
    readRange,
  }
}

function inNoFile(where: string): BasilError {
  return new BasilError({
    code: 'internal',
    what: 'Tensors in memory were read as a file',
    where,
    why: 'they stand in none',
    ...reported(''),
  })
}
