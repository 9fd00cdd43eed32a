// Base weights and vectors, ready to be composed and to be dotted with gradients, one parameter at a time. Vectors live
// on the device while they fit, else in the host's memory, else in their files.
// From the host they visit the device parameter by parameter. From files they are read twice a step, to compose and,
// once all micro-batches have passed, for the inner products: one sum of gradients is held instead of many models.
// Inner products stay on the device until the step is over, and are read there at once.
import type { Dots, Ops, Precision, Vectors } from '../devices/ops.ts'
import { disposeAll, type Tensor } from '../devices/tensor.ts'

export type Place = 'device' | 'host' | 'files'

export interface VectorStore {
  names: readonly string[]
  vectors: readonly string[]
  /** The base of one parameter; the store keeps it. */
  base(name: string): Tensor
  /** base + sum_k coefficients[k] * vector_k of one parameter; the caller disposes it. */
  compose(name: string, coefficients: readonly number[]): Promise<Tensor>
  /** sum_k coefficients[k] * vector_k; the caller disposes it. */
  combine(name: string, coefficients: readonly number[]): Promise<Tensor>
  innerProducts(): InnerProducts
  dispose(): void
}

/** < vector_k, sum of the gradients added >, over any number of reverse passes. */
export interface InnerProducts {
  add(name: string, gradient: Tensor): void
  /** By parameter, for every k; only once. beside: what else is read with them. */
  finish(beside?: readonly Dots[]): Promise<{ products: Map<string, number[]>; beside: number[][] }>
  dispose(): void
}

export interface Parameter {
  name: string
  shape: number[] // as the model wants it: 1-D or 2-D
  base: Float32Array // (n), written over when the next parameter comes
  vectors: Float32Array // (vectors, n), likewise
}

export interface StoreOptions {
  precision: Precision
  place: Place
  /** The vectors of one parameter again, (vectors, n); asked for only where they stay in files. */
  read?: (name: string) => Promise<Float32Array>
}

interface Held {
  base: Tensor
  vectors: Vectors | Float32Array | null // on the device, with the host, in files
}

export async function vectorStore(
  ops: Ops,
  vectors: readonly string[],
  parameters: AsyncIterable<Parameter>,
  { precision, place, read }: StoreOptions,
): Promise<VectorStore> {
  const held = new Map<string, Held>()
  const count = vectors.length
  const dispose = (): void => {
    for (const { base, vectors } of held.values()) {
      base.dispose()
      if (vectors && !(vectors instanceof Float32Array)) vectors.dispose()
    }
    held.clear()
  }
  const keep = (values: Float32Array): Held['vectors'] => {
    if (place === 'files') return null
    return place === 'host' ? values.slice() : ops.vectors(values, count, precision)
  }
  try {
    for await (const { name, shape, base, vectors: values } of parameters) {
      const tensor = ops.upload(base, shape)
      held.set(name, { base: tensor, vectors: null })
      held.set(name, { base: tensor, vectors: keep(values) })
    }
  } catch (error) {
    dispose() // a file refused half-way leaves nothing on the device
    throw error
  }

  /** With the vectors on the device, for as long as work goes on. */
  const visit = <T>(values: Vectors | Float32Array, work: (vectors: Vectors) => T): T => {
    if (!(values instanceof Float32Array)) return work(values)
    const visiting = ops.vectors(values, count, precision)
    try {
      return work(visiting)
    } finally {
      visiting.dispose()
    }
  }
  const at = (name: string): Held => held.get(name) as Held
  const found = async (name: string): Promise<Vectors | Float32Array> =>
    at(name).vectors ?? (await (read as NonNullable<StoreOptions['read']>)(name))

  return {
    names: [...held.keys()],
    vectors,
    base: (name) => at(name).base,
    compose: async (name, coefficients) => {
      const values = await found(name)
      return visit(values, (v) => v.compose(at(name).base, coefficients))
    },
    combine: async (name, coefficients) => {
      const values = await found(name)
      const still = ops.zeros(at(name).base.shape)
      try {
        return visit(values, (v) => v.compose(still, coefficients))
      } finally {
        still.dispose()
      }
    },
    innerProducts: () =>
      place === 'files'
        ? summedFirst(ops, async (name, gradient) => visit(await found(name), (v) => v.dots(gradient)))
        : asTheyCome(ops, (name, gradient) =>
            visit(at(name).vectors as Vectors | Float32Array, (v) => v.dots(gradient)),
          ),
    dispose,
  }
}

/** One parameter's of every reverse pass, in their order; added up on the host, in float64. */
function asTheyCome(ops: Ops, dots: (name: string, gradient: Tensor) => Dots): InnerProducts {
  const coming: { name: string; dots: Dots }[] = []
  return {
    add(name, gradient) {
      coming.push({ name, dots: dots(name, gradient) })
    },
    async finish(beside = []) {
      const sums = new Map<string, number[]>()
      const read = await ops.readDots([...coming.map((one) => one.dots), ...beside])
      for (const [i, { name }] of coming.entries()) {
        const [before, now] = [sums.get(name), read[i] as number[]]
        sums.set(name, before ? before.map((d, k) => d + (now[k] as number)) : now)
      }
      return { products: sums, beside: read.slice(coming.length) }
    },
    dispose: () => disposeAll(coming.map((one) => one.dots)),
  }
}

function summedFirst(ops: Ops, dots: (name: string, gradient: Tensor) => Promise<Dots>): InnerProducts {
  const sums = new Map<string, Tensor>()
  const made: Dots[] = []
  return {
    add(name, gradient) {
      const before = sums.get(name)
      sums.set(name, ops.keep(before ? ops.add(before, gradient) : ops.clone(gradient)))
      before?.dispose()
    },
    async finish(beside = []) {
      for (const [name, gradient] of sums) made.push(await dots(name, gradient))
      const read = await ops.readDots([...made, ...beside])
      const products = new Map([...sums.keys()].map((name, i) => [name, read[i] as number[]]))
      return { products, beside: read.slice(made.length) }
    },
    dispose: () => disposeAll([...sums.values(), ...made]),
  }
}
