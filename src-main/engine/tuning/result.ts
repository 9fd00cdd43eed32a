// The fine-tuned model as a file of canonical tensors: what was learned in float32, everything else as the pre-trained
// model has it, byte for byte.
import { product } from '../../numbers/vectors.ts'
import type { TensorFile, TensorInfo } from '../formats/tensor-file.ts'
import type { TowerCheckpoint } from '../weights/checkpoint.ts'
import { toFile } from '../weights/held.ts'
import type { Learner } from './kind.ts'

/** What `read` gives is good until the next read of another tensor. */
export function tunedFile(
  { file, prefix }: TowerCheckpoint,
  parameters: ReadonlyMap<string, number[]>,
  moved: ReadonlySet<string>,
  learner: Pick<Learner, 'theta'>,
): TensorFile {
  const full = new Map([...moved].map((name) => [prefix + name, name]))
  const tensors = new Map<string, TensorInfo>(
    [...file.tensors].map(([name, info]) => {
      const own = full.has(name)
      return [name, own ? { ...info, dtype: 'F32', bytes: 4 * product(info.shape) } : info]
    }),
  )
  let present: { name: string; bytes: Uint8Array } | undefined
  const whole = async (name: string): Promise<Uint8Array> => {
    if (present?.name === name) return present.bytes
    const short = full.get(name) ?? ''
    const values = await learner.theta(short)
    toFile(short, parameters.get(short) ?? [], values)
    present = { name, bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) }
    return present.bytes
  }
  const into = (bytes: Uint8Array, place?: Uint8Array): Uint8Array => {
    if (!place) return bytes
    const own = place.subarray(0, bytes.length)
    own.set(bytes)
    return own
  }
  return {
    source: file.source,
    format: file.format,
    metadata: {},
    tensors,
    read: async (name, place) => (full.has(name) ? into(await whole(name), place) : file.read(name, place)),
    readRange: async (name, offset, length, place) =>
      full.has(name)
        ? into((await whole(name)).subarray(offset, offset + length), place)
        : file.readRange(name, offset, length, place),
  }
}
