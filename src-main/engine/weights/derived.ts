// A checkpoint that no file holds: theta_pre + tau, of which each slice is computed when it is read. Who reads it sees
// a checkpoint like any other; who closes it closes nothing, as its sources stay the caller's.
import { product } from '../../numbers/vectors.ts'
import type { TensorFile, TensorInfo } from '../formats/tensor-file.ts'
import type { WeightSet } from './parents.ts'
import { type Checkpoint, readSlice } from './slices.ts'

/** Where a vector leads to, and what is to be called when it was copied. */
interface Led {
  theta: Float32Array
  taken(): void
}

/**
 * tau gives `count` elements of a parameter (name without prefix) from `first` on, or where they lead to, theta. Values
 * are float32.
 */
export function derivedCheckpoint(
  { base, parameters }: Pick<WeightSet, 'base' | 'parameters'>,
  name: string,
  tau: (parameter: string, first: number, count: number) => Promise<Float64Array | Led>,
): Checkpoint {
  const { file, prefix } = base
  const parameterOf = (full: string): string | undefined => {
    const short = full.startsWith(prefix) ? full.slice(prefix.length) : ''
    return parameters.has(short) ? short : undefined
  }
  const tensors = new Map(
    [...file.tensors].map(([full, info]): [string, TensorInfo] => [full, parameterOf(full) ? floating(info) : info]),
  )
  const readRange: TensorFile['readRange'] = async (full, offset, length, into) => {
    const parameter = parameterOf(full)
    if (parameter === undefined) return file.readRange(full, offset, length, into)
    const [first, count] = [offset / 4, length / 4]
    const values = into ? new Float32Array(into.buffer, into.byteOffset, count) : new Float32Array(count)
    const difference = await tau(parameter, first, count)
    if ('theta' in difference) {
      values.set(difference.theta)
      difference.taken()
    } else added(await readSlice(base, parameter, first, count, values), difference)
    return new Uint8Array(values.buffer, values.byteOffset, length)
  }
  const read: TensorFile['read'] = (full, into) => readRange(full, 0, (tensors.get(full) as TensorInfo).bytes, into)
  const source = { ...file.source, name, close: async () => undefined }
  return { ...base, file: { ...file, source, format: 'derived', tensors, metadata: {}, readRange, read } }
}

/** values += difference */
function added(values: Float32Array, difference: Float64Array): void {
  for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) + (difference[i] as number)
}

/**
 * Elements of tau = theta - theta_pre from `first` on, exact in float64; `still`: those of theta_pre, read once for all
 * vectors.
 */
export async function tauSlice(
  vector: Checkpoint,
  still: Float32Array,
  name: string,
  first: number,
): Promise<Float64Array> {
  const theirs = await readSlice(vector, name, first, still.length, new Float32Array(still.length))
  return Float64Array.from(theirs, (v, i) => v - (still[i] as number))
}

function floating(info: TensorInfo): TensorInfo {
  return { ...info, dtype: 'F32', bytes: 4 * product(info.shape) }
}
