// Base weights and vectors, ready to be composed and to be dotted with gradients, one parameter at a time.
// Vectors live on the device while they fit; else they stay in the host's memory and visit the device one tensor at a
// time, so that eight ViT-B/32 task vectors do not meet wasm's 4 GiB ceiling.
import type { Ops } from '../ops.ts'
import { type Tensor, tf } from '../tf.ts'

export interface VectorStore {
  names: readonly string[]
  vectors: readonly string[]
  /** base + sum_k coefficients[k] * vector_k of one parameter; the caller disposes it. */
  compose(name: string, coefficients: readonly number[]): Tensor
  /** < vector_k, gradient > for every k. */
  dots(name: string, gradient: Tensor): number[]
  dispose(): void
}

export interface Parameter {
  name: string
  shape: number[] // as the model wants it: 1-D or 2-D
  base: Float32Array
  vectors: Float32Array[]
}

/** deviceBytes: how much of the device the base and the vectors may take together. */
export async function vectorStore(
  ops: Ops,
  vectors: readonly string[],
  parameters: AsyncIterable<Parameter>,
  totalBytes: number,
  deviceBytes: number,
): Promise<VectorStore> {
  const onDevice = totalBytes <= deviceBytes
  const bases = new Map<string, Tensor>()
  const held = new Map<string, { shape: number[]; values: (Tensor | Float32Array)[] }>()
  const dispose = (): void => {
    const onTheDevice = [...held.values()].flatMap((h) => h.values.filter((v) => !(v instanceof Float32Array)) as Tensor[])
    tf.dispose([...bases.values(), ...onTheDevice])
  }
  try {
    for await (const { name, shape, base, vectors: values } of parameters) {
      bases.set(name, tf.tensor(base, shape))
      held.set(name, { shape, values: onDevice ? values.map((v) => tf.tensor(v, shape)) : values })
    }
  } catch (error) {
    dispose() // a file refused half-way leaves nothing on the device
    throw error
  }
  const withVectors = <T>(name: string, use: (tensors: Tensor[]) => T): T => {
    const { shape, values } = held.get(name) as { shape: number[]; values: (Tensor | Float32Array)[] }
    const visiting: Tensor[] = []
    const tensors = values.map((v) => {
      if (!(v instanceof Float32Array)) return v
      const tensor = tf.tensor(v, shape)
      visiting.push(tensor)
      return tensor
    })
    const result = use(tensors)
    tf.dispose(visiting)
    return result
  }
  return {
    names: [...bases.keys()],
    vectors,
    compose: (name, coefficients) => withVectors(name, (tensors) => ops.compose(bases.get(name) as Tensor, tensors, coefficients)),
    dots: (name, gradient) => withVectors(name, (tensors) => tensors.map((v) => ops.dot(v, gradient))),
    dispose,
  }
}
