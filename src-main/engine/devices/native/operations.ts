// TensorFlow's operations by name, as the addon of tfjs-node runs them.
import type { Tensor } from '../tf.ts'

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

/** What we use of NodeJSKernelBackend: any TensorFlow operation by name, on tfjs' tensors or on bare ids. */
export interface NativeBackend {
  binding: {
    TF_Version: string
    TF_FLOAT: number
    TF_ATTR_TYPE: number
    TF_ATTR_BOOL: number
    TF_ATTR_INT: number
    executeOp(name: string, attributes: Attribute[], inputs: number[], outputs: number): BareTensor[]
    deleteTensor(id: number): void
  }
  isUsingGpuDevice: boolean
  executeSingleOutput(name: string, attributes: Attribute[], inputs: Tensor[]): Tensor
  getInputTensorIds(tensors: Tensor[]): number[]
  createOutputTensor(bare: BareTensor): Tensor
}
