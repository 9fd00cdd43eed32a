// TensorFlow's operations by name, as the addon of tfjs-node runs them.
import type { Products } from '../../../contract/run/products.ts'
import type { Tensor, Tensor1D, Tensor2D } from '../tf.ts'

export interface Attribute {
  name: string
  type: number
  value: unknown
}

/** A tensor of TensorFlow's that tfjs need not know, deleted by its id. */
export interface BareTensor {
  id: number
  shape: number[]
  dtype: number
}

/** One that is told apart from what has the same fields. */
export class Bare implements BareTensor {
  readonly id: number
  readonly shape: number[]
  readonly dtype: number
  constructor({ id, shape, dtype }: BareTensor) {
    this.id = id
    this.shape = shape
    this.dtype = dtype
  }
}

/** What our own addon (resources/engine/addon) offers beyond that of tfjs-node, which an older installation has. */
export interface Own {
  version: string
  /** The values, once another thread has waited for them. */
  tensorData(id: number): Promise<Float32Array | Int32Array | Uint8Array>
  /** Gives the kernels their threads; the vectors they use, as in "AVX2". */
  openKernels(threads: number): string
  /** Whether the addon has that kernel; one that does not say is of version 1.0.0, from before combine, dot and adamw. */
  hasKernel?(name: string): boolean
  /** A kernel of the addon (host.cc) on tensors in the host's memory. */
  kernel(name: string, inputs: number[], numbers: readonly number[]): BareTensor[]
  /** From here to `recordEnd`, operations are written down as a function's instead of being run. */
  record(): void
  recordInput(dtype: number, shape: readonly number[]): BareTensor
  recordEnd(name: string, inputs: number[], outputs: number[]): void
  recordDrop(): void
  forget(name: string): void
  /** Operations, functions and kernels called since the start. */
  countCalls(): number
  /** Whether float32 products may be computed in TF32; false if the library cannot be told. Off from the start. */
  allowTf32(on: boolean): boolean
  /** Whether the processor multiplies bfloat16 by instructions of its own. */
  hasBf16(): boolean
}

/** What we use of NodeJSKernelBackend: any TensorFlow operation by name, on tfjs' tensors or on bare ids. */
export interface NativeBackend {
  binding: {
    TF_Version: string
    TF_FLOAT: number
    TF_INT32: number
    TF_ATTR_TYPE: number
    TF_ATTR_BOOL: number
    executeOp(name: string, attributes: Attribute[], inputs: number[], outputs: number): BareTensor[]
    createTensor(shape: number[], dtype: number, values: Uint8Array): number
    deleteTensor(id: number): void
  } & Partial<Own>
  isUsingGpuDevice: boolean
  executeSingleOutput(name: string, attributes: Attribute[], inputs: Tensor[]): Tensor
  getInputTensorIds(tensors: Tensor[]): number[]
  createOutputTensor(bare: BareTensor): Tensor
  /** How many of tfjs' tensors share those numbers. */
  refCount(dataId: object): number
  /** What is on the device, or waits to be put there. */
  tensorMap: { get(dataId: object): { id: number; values: Float32Array | null } }
  read(dataId: object): Promise<Float32Array | Int32Array | Uint8Array>
}

/** The addon, if it is ours. */
export function ownAddon({ binding }: NativeBackend): Own | undefined {
  return hasOwn(binding) ? binding : undefined
}

function hasOwn(binding: NativeBackend['binding']): binding is NativeBackend['binding'] & Own {
  return binding.version !== undefined
}

// Its types that tfjs has no names for.
export const TF_DOUBLE = 2
export const TF_UINT8 = 4
const TF_BFLOAT16 = 14
export const TF_HALF = 19

/** What `bare` gives its work: tensors by number alone. */
interface BareWork {
  bytes(values: Uint8Array, shape: number[]): number
  run(name: string, attributes: Attribute[], inputs: number[]): number
}

/** The operations that tfjs-core maps badly, or does not have. */
export type TensorFlow = ReturnType<typeof tensorFlow>

/**
 * multiplied: what `matmul` multiplies in. In bf16 both factors and the product are rounded to bfloat16, the sums are
 * float32; `exact` is float32 whatever the layers have.
 */
export function tensorFlow(backend: NativeBackend, multiplied: Products = 'float32') {
  const { binding } = backend
  const { TF_FLOAT, TF_ATTR_TYPE, TF_ATTR_BOOL } = binding
  const type = (name: string, value: number): Attribute => ({ name, type: TF_ATTR_TYPE, value })
  const bool = (name: string, value: boolean): Attribute => ({ name, type: TF_ATTR_BOOL, value })
  const op = (name: string, inputs: Tensor[], attributes: Attribute[] = []): Tensor =>
    backend.executeSingleOutput(name, [type('T', TF_FLOAT), ...attributes], inputs)
  const turning = (a: boolean, b: boolean): Attribute[] => [bool('transpose_a', a), bool('transpose_b', b)]
  const exact = (a: Tensor2D, b: Tensor2D, transposeA = false, transposeB = false): Tensor2D =>
    op('MatMul', [a, b], turning(transposeA, transposeB)) as Tensor2D
  const run = (name: string, attributes: Attribute[], inputs: number[]): BareTensor =>
    binding.executeOp(name, attributes, inputs, 1)[0] as BareTensor
  const idOf = (x: Tensor): number => backend.getInputTensorIds([x])[0] as number
  const cast = (id: number, from: number, to: number): BareTensor =>
    run('Cast', [type('SrcT', from), type('DstT', to), bool('Truncate', false)], [id])

  function inBfloat16(a: Tensor2D, b: Tensor2D, transposeA = false, transposeB = false): Tensor2D {
    const made: number[] = []
    const short = ({ id }: BareTensor): number => {
      made.push(id)
      return id
    }
    try {
      const factors = [a, b].map((x) => short(cast(idOf(x), TF_FLOAT, TF_BFLOAT16)))
      const product = short(run('MatMul', [type('T', TF_BFLOAT16), ...turning(transposeA, transposeB)], factors))
      return backend.createOutputTensor(cast(product, TF_BFLOAT16, TF_FLOAT)) as Tensor2D
    } finally {
      for (const id of made) binding.deleteTensor(id)
    }
  }

  return {
    op,
    type,
    exact,
    matmul: multiplied === 'bf16' ? inBfloat16 : exact,
    sumRows: (x: Tensor2D): Tensor1D => op('BiasAddGrad', [x]) as Tensor1D,
    addBias: (x: Tensor2D, bias: Tensor1D): Tensor2D => op('BiasAdd', [x, bias]) as Tensor2D,
    casting: (from: number, to: number): Attribute[] => [type('SrcT', from), type('DstT', to), bool('Truncate', false)],
    idOf,
    known: (bare: BareTensor): Tensor => backend.createOutputTensor(bare),

    /** float16 as float32. */
    widened: ({ id, dtype }: BareTensor): Tensor2D => backend.createOutputTensor(cast(id, dtype, TF_FLOAT)) as Tensor2D,

    /** The last tensor that the work makes, of a type tfjs may not know; those on the way to it are gone. */
    bare(work: (how: BareWork) => void): BareTensor {
      const made: BareTensor[] = []
      const keep = (tensor: BareTensor): number => {
        made.push(tensor)
        return tensor.id
      }
      try {
        work({
          bytes: (values, shape) => keep({ id: binding.createTensor(shape, TF_UINT8, values), shape, dtype: TF_UINT8 }),
          run: (name, attributes, inputs) => keep(binding.executeOp(name, attributes, inputs, 1)[0] as BareTensor),
        })
      } catch (error) {
        for (const { id } of made) binding.deleteTensor(id)
        throw error
      }
      const result = made.pop() as BareTensor
      for (const { id } of made) binding.deleteTensor(id)
      return result
    },
  }
}
